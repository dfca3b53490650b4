from ask import Http, blob, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    @times(5)
    def probe_page(self):
        check(b"home" in self.http.must(200, "GET", "/index.html"), "another page")

    def probe_text(self):
        self.http.must(200, "GET", "/about.txt")

    @times(2)
    def wrong_missing(self):
        self.http.must(404, "GET", f"/{word(self.rng)}.html")

    def probe_upload(self):
        path, body = f"/upload/{word(self.rng)}.txt", blob(self.rng, 200)
        self.http.must(201, "PUT", path, body)
        check(self.http.must(200, "GET", path) == body, "another content")

    def probe_large_upload(self):
        self.http.must(201, "PUT", f"/upload/{word(self.rng)}.bin", blob(self.rng, 300_000))

    @times(2)
    def probe_new_directory(self):
        self.http.must(201, "PUT", f"/upload/{word(self.rng)}/{word(self.rng)}.txt", b"x")

    @times(2)
    def probe_delete(self):
        path = f"/upload/{word(self.rng)}.tmp"
        self.http.must(201, "PUT", path, b"x")
        self.http.must(204, "DELETE", path)

    @times(2)
    def wrong_traversal(self):
        self.http.must(400, "GET", "/../../etc/passwd")

    @times(2)
    def probe_peer(self):
        self.http.must(200, "GET", f"/peer/{word(self.rng)}")

    @times(2)
    def probe_cached(self):
        import http.client

        path = f"/cached/{word(self.rng)}"
        self.http.must(200, "GET", path)
        connection = http.client.HTTPConnection(self.http.host, self.http.port, timeout=1.5)
        connection.request("GET", path)
        check(connection.getresponse().getheader("X-Cache") == "HIT", "not from the cache")
        connection.close()
