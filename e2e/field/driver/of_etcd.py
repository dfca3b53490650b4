import base64
import json

from ask import Http, blob, check, times, word


def encode(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    def put(self, key, value):
        return self.http.json("POST", "/v3/kv/put", {"key": encode(key), "value": encode(value)})

    @times(4)
    def probe_put_and_get(self):
        key, value = word(self.rng), word(self.rng)
        self.put(key, value)
        answer = self.http.json("POST", "/v3/kv/range", {"key": encode(key)})
        check(answer["kvs"][0]["value"] == encode(value), "another value")

    @times(2)
    def probe_large_value(self):
        self.put(word(self.rng), blob(self.rng, 300_000))

    @times(2)
    def probe_transaction(self):
        put = {"requestPut": {"key": encode(word(self.rng)), "value": encode("x")}}
        compare = {"key": encode(word(self.rng)), "target": "VERSION", "version": "0", "result": "EQUAL"}
        answer = self.http.json("POST", "/v3/kv/txn", {"compare": [compare], "success": [put]})
        check(answer.get("succeeded"), "not done")

    @times(2)
    def probe_lease(self):
        check("ID" in self.http.json("POST", "/v3/lease/grant", {"TTL": "30"}), "no lease")

    @times(2)
    def wrong_lease(self):
        status, _ = self.http.ask("POST", "/v3/lease/revoke", json.dumps({"ID": str(self.rng.randrange(1, 10**9))}))
        check(status == 404, f"{status}")

    @times(2)
    def wrong_body(self):
        status, _ = self.http.ask("POST", "/v3/kv/put", "{" + word(self.rng))
        check(status == 400, f"{status}")

    @times(1)
    def probe_compaction(self):
        revision = self.put(word(self.rng), "x")["header"]["revision"]
        self.http.json("POST", "/v3/kv/compaction", {"revision": revision, "physical": True})

    @times(1)
    def probe_defragmentation(self):
        self.http.json("POST", "/v3/maintenance/defragment", {})

    @times(1)
    def probe_snapshot(self):
        check(len(self.http.must(200, "POST", "/v3/maintenance/snapshot", "{}")) > 1000, "empty")

    @times(1)
    def probe_metrics(self):
        check(b"etcd_server_has_leader 1" in self.http.must(200, "GET", "/metrics"), "no leader")
