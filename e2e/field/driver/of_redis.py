import time

from ask import Lines, Refused, blob, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng

    def ask(self, *words):
        with Lines(self.host, self.port) as lines:
            return self.on(lines, *words)

    def on(self, lines, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        lines.say(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.answer(lines)

    def answer(self, lines):
        line = lines.line()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise Refused(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else lines.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer(lines) for _ in range(int(rest))]
        return rest

    @times(5)
    def probe_set_and_get(self):
        key, value = word(self.rng), word(self.rng)
        check(self.ask("SET", key, value) == b"OK", "not set")
        check(self.ask("GET", key) == value.encode(), "another value")

    def probe_large_value(self):
        check(self.ask("SET", word(self.rng), blob(self.rng, 300_000)) == b"OK", "not set")

    def probe_list(self):
        key = word(self.rng)
        self.ask("RPUSH", key, "a", "b", "c")
        check(self.ask("LRANGE", key, 0, -1) == [b"a", b"b", b"c"], "another list")

    @times(2)
    def wrong_command(self):
        try:
            self.ask(word(self.rng).upper())
        except Refused:
            return
        raise Refused("taken")

    @times(2)
    def probe_publish(self):
        with Lines(self.host, self.port) as lines:
            self.on(lines, "SUBSCRIBE", "news")
            self.ask("PUBLISH", "news", "hello")
            check(self.answer(lines)[2] == b"hello", "another message")

    @times(1)
    def probe_snapshot(self):
        before = self.ask("LASTSAVE")
        time.sleep(1.0 if before else 0)
        self.ask("BGSAVE")
        until = time.monotonic() + 1.5
        while b"rdb_bgsave_in_progress:1" in self.ask("INFO", "persistence"):
            check(time.monotonic() < until, "still saving")
            time.sleep(0.05)
        check(b"rdb_last_bgsave_status:ok" in self.ask("INFO", "persistence"), "not saved")

    @times(1)
    def probe_rewrite_of_configuration(self):
        self.ask("CONFIG", "SET", "maxmemory", str(self.rng.randrange(60, 90) * 1_000_000))
        check(self.ask("CONFIG", "REWRITE") == b"OK", "not written")
