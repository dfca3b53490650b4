"""Clients of two databases in as much of their protocols as text queries without a password need."""

import struct

from ask import Lines, Refused, check


# Sorts take longer than greetings.
PATIENCE = 6.0


class Postgres:
    """One connection; leaves with the block."""

    def __init__(self, host, port, user, database):
        self.lines = Lines(host, port, PATIENCE)
        words = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
        self.lines.say(struct.pack(">II", len(words) + 8, 196608) + words)
        self.until_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.say(b"X\0\0\0\4")
        self.lines.__exit__()

    def ask(self, statement):
        """Rows of texts."""
        body = statement.encode() + b"\0"
        self.lines.say(b"Q" + struct.pack(">I", len(body) + 4) + body)
        return self.until_ready()

    def until_ready(self):
        rows, failure = [], None
        while True:
            kind, size = struct.unpack(">cI", self.lines.read(5))
            body = self.lines.read(size - 4)
            if kind == b"D":
                rows.append(self.row(body))
            elif kind == b"E":
                fields = [field.decode() for field in body.split(b"\0") if field]
                failure = next(field[1:] for field in fields if field[0] == "M")
                if any(field.startswith(("VFATAL", "VPANIC")) for field in fields):
                    raise Refused(failure)
            elif kind == b"Z":
                if failure:
                    raise Refused("ERROR: " + failure)
                return rows

    @staticmethod
    def row(body):
        values, at = [], 2
        for _ in range(struct.unpack(">H", body[:2])[0]):
            (size,) = struct.unpack(">i", body[at : at + 4])
            at += 4
            values.append(None if size < 0 else body[at : at + size].decode())
            at += max(size, 0)
        return values


class MariaDb:
    """One connection; leaves with the block."""

    # Long passwords, database at connect, protocol 4.1, secure connection, several statements and results.
    ABILITIES = 0x1 | 0x8 | 0x200 | 0x8000 | 0x10000 | 0x20000

    def __init__(self, host, port, user, database):
        self.lines, self.number = Lines(host, port, PATIENCE), 0
        self.refuse(self.packet())
        hello = struct.pack("<IIB23x", self.ABILITIES, 1 << 24, 45)
        self.send(hello + user.encode() + b"\0\0" + database.encode() + b"\0")
        answer = self.packet()
        if answer[:1] == b"\xfe":  # another way to have no password
            self.send(b"")
            answer = self.packet()
        self.refuse(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.number = -1
        self.send(b"\x01")
        self.lines.__exit__()

    def packet(self):
        head = self.lines.read(4)
        self.number = head[3]
        return self.lines.read(int.from_bytes(head[:3], "little"))

    def send(self, body):
        self.lines.say(len(body).to_bytes(3, "little") + bytes([(self.number + 1) & 255]) + body)

    @staticmethod
    def refuse(packet):
        if packet[:1] == b"\xff":
            raise Refused("ERROR: " + packet[9:].decode(errors="replace"))
        return packet

    def ask(self, statement):
        """First value of the last result, as text."""
        self.number = -1
        self.send(b"\x03" + statement.encode())
        value, more = None, True
        while more:
            value, more = self.result()
        return value

    def result(self):
        first = self.refuse(self.packet())
        if first[0] == 0:
            # After two counts come flags, of which one says that results follow.
            _, at = self.number_at(first, 1)
            _, at = self.number_at(first, at)
            return None, bool(struct.unpack("<H", first[at : at + 2])[0] & 8)
        for _ in range(first[0]):
            self.packet()
        check(self.packet()[0] == 0xFE, "no end of columns")
        value = None
        while True:
            packet = self.refuse(self.packet())
            if packet[0] == 0xFE and len(packet) < 9:
                return value, bool(struct.unpack("<H", packet[3:5])[0] & 8)
            if packet[0] != 0xFB:
                size, at = self.number_at(packet, 0)
                value = packet[at : at + size].decode()

    @staticmethod
    def number_at(packet, at):
        first = packet[at]
        size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
        if not size:
            return first, at + 1
        return int.from_bytes(packet[at + 1 : at + 1 + size], "little"), at + 1 + size
