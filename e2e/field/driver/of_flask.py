from ask import Http, blob, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    @times(3)
    def probe_note(self):
        text = word(self.rng)
        number = self.http.json("POST", "/notes", {"text": text}, status=201)["id"]
        check(self.http.json("GET", f"/notes/{number}")["text"] == text, "another text")

    @times(2)
    def wrong_note(self):
        self.http.must(404, "GET", f"/notes/{self.rng.randrange(10**6, 10**7)}")

    @times(1)
    def wrong_body(self):
        self.http.must(400, "POST", "/notes", "{", {"Content-Type": "application/json"})

    @times(2)
    def probe_upload(self):
        self.http.must(201, "PUT", f"/files/{word(self.rng)}", blob(self.rng, 400_000))

    @times(2)
    def probe_report(self):
        check(self.http.must(200, "GET", "/report").count(b"\n") == 2000, "another length")

    @times(2)
    def probe_cache(self):
        path = f"/square/{self.rng.randrange(10**9)}"
        self.http.json("GET", path)
        check(self.http.json("GET", path)["cached"], "not cached")

    @times(2)
    def probe_peer(self):
        check(self.http.json("GET", "/peer")["ok"], "no answer")

    @times(1)
    def probe_child(self):
        check(len(self.http.json("GET", "/digest")["digest"]) == 64, "another length")

    @times(1)
    def probe_journal(self):
        self.http.must(200, "GET", "/journal")
