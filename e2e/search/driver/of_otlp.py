from ask import Http, check, times, word


class Target:
    """A collector of telemetry."""

    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng

    @times(3)
    def probe_logs(self):
        record = {"body": {"stringValue": word(self.rng)}}
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
        self.http.json("POST", "/v1/logs", body)

    @times(1)
    def wrong_body(self):
        status, _ = self.http.ask("POST", "/v1/logs", "{", {"Content-Type": "application/json"})
        check(status == 400, f"{status}")
