import base64
import json
import socket
import struct

from ask import TIMEOUT, Http, Refused, blob, check, times, word

WEBSOCKET, STATS, COPIES, BOLT, PEBBLE = 1882, 8080, 8081, 18831, 18832
CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PING, PONG, DISCONNECT = 8, 9, 10, 11, 12, 13, 14


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def length(size):
    data = b""
    while True:
        size, low = size >> 7, size & 127
        data += bytes([low | 128 if size else low])
        if not size:
            return data


class Plain:
    """Bytes over TCP."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def wait(self, seconds):
        self.socket.settimeout(seconds)

    def send(self, data):
        self.socket.sendall(data)

    def read(self, size):
        data = self.file.read(size)
        check(len(data) == size, "the connection ended")
        return data

    def close(self):
        self.file.close()
        self.socket.close()


class Framed(Plain):
    """Bytes in the binary messages of a WebSocket."""

    def __init__(self, host, port):
        super().__init__(host, port)
        self.rest = b""
        key = base64.b64encode(bytes(16)).decode()
        lines = ["GET /mqtt HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: mqtt"]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        check(b" 101 " in self.file.readline(), "no WebSocket")
        while self.file.readline().strip():
            pass

    def send(self, data):
        size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(data))
        # A mask of zeros changes nothing.
        self.socket.sendall(bytes([0x82]) + size + bytes(4) + data)

    def read(self, size):
        while len(self.rest) < size:
            head, count = super().read(2)
            check(head & 15 == 2, "no binary message")
            if count > 125:
                count = struct.unpack(">H", super().read(2))[0]
            self.rest += super().read(count)
        data, self.rest = self.rest[:size], self.rest[size:]
        return data


class Client:
    """One connection of MQTT 3.1.1, or 5 with `five`."""

    def __init__(self, line, name, user=("field", "metal"), clean=True, will=None, five=False):
        self.line, self.five, self.last, self.held = line, five, 0, []
        flags = 0xC0 | (2 if clean else 0) | (4 if will else 0)
        none = b"\0" if five else b""
        body = text("MQTT") + bytes([5 if five else 4, flags, 0, 60]) + none + text(name)
        if will:
            body += none + text(will[0]) + text(will[1])
        self.send(CONNECT << 4, body + text(user[0]) + text(user[1]))
        answer = self.take(CONNACK)
        self.present, self.code = answer[0], answer[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        try:
            self.send(DISCONNECT << 4, b"")
        except OSError:
            pass
        self.line.close()

    def send(self, head, body):
        self.line.send(bytes([head]) + length(len(body)) + body)

    def packet(self):
        head, size, shift = self.line.read(1)[0], 0, 0
        while True:
            byte = self.line.read(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return head, self.line.read(size) if size else b""

    def take(self, kind):
        """Body of the next packet of this kind; messages that come before it are held."""
        while True:
            head, body = self.packet()
            if head >> 4 == kind:
                return body
            check(head >> 4 == PUBLISH, f"packet {head >> 4} instead of {kind}")
            self.held.append((head, body))

    def message(self, seconds=TIMEOUT):
        """Topic and content of the next message, which is confirmed."""
        self.line.wait(seconds)
        head, body = self.held.pop(0) if self.held else (0, b"")
        while head >> 4 != PUBLISH:
            head, body = self.packet()
        size = struct.unpack(">H", body[:2])[0]
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        quality = head >> 1 & 3
        if quality:
            number, rest = rest[:2], rest[2:]
            if quality == 1:
                self.send(PUBACK << 4, number)
            else:
                self.send(PUBREC << 4, number)
                check(self.take(PUBREL)[:2] == number, "another number")
                self.send(PUBCOMP << 4, number)
        if self.five:
            rest = rest[1 + rest[0] :]
        self.line.wait(TIMEOUT)
        return topic, rest

    def nothing(self, seconds=0.05):
        """No message is there."""
        try:
            topic, _ = self.message(seconds)
        except TimeoutError:
            return
        raise Refused(f"a message of {topic}")

    def number(self):
        self.last += 1
        return struct.pack(">H", self.last)

    def subscribe(self, topic, quality=1):
        number = self.number()
        none = b"\0" if self.five else b""
        self.send(SUBSCRIBE << 4 | 2, number + none + text(topic) + bytes([quality]))
        answer = self.take(SUBACK)
        check(answer[:2] == number, "another number")
        return answer[-1]

    def publish(self, topic, content, quality=1, retain=False, expiry=None):
        """The reason that is given, which 3.1.1 does not have."""
        number = self.number() if quality else b""
        properties = b""
        if self.five:
            properties = b"\0" if expiry is None else b"\5\2" + struct.pack(">I", expiry)
        self.send(PUBLISH << 4 | quality << 1 | int(retain), text(topic) + number + properties + content)
        if not quality:
            return 0
        answer = self.take(PUBACK if quality == 1 else PUBREC)
        check(answer[:2] == number, "another number")
        if quality == 2:
            self.send(PUBREL << 4 | 2, number)
            check(self.take(PUBCOMP)[:2] == number, "another number")
        return answer[2] if len(answer) > 2 else 0


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng
        self.fading = ["plant/fading/none"] * 2

    def connect(self, port=None, kind=Plain, name=None, **more):
        client = Client(kind(self.host, port or self.port), name or word(self.rng, 12), **more)
        if client.code:
            client.line.close()
            raise Refused(f"refused with code {client.code}")
        return client

    @times(2)
    def probe_message(self):
        topic, content = f"plant/{word(self.rng)}", blob(self.rng, 40)
        with self.connect() as client:
            check(client.subscribe(topic, 0) == 0, "another quality")
            client.publish(topic, content, 0)
            check(client.message() == (topic, content), "another message")

    @times(1)
    def probe_exactly_once(self):
        topic, content = f"plant/{word(self.rng)}", blob(self.rng, 40)
        with self.connect() as client:
            check(client.subscribe("plant/+", 2) == 2, "another quality")
            client.publish(topic, content, 2)
            check(client.message() == (topic, content), "another message")
            client.nothing()

    @times(1)
    def probe_large_message(self):
        topic, content = f"plant/{word(self.rng)}", blob(self.rng, 120_000)
        with self.connect() as client:
            client.subscribe(topic, 0)
            client.publish(topic, content)
            check(client.message() == (topic, content), "another message")

    @times(1)
    def probe_last_value(self):
        """Who comes later gets the last value, until it is removed."""
        topic, content = f"plant/values/{word(self.rng)}", blob(self.rng, 20)
        with self.connect() as client:
            client.publish(topic, blob(self.rng, 20), retain=True)
            client.publish(topic, content, retain=True)
            client.subscribe(topic)
            check(client.message() == (topic, content), "another message")
            client.publish(topic, b"", retain=True)
        with self.connect() as client:
            client.subscribe(topic)
            client.nothing()

    @times(1)
    def probe_from_before(self):
        with self.connect(user=("guest", "paper")) as client:
            client.subscribe("plant/public/#")
            check(client.message() == ("plant/public/name", b"north"), "another message")

    @times(1)
    def probe_session(self):
        """What is sent to who is away is there when he is back; this session is one of before."""
        topic, content = f"plant/kept/{word(self.rng)}", blob(self.rng, 40)
        with self.connect() as sender:
            sender.publish(topic, content)
        with self.connect(name="keeper", clean=False) as client:
            check(client.present == 1, "no session")
            check(client.message() == (topic, content), "another message")

    @times(1)
    def probe_will(self):
        topic = f"plant/{word(self.rng)}"
        with self.connect() as client:
            client.subscribe(topic)
            self.connect(will=(topic, "gone")).line.close()
            check(client.message() == (topic, b"gone"), "another message")

    @times(1)
    def probe_shared(self):
        """One of two gets it."""
        topic, content = f"plant/{word(self.rng)}", blob(self.rng, 20)
        with self.connect() as one, self.connect() as other:
            for client in (one, other):
                client.subscribe(f"$share/group/{topic}", 0)
            one.publish(topic, content)
            found = 0
            for client in (one, other):
                try:
                    found += client.message(0.1) == (topic, content)
                except TimeoutError:
                    pass
            check(found == 1, f"{found} got it")

    @times(1)
    def probe_expiry(self):
        """A message that may live for a second is gone two rounds later."""
        topic = f"plant/fading/{word(self.rng)}"
        self.fading.append(topic)
        with self.connect(five=True) as client:
            client.publish(topic, b"soon gone", retain=True, expiry=1)
            client.subscribe(topic)
            check(client.message() == (topic, b"soon gone"), "another message")
            client.subscribe(self.fading.pop(0))
            client.nothing()

    @times(1)
    def probe_browser(self):
        topic, content = f"plant/{word(self.rng)}", blob(self.rng, 40)
        with self.connect(WEBSOCKET, Framed) as client, self.connect() as other:
            other.subscribe(topic)
            client.publish(topic, content)
            check(other.message() == (topic, content), "another message")

    @times(1)
    def probe_stats(self):
        with self.connect() as client:
            client.subscribe("$SYS/broker/version")
            version = client.message()[1].decode()
            told = Http(self.host, STATS).json("GET", "/")
            check(told["version"] == version and told["clients_connected"] >= 1, "other numbers")

    @times(1)
    def probe_stores(self):
        """A value, a session and what it subscribed to are in both stores, and would be there after a restart."""
        value, topic = f"plant/values/{word(self.rng)}", f"plant/{word(self.rng)}"
        name, content = word(self.rng, 12), blob(self.rng, 40)
        with self.connect(name=name, clean=False) as client:
            client.subscribe(topic)
            client.publish(value, content, retain=True)
        Http(self.host, COPIES).must(200, "POST", "/")
        for port in (BOLT, PEBBLE):
            with self.connect(port, name=name, clean=False) as client:
                check(client.present == 1, "no session")
                client.publish(topic, content)
                check(client.message(0.5) == (topic, content), "another message")
                client.subscribe(value)
                check(client.message(0.5) == (value, content), "another value")

    def bridge(self, client, device, kind, **request):
        client.publish(f"plant/bridge/{kind}/{device}", json.dumps(request).encode())
        answer = json.loads(client.message(1.5)[1])
        check(answer["ok"], f"{kind} failed")
        return answer

    @times(1)
    def probe_bridge(self):
        """Readings are archived, told and exported."""
        device, value = word(self.rng), self.rng.randrange(1000)
        with self.connect() as client:
            client.subscribe(f"plant/answers/{device}")
            self.bridge(client, device, "readings", at="2024-03-01T00:00:00", value=value)
            check(self.bridge(client, device, "history")["values"] == [str(value)], "other values")
            check(len(self.bridge(client, device, "export")["digest"]) == 64, "no digest")

    @times(1)
    def probe_peer(self):
        device = word(self.rng)
        with self.connect() as client:
            client.subscribe(f"plant/answers/{device}")
            check(self.bridge(client, device, "ask")["peer"] == f"/mochi/{device}", "another answer")

    def refused(self, **more):
        client = Client(Plain(self.host, self.port), word(self.rng, 12), **more)
        client.line.close()
        check(client.code in (4, 5), f"code {client.code}")

    @times(1)
    def wrong_password(self):
        self.refused(user=("field", word(self.rng)))

    @times(1)
    def wrong_topic(self):
        with self.connect(user=("guest", "paper"), five=True) as client:
            check(client.publish("plant/public/name", b"south", retain=True) == 0x87, "published")

    @times(1)
    def wrong_filter(self):
        with self.connect(user=("guest", "paper")) as client:
            check(client.subscribe("plant/values/#") == 0x80, "subscribed")

    @times(1)
    def wrong_size(self):
        """What is larger than permitted ends the connection."""
        with self.connect() as client:
            try:
                client.publish(f"plant/{word(self.rng)}", blob(self.rng, 300_000))
            except (Refused, OSError):
                return
        raise Refused("taken")
