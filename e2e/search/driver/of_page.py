from ask import Http, check, times, word


class Target:
    """Whatever serves pages: one at its root, and none at a name that nobody gave."""

    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    @times(4)
    def probe_page(self):
        check(self.http.must(200, "GET", "/"), "empty")

    @times(2)
    def wrong_method(self):
        check(self.http.ask(word(self.rng).upper(), "/")[0] in (400, 405, 501), "taken")
