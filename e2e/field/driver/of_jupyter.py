import base64
import json
import time
import uuid

from ask import Http, Lines, blob, check, times, word

HEADERS = {"Authorization": "token daffodil", "Content-Type": "application/json"}


def notebook(line):
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": line, "id": "first"}
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return {"type": "notebook", "format": "json", "content": content}


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.http, self.rng = host, port, Http(host, port), rng
        # A start of the same session again is none: who tries it twice has one kernel.
        self.session, self.kernel, self.rounds = f"{word(rng)}.ipynb", None, 0

    def api(self, status, method, path, body=None):
        content = None if body is None else json.dumps(body)
        answer = self.http.must(status, method, f"/api/{path}", content, HEADERS)
        return json.loads(answer) if status in (200, 201) else None

    def save(self, path, content, status=201):
        """201 is for a new file, 200 for one that was there."""
        self.api(status, "PUT", f"contents/{path}", {"type": "file", "format": "text", "content": content})

    def connect(self):
        """A page that shows the notebook: the server asks the kernel about itself for it."""
        lines = Lines(self.host, self.port)
        key = base64.b64encode(self.rng.randbytes(16)).decode()
        request = [
            f"GET /api/kernels/{self.kernel}/channels?session_id={word(self.rng, 32)} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: {HEADERS['Authorization']}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        lines.say("\r\n".join([*request, "", ""]).encode())
        return lines

    @times(2)
    def probe_notebook(self):
        name, line = f"{word(self.rng)}.ipynb", f"print('{word(self.rng)}')"
        self.api(201, "PUT", f"contents/{name}", notebook(line))
        cells = self.api(200, "GET", f"contents/{name}")["content"]["cells"]
        check(cells[0]["source"] == line, "another line")

    @times(1)
    def probe_script(self):
        name, line = word(self.rng), f"total = {self.rng.randrange(10**6)}"
        self.api(201, "PUT", f"contents/{name}.ipynb", notebook(line))
        check(line in self.api(200, "GET", f"contents/scripts/{name}.py")["content"], "another script")

    @times(1)
    def probe_rename_and_delete(self):
        old, new = f"{word(self.rng)}.txt", f"{word(self.rng)}.txt"
        self.save(old, word(self.rng, 60))
        self.api(200, "PATCH", f"contents/{old}", {"path": new})
        self.api(204, "DELETE", f"contents/{new}")
        self.api(404, "GET", f"contents/{new}")

    @times(1)
    def probe_folder(self):
        folder = word(self.rng)
        self.api(201, "PUT", f"contents/{folder}", {"type": "directory"})
        self.save(f"{folder}/notes.txt", word(self.rng, 60))
        check(len(self.api(200, "GET", f"contents/{folder}")["content"]) == 1, "another listing")

    @times(1)
    def probe_checkpoint(self):
        name, first = f"{word(self.rng)}.txt", word(self.rng, 60)
        self.save(name, first)
        made = self.api(201, "POST", f"contents/{name}/checkpoints")["id"]
        self.save(name, word(self.rng, 60), status=200)
        self.api(204, "POST", f"contents/{name}/checkpoints/{made}")
        check(self.api(200, "GET", f"contents/{name}")["content"] == first, "not restored")

    @times(1)
    def probe_large_file(self):
        name, content = f"{word(self.rng)}.bin", blob(self.rng, 600_000)
        body = {"type": "file", "format": "base64"}
        for status, chunk, part in ((201, 1, content[:400_000]), (200, -1, content[400_000:])):
            body |= {"chunk": chunk, "content": base64.b64encode(part).decode()}
            self.api(status, "PUT", f"contents/{name}", body)
        check(self.http.must(200, "GET", f"/files/{name}", headers=HEADERS) == content, "another content")

    @times(1)
    def probe_settings(self):
        section, value = word(self.rng), word(self.rng)
        self.api(200, "PATCH", f"config/{section}", {"theme": value})
        check(self.api(200, "GET", f"config/{section}")["theme"] == value, "not stored")

    @times(1)
    def probe_terminal(self):
        name = self.api(200, "POST", "terminals", {})["name"]
        self.api(204, "DELETE", f"terminals/{name}")

    @times(1)
    def probe_kernel(self):
        """One in a run: it takes seconds of a busy machine. It is started, interrupted twice and shut down."""
        self.rounds += 1
        if self.kernel is None:
            body = {"path": self.session, "name": self.session, "type": "notebook", "kernel": {"name": "python3"}}
            session = self.api(201, "POST", "sessions", body)
            self.kernel = session["kernel"]["id"]
            return
        with self.connect() as page:
            check(b" 101 " in page.line(), "no connection")
            until = time.monotonic() + 2
            while self.api(200, "GET", f"kernels/{self.kernel}")["execution_state"] != "idle":
                check(time.monotonic() < until, "the kernel is not up")
                time.sleep(0.2)
        if self.rounds < 4:
            self.api(204, "POST", f"kernels/{self.kernel}/interrupt")
        else:
            try:
                self.api(204, "DELETE", f"kernels/{self.kernel}")
            except TimeoutError:
                pass  # one that does not go by itself is killed after five seconds

    @times(1)
    def wrong_token(self):
        self.http.must(403, "GET", "/api/contents", headers={"Authorization": f"token {word(self.rng)}"})

    @times(1)
    def wrong_path(self):
        self.api(404, "GET", f"contents/{word(self.rng)}.ipynb")

    @times(1)
    def wrong_copy(self):
        self.api(400, "PUT", f"contents/{word(self.rng)}.txt", {"copy_from": f"{word(self.rng)}.txt"})

    @times(1)
    def wrong_kernel(self):
        self.api(404, "GET", f"kernels/{uuid.UUID(bytes=self.rng.randbytes(16))}")
