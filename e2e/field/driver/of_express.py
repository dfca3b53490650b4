import json
import time

from ask import Http, blob, check, times, word

JSON = {"Content-Type": "application/json"}


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    @times(3)
    def probe_order(self):
        order = self.http.json("POST", "/orders", {"items": [word(self.rng)]}, status=201)
        check(self.http.json("GET", f"/orders/{order['id']}")["id"] == order["id"], "another order")

    @times(2)
    def wrong_order(self):
        self.http.must(404, "GET", f"/orders/o-{word(self.rng)}")

    @times(1)
    def wrong_body(self):
        self.http.must(400, "POST", "/orders", "{", JSON)

    @times(1)
    def wrong_request(self):
        self.http.must(500, "GET", "/broken")

    @times(2)
    def probe_picture(self):
        self.http.must(201, "PUT", f"/pictures/{word(self.rng)}.png", blob(self.rng, 400_000))

    @times(2)
    def probe_export(self):
        check(len(self.http.must(200, "GET", "/export")) == 20_000, "another length")

    @times(2)
    def probe_preview(self):
        path = f"/preview/{word(self.rng)}"
        self.http.json("GET", path)
        check(self.http.json("GET", path)["cached"], "not cached")

    @times(2)
    def probe_stock(self):
        check(self.http.json("GET", "/stock")["ok"], "not known")

    @times(1)
    def probe_thread(self):
        check(self.http.json("GET", "/sum")["sum"] == 4_999_950_000, "another sum")

    @times(1)
    def probe_child(self):
        check(self.http.json("GET", "/kernel")["kernel"], "no answer")

    @times(1)
    def probe_rates(self):
        rate = self.rng.randrange(1, 10**6)
        self.http.must(204, "PUT", "/rates", json.dumps({"CHF": rate}), JSON)
        until = time.monotonic() + 1.0
        while self.http.json("GET", "/rates")["rates"] != {"CHF": rate}:
            check(time.monotonic() < until, "not loaded")
            time.sleep(0.1)

    @times(1)
    def probe_alive(self):
        self.http.must(200, "GET", "/alive")
