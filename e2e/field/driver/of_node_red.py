import base64
import gzip
import hashlib
import json
import time
import urllib.parse

from ask import Http, Lines, blob, check, times, word

METERS = 1881


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng
        self.http = Http(host, port)
        self.token, self.sum, self.dropped = "", 40, ("", b"")

    def api(self, status, method, path, body=None, password="field", kind="text/plain"):
        basic = base64.b64encode(f"app:{password}".encode()).decode()
        return self.http.must(
            status, method, f"/api{path}", body, {"Authorization": f"Basic {basic}", "Content-Type": kind}
        )

    def admin(self, status, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.http.must(status, method, f"/admin{path}", None if body is None else json.dumps(body), headers)

    def log_in(self, password, name="admin"):
        form = {"client_id": "node-red-admin", "grant_type": "password", "scope": "*"}
        form |= {"username": name, "password": password}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.http.ask("POST", "/admin/auth/token", urllib.parse.urlencode(form), headers)

    @times(1)
    def probe_drop(self):
        """What is dropped here should have been seen at the end of the round."""
        self.dropped = word(self.rng), blob(self.rng, 200)
        self.api(201, "POST", f"/inbox/{self.dropped[0]}", self.dropped[1])

    @times(1)
    def probe_login(self):
        self.token = ""
        status, content = self.log_in("admin-of-field")
        check(status == 200, f"{status}")
        self.token = json.loads(content)["access_token"]
        check(json.loads(self.admin(200, "GET", "/settings"))["user"]["username"] == "admin", "another user")

    @times(1)
    def probe_note(self):
        name, content = word(self.rng), blob(self.rng, 2_000)
        self.api(201, "POST", f"/notes/{name}", content)
        check(self.api(200, "GET", f"/notes/{name}") == content, "another content")
        self.api(204, "DELETE", f"/notes/{name}")
        self.api(404, "GET", f"/notes/{name}")
        check(self.api(200, "GET", "/notes/before") == b"kept from before\n", "another note of before")

    @times(1)
    def probe_large_note(self):
        name, content = word(self.rng), blob(self.rng, 150_000)
        self.api(201, "POST", f"/notes/{name}", content)
        check(self.api(200, "GET", f"/notes/{name}") == content, "another content")

    @times(1)
    def probe_event(self):
        what = word(self.rng)
        self.api(201, "POST", "/events", json.dumps({"what": what}), kind="application/json")
        check(json.loads(self.api(200, "GET", "/events"))[-1]["what"] == what, "another event")

    @times(1)
    def probe_sum(self):
        """The sum goes on from that of before, and what the last round made of it is on the disk."""
        by = self.rng.randrange(1, 1000)
        stored = json.loads(self.api(200, "GET", "/sum"))["sum"]
        before, self.sum = self.sum, json.loads(self.api(200, "POST", f"/sum/{by}"))["sum"]
        check(self.sum == before + by, "another sum")
        check(stored == before, "another sum on the disk")

    @times(1)
    def probe_pack(self):
        name, content = word(self.rng), blob(self.rng, 3_000)
        self.api(201, "POST", f"/notes/{name}", content)
        digest = json.loads(self.api(201, "POST", f"/packs/{name}"))["digest"]
        packed = self.http.must(200, "GET", f"/static/packs/{name}.gz")
        check(gzip.decompress(packed) == content, "another content")
        check(hashlib.sha256(packed).hexdigest() == digest, "another digest")

    @times(1)
    def probe_page(self):
        check(self.http.must(200, "GET", "/static/") == b"<h1>North</h1>\n", "another page")
        content = b"name,size\n" + b"".join(f"{word(self.rng)},{size}\n".encode() for size in range(3))
        rows = json.loads(self.api(200, "POST", "/table", content, kind="text/csv"))
        check([row["size"] for row in rows] == [0, 1, 2], "another table")

    @times(1)
    def probe_beat(self):
        check(json.loads(self.api(200, "GET", "/beat"))["age"] < 4_000, "no beat")

    @times(1)
    def probe_streams(self):
        """Lines over TCP, and words over a WebSocket."""
        name, value = word(self.rng), self.rng.randrange(1000)
        with Lines(self.host, METERS) as line:
            line.say(f"{name} {value}\n".encode())
            check(line.line().decode() == f"{name} {value * 2}", "another answer")
        text = word(self.rng).encode()
        with Lines(self.host, self.port) as line:
            key = base64.b64encode(bytes(16)).decode()
            lines = ["GET /api/echo HTTP/1.1", f"Host: {self.host}", "Upgrade: websocket", "Connection: Upgrade"]
            lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
            line.say(("\r\n".join(lines) + "\r\n\r\n").encode())
            check(b" 101 " in line.line(), "no WebSocket")
            while line.line():
                pass
            # A mask of zeros changes nothing.
            line.say(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)
            check(line.read(2 + len(text))[2:] == text.upper(), "another answer")

    @times(1)
    def probe_deploy(self):
        """A flow of the editor is there soon, and gone when it is removed."""
        name, text = word(self.rng), word(self.rng)
        # A node without a place would be taken for a configuration.
        place = {"x": 100, "y": 100}
        nodes = [
            {"id": f"{name}-in", "type": "http in", "url": f"/{name}", "method": "get", "wires": [[f"{name}-text"]]},
            {"id": f"{name}-text", "type": "template", "template": text, "wires": [[f"{name}-out"]]},
            {"id": f"{name}-out", "type": "http response", "headers": {}, "wires": []},
        ]
        new = {"label": name, "nodes": [node | place for node in nodes], "configs": []}
        flow = json.loads(self.admin(200, "POST", "/flow", new))["id"]
        time.sleep(0.2)
        check(self.api(200, "GET", f"/{name}") == text.encode(), "another text")
        self.admin(204, "DELETE", f"/flow/{flow}")
        time.sleep(0.1)
        self.api(404, "GET", f"/{name}")

    @times(1)
    def probe_editor(self):
        """A flow of the library and an editor's preferences."""
        name, text = word(self.rng), word(self.rng)
        self.admin(204, "POST", "/settings/user", {"note": text})
        check(json.loads(self.admin(200, "GET", "/settings/user"))["note"] == text, "another preference")
        self.admin(204, "POST", f"/library/local/flows/{name}", [{"id": name, "type": "comment", "name": text}])
        time.sleep(0.05)
        check(json.loads(self.admin(200, "GET", f"/library/local/flows/{name}"))[0]["name"] == text, "another flow")

    @times(1)
    def probe_requests(self):
        """It asks itself with a password, and the peer."""
        check(self.api(200, "GET", "/self") == b"healthy", "another answer")
        name = word(self.rng)
        check(json.loads(self.api(200, "GET", f"/peer/{name}"))["path"] == f"/node-red/{name}", "another answer")

    @times(1)
    def probe_seen(self):
        time.sleep(0.1)
        name, content = self.dropped
        check(self.api(200, "GET", f"/inbox/{name}") == content, "another content")

    @times(1)
    def wrong_password(self):
        self.api(401, "GET", "/health", password=word(self.rng))

    @times(1)
    def wrong_login(self):
        status, _ = self.log_in(word(self.rng), word(self.rng))
        check(400 <= status < 500, f"{status}")

    @times(1)
    def wrong_name(self):
        self.api(400, "POST", f"/notes/{word(self.rng).upper()}", b"hello")

    @times(1)
    def wrong_deploy(self):
        token, self.token = self.token, word(self.rng)
        try:
            self.admin(401, "POST", "/flow", {"label": "no", "nodes": [], "configs": []})
        finally:
            self.token = token
