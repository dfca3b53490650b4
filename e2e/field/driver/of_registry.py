import base64
import hashlib
import json
import re

from ask import Http, blob, check, times, word

USER, PASSWORD = "writer", "field"
KIND = "application/vnd.oci.image."
OCTETS = {"Content-Type": "application/octet-stream"}


def basic(password):
    return {"Authorization": "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()}


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def described(kind, content):
    return {"mediaType": KIND + kind, "digest": digest_of(content), "size": len(content)}


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.debug, self.audit = Http(host, port + 1), Http(host, port + 2)
        self.tag, self.config, self.layer, self.manifest, self.sent = "", b"", b"", b"", None

    def ask(self, status, method, path, body=None, headers=None, password=PASSWORD):
        """Headers and content of an answer with this status; headers of answers matter in this protocol."""
        return self.http.answer(status, method, path, body, basic(password) | (headers or {}))

    def begin(self, name, query="", status=202):
        return self.ask(status, "POST", f"/v2/{name}/blobs/uploads/{query}", b"")[0]["Location"]

    def upload(self, name, content):
        """A blob at once."""
        path = f"{self.begin(name)}&digest={digest_of(content)}"
        self.ask(201, "PUT", path, content, OCTETS)

    def mount(self, name, content):
        """A blob that is elsewhere already."""
        self.begin(name, f"?mount={digest_of(content)}&from=team/app", 201)

    def put(self, name, reference, kind, manifest, status=201):
        headers = {"Content-Type": f"{KIND}{kind}.v1+json"}
        return self.ask(status, "PUT", f"/v2/{name}/manifests/{reference}", manifest, headers)[0]

    def get(self, name, reference, kind="manifest"):
        headers = {"Accept": f"{KIND}{kind}.v1+json"}
        return self.ask(200, "GET", f"/v2/{name}/manifests/{reference}", headers=headers)[1]

    def blob(self, name, digest):
        content = self.ask(200, "GET", f"/v2/{name}/blobs/{digest}")[1]
        check(digest_of(content) == digest, "another content")
        return content

    def image(self, config, *layers):
        parts = {"config": described("config.v1+json", config)}
        parts["layers"] = [described("layer.v1.tar", layer) for layer in layers]
        return json.dumps({"schemaVersion": 2, "mediaType": KIND + "manifest.v1+json"} | parts).encode()

    def answered(self):
        """How many events the peer took."""
        text = self.debug.must(200, "GET", "/metrics").decode()
        found = re.search(r'^registry_notifications_events_total{endpoint="peer",type="Successes"} (\S+)$', text, re.M)
        return float(found[1]) if found else 0.0

    @times(1)
    def probe_push(self):
        """An image, which the next probes work with."""
        self.tag, self.sent = word(self.rng), None
        self.config = json.dumps({"architecture": "amd64", "os": "linux", "author": word(self.rng)}).encode()
        self.layer = blob(self.rng, 8_000)
        self.manifest = self.image(self.config, self.layer)
        self.sent = self.answered()
        for content in (self.config, self.layer):
            self.upload("team/app", content)
        self.put("team/app", self.tag, "manifest", self.manifest)

    @times(1)
    def probe_pull(self):
        check(self.get("team/app", self.tag) == self.manifest, "another manifest")
        for content in (self.config, self.layer):
            self.blob("team/app", digest_of(content))

    @times(1)
    def probe_large_layer(self):
        """A layer in parts, whose state is asked between."""
        content = blob(self.rng, 600_000)
        path = self.begin("team/large")
        for start in (0, 200_000, 400_000):
            part = content[start : start + 200_000]
            headers = OCTETS | {"Content-Range": f"{start}-{start + len(part) - 1}"}
            path = self.ask(202, "PATCH", path, part, headers)[0]["Location"]
        got, _ = self.ask(204, "GET", path)
        check(got["Range"] == "0-599999", "another range")
        self.ask(201, "PUT", f"{path}&digest={digest_of(content)}", b"")
        self.blob("team/large", digest_of(content))

    @times(1)
    def probe_part(self):
        """Some bytes of a layer."""
        path = f"/v2/team/app/blobs/{digest_of(self.layer)}"
        _, part = self.ask(206, "GET", path, headers={"Range": "bytes=1000-1999"})
        check(part == self.layer[1000:2000], "another part")

    @times(1)
    def probe_cancelled_upload(self):
        path = self.begin("team/app")
        path = self.ask(202, "PATCH", path, blob(self.rng, 2_000), OCTETS)[0]["Location"]
        self.ask(204, "DELETE", path)
        self.ask(404, "GET", path)

    @times(1)
    def probe_archive(self):
        """An image that is archived, and another that is there already."""
        for content in (self.config, self.layer):
            self.mount("archive/app", content)
        self.put("archive/app", self.tag, "manifest", self.manifest)
        check(self.get("archive/app", self.tag) == self.manifest, "another manifest")
        self.blob("archive/app", digest_of(self.layer))
        for part in json.loads(self.get("archive/tools", "v07"))["layers"]:
            self.blob("archive/tools", part["digest"])

    @times(1)
    def probe_old_image(self):
        tag = f"v{self.rng.randrange(1, 25):02}"
        image = json.loads(self.get("old/tools", tag))
        for part in (image["config"], *image["layers"]):
            self.blob("old/tools", part["digest"])

    @times(1)
    def probe_tags(self):
        got, content = self.ask(200, "GET", "/v2/old/tools/tags/list?n=10&last=v06")
        check(json.loads(content)["tags"] == [f"v{number:02}" for number in range(7, 17)], "other tags")
        check('rel="next"' in (got["Link"] or ""), "no link")
        check(self.tag in json.loads(self.ask(200, "GET", "/v2/team/app/tags/list")[1])["tags"], "no such tag")

    @times(1)
    def probe_catalog(self):
        names = json.loads(self.ask(200, "GET", "/v2/_catalog")[1])["repositories"]
        check({"archive/tools", "old/tools", "team/app"} <= set(names), "other names")

    @times(1)
    def probe_index(self):
        """An image for some platforms."""
        one = described("manifest.v1+json", self.manifest) | {"platform": {"architecture": "amd64", "os": "linux"}}
        index = {"schemaVersion": 2, "mediaType": KIND + "index.v1+json", "manifests": [one]}
        content = json.dumps(index | {"annotations": {"title": word(self.rng)}}).encode()
        self.put("team/app", f"{self.tag}-all", "index", content)
        check(self.get("team/app", f"{self.tag}-all", "index") == content, "another index")

    @times(1)
    def probe_deletion(self):
        """Of a tag, an image and a layer, in the archive."""
        for reference in (self.tag, digest_of(self.manifest)):
            self.ask(202, "DELETE", f"/v2/archive/app/manifests/{reference}")
            self.ask(404, "GET", f"/v2/archive/app/manifests/{reference}")
        path = f"/v2/archive/app/blobs/{digest_of(self.layer)}"
        self.ask(202, "DELETE", path)
        self.ask(404, "GET", path)

    @times(1)
    def probe_audit(self):
        found = self.audit.must(200, "GET", f"/events/0.5/{self.tag}/push/team").decode()
        event = json.loads(found.split("\n")[0])
        check(event["target"]["digest"] == digest_of(self.manifest), "another image")
        check(event["actor"]["name"] == USER, "another user")

    @times(1)
    def probe_peer(self):
        check(self.sent is not None and self.answered() > self.sent, "not told")

    @times(1)
    def probe_many_clients(self):
        self.http.many("/v2/", basic(PASSWORD))

    @times(1)
    def wrong_password(self):
        self.ask(401, "GET", "/v2/old/tools/tags/list", password=word(self.rng))

    @times(1)
    def wrong_digest(self):
        content, other = blob(self.rng, 1_000), blob(self.rng, 1_000)
        self.ask(400, "PUT", f"{self.begin('team/app')}&digest={digest_of(other)}", content, OCTETS)

    @times(1)
    def wrong_image(self):
        """Its layer is nowhere."""
        manifest = self.image(self.config, blob(self.rng, 1_000))
        self.put("team/app", word(self.rng), "manifest", manifest, 400)

    @times(1)
    def wrong_tag(self):
        self.ask(404, "GET", f"/v2/old/tools/manifests/{word(self.rng)}")
