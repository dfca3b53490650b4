import json

from ask import Http, Lines, Refused, blob, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng
        self.http = Http(host, 8222)
        self.run = word(rng)

    def connect(self):
        lines = Lines(self.host, self.port)
        check(lines.line().startswith(b"INFO"), "no greeting")
        lines.say(b'CONNECT {"verbose":false,"name":"field","lang":"python"}\r\n')
        return lines

    def message(self, lines):
        while True:
            line = lines.line()
            if line == b"PING":
                lines.say(b"PONG\r\n")
            elif line.startswith(b"-ERR"):
                raise Refused(line.decode())
            elif line.startswith(b"MSG"):
                return lines.read(int(line.split()[-1]) + 2)[:-2]

    def request(self, subject, body=b""):
        with self.connect() as lines:
            inbox = f"_INBOX.{word(self.rng)}"
            lines.say(f"SUB {inbox} 1\r\nPUB {subject} {inbox} {len(body)}\r\n".encode() + body + b"\r\n")
            answer = json.loads(self.message(lines))
            if "error" in answer:
                raise Refused(answer["error"]["description"])
            return answer

    def stream(self, name, storage):
        config = {"name": name, "subjects": [f"{name}.>"], "storage": storage, "num_replicas": 1}
        return self.request(f"$JS.API.STREAM.CREATE.{name}", json.dumps(config).encode())

    @times(4)
    def probe_publish(self):
        with self.connect() as lines:
            lines.say(b"SUB news 1\r\nPUB news 5\r\nhello\r\n")
            check(self.message(lines) == b"hello", "another message")

    @times(2)
    def wrong_operation(self):
        with self.connect() as lines:
            lines.say(word(self.rng).encode() + b"\r\n")
            while not (line := lines.line()).startswith(b"-ERR"):
                check(line != b"PONG", "taken")

    @times(2)
    def wrong_stream(self):
        try:
            self.request(f"$JS.API.STREAM.INFO.{word(self.rng)}")
        except Refused as refused:
            check("not found" in str(refused), "another failure")
            return
        raise Refused("found")

    @times(1)
    def probe_new_stream(self):
        self.stream(word(self.rng), "file")

    @times(1)
    def probe_delete_stream(self):
        name = word(self.rng)
        self.stream(name, "file")
        self.request(f"$JS.API.STREAM.DELETE.{name}")

    @times(2)
    def probe_store(self):
        self.stream(self.run, "file")
        check(self.request(f"{self.run}.x", blob(self.rng, 300_000))["seq"] > 0, "not stored")

    @times(1)
    def probe_store_in_memory(self):
        self.stream(f"{self.run}-memory", "memory")
        check(self.request(f"{self.run}-memory.x", b"x")["seq"] > 0, "not stored")

    @times(1)
    def probe_consumer(self):
        name = word(self.rng)
        config = {"stream_name": self.run, "config": {"durable_name": name, "ack_policy": "explicit"}}
        self.request(f"$JS.API.CONSUMER.DURABLE.CREATE.{self.run}.{name}", json.dumps(config).encode())

    @times(1)
    def probe_many_clients(self):
        clients = [self.connect() for _ in range(12)]
        for client in clients:
            client.say(b"PING\r\n")
            check(client.line() in (b"PONG", b"PING"), "no answer")
        for client in clients:
            client.__exit__()

    @times(1)
    def probe_monitor(self):
        check(self.http.json("GET", "/varz")["server_name"] == "field", "another server")
