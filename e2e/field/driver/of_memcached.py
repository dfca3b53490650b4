from ask import Lines, blob, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng

    def ask(self, command, data=None):
        with Lines(self.host, self.port) as lines:
            lines.say(command.encode() + b"\r\n" + (b"" if data is None else data + b"\r\n"))
            return lines.line()

    def set(self, key, value):
        check(self.ask(f"set {key} 0 60 {len(value)}", value) == b"STORED", "not stored")

    @times(4)
    def probe_set_and_get(self):
        key, value = word(self.rng), blob(self.rng, 40)
        self.set(key, value)
        check(self.ask(f"get {key}") == f"VALUE {key} 0 {len(value)}".encode(), "not there")

    @times(2)
    def probe_large_value(self):
        self.set(word(self.rng), blob(self.rng, 1_000_000))

    @times(2)
    def probe_counter(self):
        key = word(self.rng)
        self.set(key, b"41")
        check(self.ask(f"incr {key} 1") == b"42", "another sum")

    @times(2)
    def wrong_command(self):
        check(self.ask(word(self.rng)) == b"ERROR", "taken")

    @times(2)
    def probe_miss(self):
        check(self.ask(f"get {word(self.rng)}") == b"END", "found")

    @times(1)
    def probe_many_clients(self):
        clients = [Lines(self.host, self.port) for _ in range(12)]
        for client in clients:
            client.say(b"version\r\n")
            check(client.line().startswith(b"VERSION"), "no version")
        for client in clients:
            client.__exit__()

    @times(1)
    def probe_statistics(self):
        check(self.ask("stats").startswith(b"STAT pid"), "no statistics")
