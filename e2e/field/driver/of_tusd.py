import base64
import re
import time
import urllib.parse

from ask import Http, blob, check, times, word

OCTETS = "application/offset+octet-stream"


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    def ask(self, status, method, path, body=None, headers=None):
        """Headers and content of an answer with this status; headers of answers matter in this protocol."""
        return self.http.answer(status, method, path, body, {"Tus-Resumable": "1.0.0"} | (headers or {}))

    def create(self, size, kind="plain", end=".bin", body=None, headers=None, status=201):
        """Where an upload of this size is, which has this content already."""
        pairs = {"filename": word(self.rng) + end, "kind": kind}
        meta = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        sent = {"Upload-Metadata": meta} | ({} if size is None else {"Upload-Length": str(size)}) | (headers or {})
        if body is not None:
            sent["Content-Type"] = OCTETS
        got, _ = self.ask(status, "POST", "/files/", body, sent)
        return urllib.parse.urlsplit(got.get("Location", "")).path

    def append(self, path, offset, body, status=204):
        headers = {"Upload-Offset": str(offset), "Content-Type": OCTETS}
        return self.ask(status, "PATCH", path, body, headers)[0]

    @times(1)
    def probe_upload(self):
        content = blob(self.rng, 4_000)
        path = self.create(len(content))
        self.append(path, 0, content)
        check(self.ask(200, "GET", path)[1] == content, "another content")

    @times(1)
    def probe_large_upload(self):
        content = blob(self.rng, 700_000)
        path = self.create(len(content))
        check(self.append(path, 0, content)["Upload-Offset"] == str(len(content)), "another size")

    @times(1)
    def probe_resumed_upload(self):
        content = blob(self.rng, 6_000)
        path = self.create(len(content))
        self.append(path, 0, content[:2_000])
        offset = int(self.ask(200, "HEAD", path)[0]["Upload-Offset"])
        check(offset == 2_000, "another offset")
        check(self.append(path, offset, content[offset:])["Upload-Offset"] == "6000", "another size")

    @times(1)
    def probe_joined_uploads(self):
        content = blob(self.rng, 4_000)
        partial = {"Upload-Concat": "partial"}
        parts = [self.create(len(half), body=half, headers=partial) for half in (content[:1_000], content[1_000:])]
        path = self.create(None, headers={"Upload-Concat": "final;" + " ".join(parts)})
        check(self.ask(200, "GET", path)[1] == content, "another content")

    @times(1)
    def probe_deletion(self):
        path = self.create(500, body=blob(self.rng, 500))
        self.ask(204, "DELETE", path)
        self.ask(404, "HEAD", path)

    @times(1)
    def probe_publish(self):
        content = blob(self.rng, 3_000)
        path = self.create(len(content), "publish")
        check(len(self.append(path, 0, content)["X-Digest"] or "") == 64, "no digest")

    @times(1)
    def probe_archive(self):
        content = blob(self.rng, 5_000)
        path = self.create(len(content), "archive", body=content)
        check(self.ask(200, "GET", path)[1] == content, "another content")

    @times(1)
    def probe_peer(self):
        self.create(100, "ask")

    def hooks(self):
        """How many hooks of a finished upload were started, and how many failed."""
        text = self.ask(200, "GET", "/metrics")[1].decode()
        found = [
            re.search(rf'^tusd_hook_{what}_total{{hooktype="post-finish"}} (\S+)$', text, re.M)
            for what in ("invocations", "errors")
        ]
        check(all(found), "not counted")
        return [float(one[1]) for one in found]

    @times(1)
    def probe_list(self):
        # Hooks of uploads before this one may still be running.
        time.sleep(0.1)
        _, failed = self.hooks()
        self.create(200, body=blob(self.rng, 200))
        time.sleep(0.2)
        check(self.hooks()[1] == failed, "the hook failed")

    @times(1)
    def wrong_name(self):
        self.create(100, end=".exe", status=403)

    @times(1)
    def wrong_offset(self):
        path = self.create(100)
        self.append(path, 50, blob(self.rng, 50), status=409)

    @times(2)
    def wrong_upload(self):
        self.ask(404, "HEAD", f"/files/{word(self.rng, 32)}")
