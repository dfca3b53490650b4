import gzip
import http.client
import json

from ask import TIMEOUT, Http, Refused, blob, check, times, word

TOKEN = "sunflower"
JSON = {"Content-Type": "application/json"}
AGENT = {"Authorization": f"Bearer {TOKEN}"}


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.http, self.rng = host, port, Http(host, port), rng
        self.queued = None

    def agent(self, status, method, path, body=None):
        content = None if body is None else json.dumps(body)
        answer = self.http.must(status, method, path, content, JSON | AGENT)
        return json.loads(answer) if answer else None

    def browser(self, method, path, body=None, cookie=None):
        """Status, JSON, and the cookie that was set or that there was."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        try:
            headers = JSON | ({"Cookie": cookie} if cookie else {})
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            given = answer.getheader("Set-Cookie", cookie or "").split(";")[0]
            return answer.status, json.loads(answer.read()), given
        finally:
            connection.close()

    def store(self, content):
        name, fence = word(self.rng), word(self.rng, 20)
        head = f'--{fence}\r\nContent-Disposition: form-data; name="file"; filename="{name}.txt"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{fence}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={fence}"}
        stored = json.loads(self.http.must(201, "POST", "/files", body, kind | AGENT))["name"]
        check(self.http.must(200, "GET", f"/files/{stored}", headers=AGENT) == content, "another content")
        return stored

    @times(2)
    def probe_ticket(self):
        text = word(self.rng)
        number = self.agent(201, "POST", "/tickets", {"subject": word(self.rng), "text": text})["id"]
        check(self.agent(200, "GET", f"/tickets/{number}")["text"] == text, "another text")

    @times(1)
    def probe_closed_ticket(self):
        number = self.agent(201, "POST", "/tickets", {"subject": word(self.rng), "text": word(self.rng)})["id"]
        self.agent(204, "DELETE", f"/tickets/{number}")
        self.agent(404, "GET", f"/tickets/{number}")

    @times(1)
    def probe_login(self):
        status, _, cookie = self.browser("POST", "/login", {"user": "ann", "password": "marigold"})
        check(status == 200, f"login: {status}")
        status, answer, _ = self.browser("GET", "/me", cookie=cookie)
        check(status == 200 and answer["user"] == "ann", "the session is lost")

    @times(1)
    def probe_draft(self):
        text = word(self.rng, 40)
        status, _, cookie = self.browser("POST", "/draft", {"text": text})
        check(status == 200, f"draft: {status}")
        check(self.browser("GET", "/draft", cookie=cookie)[1]["text"] == text, "the draft is lost")

    @times(1)
    def probe_small_file(self):
        stored = self.store(blob(self.rng, 30_000))
        self.http.must(204, "DELETE", f"/files/{stored}", headers=AGENT)

    @times(1)
    def probe_large_file(self):
        self.store(blob(self.rng, 600_000))

    @times(1)
    def probe_cache(self):
        path = f"/summary/{word(self.rng)}"
        self.agent(200, "GET", path)
        check(self.agent(200, "GET", path)["cached"], "not cached")

    @times(1)
    def probe_mail(self):
        before, self.queued = self.queued, None
        self.queued = self.agent(202, "POST", "/messages", {"text": word(self.rng, 60)})["name"]
        if before is not None:
            check(self.agent(200, "GET", f"/messages/{before}")["sent"], "not sent")

    @times(1)
    def probe_export(self):
        content = gzip.decompress(self.http.must(200, "GET", "/export", headers=AGENT))
        check(content.count(b"\n") == 3000, "another length")

    @times(1)
    def probe_peer(self):
        check(self.agent(200, "GET", "/peer")["ok"], "no answer")

    @times(1)
    def wrong_token(self):
        self.http.must(401, "GET", f"/tickets/{self.rng.randrange(1, 100)}", headers={"Authorization": "Bearer weed"})

    @times(1)
    def wrong_ticket(self):
        self.agent(404, "GET", f"/tickets/{self.rng.randrange(10**6, 10**7)}")

    @times(1)
    def wrong_body(self):
        self.http.must(400, "POST", "/tickets", "{", JSON | AGENT)

    @times(1)
    def wrong_password(self):
        status, _, _ = self.browser("POST", "/login", {"user": "ann", "password": word(self.rng)})
        if status != 403:
            raise Refused(f"login: {status}")
