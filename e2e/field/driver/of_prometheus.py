import json
import urllib.parse

from ask import Http, check, times, word


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    def value(self, query):
        answer = self.http.json("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    @times(2)
    def probe_itself(self):
        check(self.value('up{job="self"}') == 1, "down")

    @times(2)
    def probe_peer(self):
        check(self.value('up{job="peer"}') == 1, "down")

    @times(2)
    def probe_named(self):
        check(self.value('sum(up{job="named"})') >= 1, "not found")

    @times(2)
    def probe_pods(self):
        check(self.value('sum(up{job="pods"})') >= 1, "not found")

    @times(2)
    def probe_listed(self):
        check(self.value('sum(up{job="listed"})') == 1, "not found")

    @times(2)
    def probe_recorded(self):
        check(self.value("field:up:sum") >= 1, "not recorded")

    @times(1)
    def probe_alert(self):
        check(self.value("rate(prometheus_notifications_sent_total[5s])") > 0, "none sent")
        check(self.value("rate(prometheus_notifications_errors_total[5s])") == 0, "errors")

    @times(2)
    def wrong_query(self):
        status, body = self.http.ask("GET", f"/api/v1/query?query={word(self.rng)}(((")
        check(status == 400 and json.loads(body)["errorType"] == "bad_data", "taken")

    @times(1)
    def probe_snapshot(self):
        check(self.http.json("POST", "/api/v1/admin/tsdb/snapshot")["status"] == "success", "no snapshot")

    @times(1)
    def probe_reload(self):
        self.http.must(200, "POST", "/-/reload")
