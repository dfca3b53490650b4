"""Small clients: HTTP, lines over TCP, DNS, and programs that are clients themselves."""

import http.client
import json
import os
import socket
import subprocess

TIMEOUT = 2.5


class Refused(Exception):
    """The answer is not the one that a working server gives."""


def check(condition, what):
    if not condition:
        raise Refused(what)


def times(count):
    """How often a probe is tried in a round."""

    def mark(function):
        function.times = count
        return function

    return mark


def word(rng, length=8):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(length))


def blob(rng, size):
    return rng.randbytes(size // 2).hex().encode()


class Http:
    """One request each, over a connection of its own."""

    def __init__(self, host, port):
        self.host, self.port = host, port

    def exchange(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None, headers=None):
        status, _, content = self.exchange(method, path, body, headers)
        return status, content

    def answer(self, status, method, path, body=None, headers=None):
        """Headers and content of an answer that must have this status."""
        got, told, content = self.exchange(method, path, body, headers)
        check(got == status, f"{method} {path}: {got}")
        return told, content

    def must(self, status, method, path, body=None, headers=None):
        return self.answer(status, method, path, body, headers)[1]

    def many(self, path, headers, count=16):
        """Clients that all stay connected, and each is answered."""
        clients = []
        head = "".join(f"{key}: {value}\r\n" for key, value in ({"Host": "field"} | headers).items())
        try:
            for _ in range(count):
                clients.append(socket.create_connection((self.host, self.port), timeout=0.5))
                clients[-1].sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
                check(clients[-1].recv(12) == b"HTTP/1.1 200", "another answer")
        finally:
            for client in clients:
                client.close()

    def json(self, method, path, body=None, status=200):
        content = None if body is None else json.dumps(body)
        return json.loads(self.must(status, method, path, content, {"Content-Type": "application/json"}))


class Lines:
    """A conversation in lines over TCP."""

    def __init__(self, host, port, timeout=TIMEOUT):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def say(self, data):
        self.socket.sendall(data)

    def line(self):
        line = self.file.readline()
        check(line.endswith(b"\n"), "the connection ended")
        return line.rstrip(b"\r\n")

    def read(self, size):
        data = self.file.read(size)
        check(len(data) == size, "the connection ended")
        return data


def run(*command, stdin=None, env=None, timeout=TIMEOUT * 2):
    """Standard output of a client that must succeed."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, timeout=timeout, env={**os.environ, **(env or {})}, check=False
    )
    check(done.returncode == 0, done.stderr.decode(errors="replace").strip())
    return done.stdout.decode(errors="replace")
