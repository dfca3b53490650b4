import json
import time
import urllib.parse

from ask import Http, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    def take(self, lines, path="/api/v1/import/prometheus", unit="ms"):
        """Stores samples, and has them found at once: a query ends with the last full second, and these are older."""
        then = str(int(time.time()) - 10) + {"ms": "000", "ns": "000000000"}[unit]
        self.http.must(204, "POST", path, "".join(f"{line} {then}\n" for line in lines))
        self.http.must(200, "GET", "/internal/force_flush")

    def found(self, query):
        answer = self.http.json("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        return [float(one["value"][1]) for one in answer["data"]["result"]]

    def exported(self, name):
        """Values of a series, from the store and from no cache."""
        body = self.http.must(200, "GET", "/api/v1/export?" + urllib.parse.urlencode({"match[]": name}))
        return [value for line in body.splitlines() for value in json.loads(line)["values"]]

    @times(3)
    def probe_samples(self):
        name, value = word(self.rng), self.rng.randrange(10**6)
        self.take([f'{name}{{place="{word(self.rng)}"}} {value}'])
        check(self.exported(name) == [value], "another value")

    @times(2)
    def probe_line_protocol(self):
        name, value = word(self.rng), self.rng.randrange(10**6)
        self.take([f"{name},place={word(self.rng)} level={value}"], "/write", "ns")
        check(self.exported(f"{name}_level") == [value], "another value")

    @times(2)
    def wrong_query(self):
        status, body = self.http.ask("GET", f"/api/v1/query?query={word(self.rng)}(((")
        check(status == 422 and json.loads(body)["status"] == "error", "taken")

    @times(1)
    def wrong_key(self):
        self.http.must(401, "GET", f"/snapshot/create?authKey={word(self.rng)}")

    @times(1)
    def wrong_path(self):
        self.http.must(400, "GET", f"/{word(self.rng)}")

    @times(2)
    def probe_wide_query(self):
        name = word(self.rng)
        self.take([f'{name}{{number="{number}"}} {number}' for number in range(400)])
        check(self.found(f"sum(last_over_time({name}[1m]))") == [sum(range(400))], "another sum")

    @times(2)
    def probe_itself(self):
        check(self.found('up{job="self"}') == [1], "down")

    @times(2)
    def probe_peer(self):
        check(self.found('up{job="peer"}') == [1], "down")

    @times(2)
    def probe_listed(self):
        check(self.found('sum(up{job="listed"})') == [1], "not found")

    @times(1)
    def probe_rules(self):
        check(self.http.json("GET", "/api/v1/rules")["ok"], "no answer")

    @times(1)
    def probe_snapshot(self):
        key = "authKey=snapshot-of-field"
        name = self.http.json("GET", f"/snapshot/create?{key}")["snapshot"]
        check(name in self.http.json("GET", f"/snapshot/list?{key}")["snapshots"], "not listed")
        check(self.http.json("GET", f"/snapshot/delete?{key}&snapshot={name}")["status"] == "ok", "not deleted")

    @times(1)
    def probe_delete(self):
        name = word(self.rng)
        self.take([f"{name} 1"])
        check(self.exported(name) == [1], "not stored")
        match = urllib.parse.urlencode({"match[]": name, "authKey": "delete-of-field"})
        self.http.must(204, "POST", f"/api/v1/admin/tsdb/delete_series?{match}")
        check(self.exported(name) == [], "still there")

    @times(1)
    def probe_reload(self):
        self.http.must(200, "POST", "/-/reload")
