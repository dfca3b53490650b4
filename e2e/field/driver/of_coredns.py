import socket
import struct

from ask import TIMEOUT, Http, check, times, word

KINDS = {"A": 1, "PTR": 12, "TXT": 16, "AXFR": 252}


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng

    def query(self, name, kind):
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.strip(".").split("."))
        head = struct.pack(">HHHHHH", self.rng.randrange(65536), 0x0100, 1, 0, 0, 0)
        return head + labels + b"\0" + struct.pack(">HH", KINDS[kind], 1)

    def ask(self, name, kind="A", tcp=False):
        """Response code and number of answers."""
        query = self.query(name, kind)
        how = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, how) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect((self.host, self.port))
            connection.sendall(struct.pack(">H", len(query)) + query if tcp else query)
            answer = connection.recv(4096)
            if tcp:
                while len(answer) < 2 or len(answer) < 2 + struct.unpack(">H", answer[:2])[0]:
                    more = connection.recv(4096)
                    check(more, "the connection ended")
                    answer += more
                answer = answer[2:]
        flags, _, answers = struct.unpack(">HHH", answer[2:8])
        return flags & 15, answers

    @times(4)
    def probe_zone(self):
        check(self.ask("www.example.org") == (0, 1), "no answer")

    @times(2)
    def probe_zone_over_tcp(self):
        check(self.ask("long.example.org", "TXT", tcp=True) == (0, 1), "no answer")

    @times(1)
    def probe_transfer(self):
        code, answers = self.ask("example.org", "AXFR", tcp=True)
        check(code == 0 and answers >= 5, "no transfer")

    @times(2)
    def wrong_name(self):
        check(self.ask(f"{word(self.rng)}.example.org")[0] == 3, "found")

    @times(2)
    def probe_hosts(self):
        check(self.ask("printer.hosts.example") == (0, 1), "no answer")

    @times(2)
    def probe_service(self):
        check(self.ask("peer.field.svc.cluster.local") == (0, 1), "no answer")

    @times(2)
    def wrong_service(self):
        check(self.ask(f"{word(self.rng)}.field.svc.cluster.local")[0] == 3, "found")

    @times(2)
    def probe_forward(self):
        # The next server knows that nobody has this address; without it there is no answer at all.
        check(self.ask(f"{self.rng.randrange(2, 250)}.255.96.10.in-addr.arpa", "PTR")[0] in (0, 3), "not asked")

    @times(1)
    def probe_health(self):
        check(Http(self.host, 8080).must(200, "GET", "/health") == b"OK", "not well")
