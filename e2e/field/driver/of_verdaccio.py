import base64
import hashlib
import json

from ask import Http, blob, check, times, word

USER, PASSWORD = "ci", "builds"
JSON = {"Content-Type": "application/json"}


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.token, self.tagged = "none", None

    def bearer(self):
        return {**JSON, "Authorization": f"Bearer {self.token}"}

    def login(self, name, password, known):
        """Who is known proves it; who is not becomes a user."""
        basic = base64.b64encode(f"{name}:{password}".encode()).decode()
        headers = {**JSON, "Authorization": f"Basic {basic}"} if known else JSON
        body = json.dumps({"name": name, "password": password})
        return self.http.ask("PUT", f"/-/user/org.couchdb.user:{name}", body, headers)

    def publish(self, name, content, headers=None, status=201):
        """What npm sends: one document with the tarball in it."""
        dist = {
            "tarball": f"http://packages/{name}/-/{name}-1.0.0.tgz",
            "shasum": hashlib.sha1(content).hexdigest(),
        }
        version = {"name": name, "version": "1.0.0", "description": word(self.rng), "dist": dist}
        attachment = {
            "content_type": "application/octet-stream",
            "data": base64.b64encode(content).decode(),
            "length": len(content),
        }
        body = {
            "_id": name,
            "name": name,
            "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": version},
            "_attachments": {f"{name}-1.0.0.tgz": attachment},
        }
        self.http.must(status, "PUT", f"/{name}", json.dumps(body), self.bearer() if headers is None else headers)

    @times(1)
    def probe_login(self):
        status, answer = self.login(USER, PASSWORD, True)
        check(status == 201, f"login: {status}")
        self.token = json.loads(answer)["token"]
        name = json.loads(self.http.must(200, "GET", "/-/whoami", headers=self.bearer()))["username"]
        check(name == USER, "another user")

    @times(1)
    def probe_new_user(self):
        status, answer = self.login(word(self.rng), word(self.rng), False)
        check(status == 201 and json.loads(answer)["token"], f"new user: {status}")

    @times(1)
    def wrong_password(self):
        status, _ = self.login(USER, word(self.rng), True)
        check(status == 401, f"login: {status}")

    @times(2)
    def wrong_package(self):
        self.http.must(404, "GET", f"/team-{word(self.rng)}")

    @times(1)
    def wrong_publish(self):
        self.publish(word(self.rng), b"x", headers=JSON, status=401)

    @times(2)
    def probe_publish(self):
        name, content = word(self.rng), blob(self.rng, 3000)
        self.publish(name, content)
        check("1.0.0" in self.http.json("GET", f"/{name}")["versions"], "no version")
        check(self.http.must(200, "GET", f"/{name}/-/{name}-1.0.0.tgz") == content, "another tarball")

    @times(2)
    def probe_large_package_of_the_team(self):
        name, content = f"team-{word(self.rng)}", blob(self.rng, 400_000)
        self.publish(name, content)
        check(self.http.must(200, "GET", f"/{name}/-/{name}-1.0.0.tgz") == content, "another tarball")

    @times(1)
    def probe_tag(self):
        if self.tagged is None:
            name = word(self.rng)
            self.publish(name, blob(self.rng, 1000))
            self.tagged = name
        tag, path = word(self.rng), f"/-/package/{self.tagged}/dist-tags"
        self.http.must(201, "PUT", f"{path}/{tag}", '"1.0.0"', self.bearer())
        check(self.http.json("GET", path)[tag] == "1.0.0", "no tag")

    @times(1)
    def probe_unpublish(self):
        name = word(self.rng)
        self.publish(name, blob(self.rng, 1000))
        self.http.must(201, "DELETE", f"/{name}/-rev/1-0", headers=self.bearer())
        self.http.must(404, "GET", f"/{name}")

    @times(1)
    def probe_search(self):
        found = self.http.json("GET", "/-/v1/search?text=mirrored")["objects"]
        check(any(one["package"]["name"] == "mirrored" for one in found), "not found")

    @times(2)
    def probe_mirror(self):
        path = f"/mirrored/-/mirrored-1.0.{self.rng.randrange(400)}.tgz"
        check(json.loads(self.http.must(200, "GET", path))["path"] == path, "another tarball")
