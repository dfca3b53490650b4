import base64
import json
import socket
import ssl
import time
from http.client import HTTPException

from ask import Http, check, times, word

# Certificates are made moments ago, and clocks are corrected; `ssl` has no name for it.
NO_CHECK_TIME = 0x200000


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.host, self.admin, self.extra = host, Http(host, 2019), Http(host, 8090)
        self.loaded = None

    def login(self, password):
        secret = base64.b64encode(f"reader:{password}".encode()).decode()
        return self.http.ask("GET", f"/private/{word(self.rng)}", headers={"Authorization": f"Basic {secret}"})

    def body_of_extra(self):
        try:
            return self.extra.must(200, "GET", "/").decode()
        except (OSError, HTTPException):
            return None

    def handshake(self, name):
        """The content behind a name, whose certificate must be of the server's own CA."""
        root = self.admin.json("GET", "/pki/ca/local")["root_certificate"]
        context = ssl.create_default_context(cadata=root)
        context.verify_flags |= NO_CHECK_TIME
        # A certificate that cannot be stored is tried again for minutes.
        with socket.create_connection((self.host, 8443), timeout=1.2) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                secure.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                return secure.makefile("rb").read()

    @times(3)
    def probe_file(self):
        number = self.rng.randrange(1, 5)
        content = self.http.must(200, "GET", f"/files/{number}.txt")
        check(content == str(number).encode() * (number * number * 50000), "another content")

    @times(2)
    def wrong_file(self):
        self.http.must(404, "GET", f"/files/{word(self.rng)}.txt")

    @times(2)
    def probe_page(self):
        name = word(self.rng)
        page = self.http.must(200, "GET", f"/page.html?name={name}").decode()
        check(page.startswith(f"Hello {name}, it is 2"), "another page")

    @times(1)
    def probe_login(self):
        check(self.login("field") == (200, b"private"), "refused")

    @times(1)
    def wrong_login(self):
        check(self.login(word(self.rng))[0] == 401, "taken")

    @times(3)
    def probe_peer(self):
        path = f"/peer/{word(self.rng)}"
        check(self.http.json("GET", path)["path"] == path, "another answer")

    @times(2)
    def probe_new_name(self):
        check(self.handshake(f"{word(self.rng)}.field.test").endswith(b"secret"), "another answer")

    @times(1)
    def wrong_name(self):
        try:
            self.handshake(f"no-{word(self.rng)}.field.test")
        except ssl.SSLError:
            return
        check(False, "taken")

    @times(1)
    def probe_configuration(self):
        text = word(self.rng)
        answer = {"handler": "static_response", "body": text}
        server = {"listen": [":8090"], "automatic_https": {"disable": True}, "routes": [{"handle": [answer]}]}
        kind = {"Content-Type": "application/json"}
        self.admin.must(200, "POST", "/config/apps/http/servers/extra", json.dumps(server), kind)
        self.loaded = text
        # The server of the configuration before may have taken the connection, and closes it.
        until = time.monotonic() + 0.4
        while self.body_of_extra() != text:
            check(time.monotonic() < until, "another answer")
            time.sleep(0.1)

    @times(1)
    def probe_saved_configuration(self):
        check(self.loaded is not None, "none was loaded")
        check(self.loaded in self.http.must(200, "GET", "/state/autosave.json").decode(), "not saved")

    @times(1)
    def wrong_configuration(self):
        self.admin.must(400, "POST", "/load", "{" + word(self.rng), {"Content-Type": "application/json"})

    @times(2)
    def probe_audit(self):
        path = f"/audited/{word(self.rng)}"
        self.http.must(200, "GET", path)
        # An entry is written after its answer.
        until = time.monotonic() + 0.4
        while path.encode() not in self.http.must(200, "GET", "/log/audit.log"):
            check(time.monotonic() < until, "not written")
            time.sleep(0.1)

    @times(1)
    def probe_many_clients(self):
        clients = []
        try:
            for _ in range(16):
                clients.append(socket.create_connection((self.host, self.http.port), timeout=0.5))
                clients[-1].sendall(b"GET /permitted HTTP/1.1\r\nHost: field\r\n\r\n")
                check(clients[-1].recv(12) == b"HTTP/1.1 200", "another answer")
        finally:
            for client in clients:
                client.close()
