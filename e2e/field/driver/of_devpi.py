import base64
import hashlib
import io
import json
import zipfile

from ask import Http, blob, check, times, word

USER, PASSWORD = "team", "wheels"
JSON = {"Accept": "application/json", "Content-Type": "application/json"}


def multipart(fields, name, content):
    """A form with one file."""
    edge = "field-edge-of-a-form"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="content"; filename="{name}"\r\n'
    parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content)
    parts.append(f"\r\n--{edge}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={edge}"


def manual(text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", text)
        archive.writestr("pages/more.html", text)
    return packed.getvalue()


def place(index, name, content):
    """Where an index has a file."""
    digest = hashlib.sha256(content).hexdigest()
    return f"/{index}/+f/{digest[:3]}/{digest[3:16]}/{name}"


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.token, self.first, self.mirrored = "none", None, ""

    def auth(self):
        value = base64.b64encode(f"{USER}:{self.token}".encode()).decode()
        return {**JSON, "X-Devpi-Auth": value}

    def login(self, user, password, status=200):
        body = json.dumps({"user": user, "password": password})
        answer = json.loads(self.http.must(status, "POST", "/+login", body, JSON))
        return answer["result"]["password"] if status == 200 else None

    def told(self, path):
        """What the server tells of a path."""
        return json.loads(self.http.must(200, "GET", path, None, self.auth()))["result"]

    def upload(self, name, content, index="team/dev", action="file_upload", status=200, known=True):
        """What twine sends. Where the file is then."""
        fields = {":action": action, "name": name, "version": "1.0", "summary": word(self.rng)}
        file = f"{name}-1.0.tar.gz" if action == "file_upload" else f"{name}-1.0.doc.zip"
        body, kind = multipart(fields, file, content)
        headers = {**(self.auth() if known else {}), "Accept": "*/*", "Content-Type": kind}
        self.http.must(status, "POST", f"/{index}/", body, headers)
        return place(index, file, content)

    def same(self, path, content):
        check(self.http.must(200, "GET", path) == content, "another content")

    @times(1)
    def probe_login(self):
        self.token = self.login(USER, PASSWORD)

    @times(1)
    def probe_new_user(self):
        name, password = word(self.rng), word(self.rng)
        self.http.must(201, "PUT", f"/{name}", json.dumps({"password": password}), JSON)
        check(self.told(f"/{name}")["username"] == name, "another user")

    @times(1)
    def probe_upload(self):
        name, content = word(self.rng), blob(self.rng, 4_000)
        path = self.upload(name, content)
        page = self.http.must(200, "GET", f"/team/dev/+simple/{name}/").decode()
        check(hashlib.sha256(content).hexdigest() in page, "no link")
        self.same(path, content)

    @times(1)
    def probe_large_upload(self):
        content = blob(self.rng, 600_000)
        self.same(self.upload(word(self.rng), content), content)

    @times(1)
    def probe_push(self):
        """A release that was tested goes to another index."""
        name, content = word(self.rng), blob(self.rng, 2_000)
        self.upload(name, content)
        body = json.dumps({"name": name, "version": "1.0", "targetindex": "team/prod"})
        self.http.must(200, "POST", "/team/dev", body, self.auth())
        self.same(place("team/prod", f"{name}-1.0.tar.gz", content), content)

    @times(1)
    def probe_index(self):
        """An index of its own that inherits what another has."""
        path = f"/team/{word(self.rng)}"
        self.http.must(200, "PUT", path, json.dumps({"type": "stage", "bases": ["team/archive"]}), self.auth())
        page = self.http.must(200, "GET", f"{path}/+simple/old{self.rng.randrange(20)}/").decode()
        check("-1.0.tar.gz" in page, "not inherited")
        self.http.must(201, "DELETE", path, None, self.auth())

    @times(1)
    def probe_test_result(self):
        name, result = word(self.rng), json.dumps({"passed": word(self.rng)})
        path = self.upload(name, blob(self.rng, 1_000))
        self.http.must(200, "POST", path, result, self.auth())
        links = self.told(f"/team/dev/{name}/1.0")["+links"]
        found = [link["href"] for link in links if link["rel"] == "toxresult"]
        check(len(found) == 1, "no result")
        self.same("/" + found[0].split("/", 3)[3], result.encode())

    @times(1)
    def probe_deletion(self):
        name, content = word(self.rng), blob(self.rng, 1_000)
        path = self.upload(name, content)
        self.http.must(200, "DELETE", f"/team/dev/{name}", None, self.auth())
        self.http.must(404, "GET", f"/team/dev/{name}", None, self.auth())
        self.http.must(410, "GET", path)

    @times(1)
    def probe_kept(self):
        """Releases that were there before, and what the first round stored."""
        number = self.rng.randrange(20)
        content = f"release {number}\n".encode() * 300
        self.same(place("team/archive", f"old{number}-1.0.tar.gz", content), content)
        content = blob(self.rng, 1_500)
        path = self.upload(word(self.rng), content)
        self.first = self.first or (path, content)
        self.same(*self.first)

    @times(2)
    def probe_mirrored_file(self):
        name = f"pinned-1.0.{self.rng.randrange(400)}.tar.gz"
        content = json.dumps({"path": f"/packages/{name}", "ok": True}).encode()
        self.mirrored = place("mirror/peer", name, content)
        self.same(self.mirrored, content)

    @times(1)
    def probe_mirrored_project(self):
        name = word(self.rng)
        check(name in self.http.must(200, "GET", f"/mirror/peer/+simple/{name}/").decode(), "another page")

    @times(1)
    def probe_manual(self):
        name, text = word(self.rng), word(self.rng, 40)
        self.upload(name, blob(self.rng, 500))
        self.upload(name, manual(text), action="doc_upload")
        path = f"/+manuals/team/dev/{name}"
        # Both are asked before one is looked at.
        answers = [self.http.ask("GET", f"{path}/{page}.html") for page in ("index", "pages/more")]
        check(all(answer == (200, text.encode()) for answer in answers), "another manual")

    @times(1)
    def probe_events(self):
        """Plugins are told of what was there before it started, and some time later of all else. How far is kept."""
        journal = self.http.must(200, "GET", "/+journal/uploads.log").decode()
        status = self.told("/+status")
        check(all(f" team/archive old{number}-1.0.tar.gz\n" in journal for number in range(20)), "not in the journal")
        check(1 <= status["event-serial"] <= status["serial"], "events are behind")

    @times(1)
    def probe_mirrored_file_kept(self):
        """What came from the peer has a date once it is stored, which is soon after it was passed on."""
        check(self.told(self.mirrored).get("last_modified"), "not kept")

    @times(1)
    def wrong_password(self):
        self.login(USER, word(self.rng), status=401)

    @times(1)
    def wrong_upload(self):
        self.upload(word(self.rng), b"x", status=401, known=False)

    @times(1)
    def wrong_overwrite(self):
        """What the archive has stays as it is."""
        self.upload("old1", blob(self.rng, 500), index="team/archive", status=409)

    @times(1)
    def wrong_package(self):
        self.http.must(404, "GET", f"/team/dev/+simple/{word(self.rng)}/")
