import base64
import json
import re
import time
import urllib.parse

from ask import Http, blob, check, times, word

USER, PASSWORD = "reader", "field"
JSON = {"Content-Type": "application/json"}


def basic(password):
    return {"Authorization": "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()}


def stamp(ahead=0):
    now = time.time() + ahead
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"


def alert(instance, name="Full", severity="warning", team="web", summary="it is full", **more):
    labels = {"alertname": name, "instance": instance, "severity": severity, "team": team} | more
    return {"labels": labels, "annotations": {"summary": summary}}


def silence(instance, comment):
    matcher = {"name": "instance", "value": instance, "isRegex": False, "isEqual": True}
    return {
        "matchers": [matcher],
        "startsAt": stamp(),
        "endsAt": stamp(3600),
        "createdBy": "ada",
        "comment": comment,
    }


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        # The pager and the twin are beside it.
        self.pager, self.twin = Http(host, port + 2), Http(host, port + 5)
        self.told = self.mailed = self.night = self.down = self.quiet = self.comment = self.id = ""
        self.peered = None

    def must(self, status, method, path, body=None, password=PASSWORD):
        content = None if body is None else json.dumps(body)
        return self.http.must(status, method, "/api/v2" + path, content, JSON | basic(password))

    def post(self, *alerts):
        self.must(200, "POST", "/alerts", alerts)

    def alerts(self, instance):
        query = urllib.parse.urlencode({"filter": f'instance="{instance}"'})
        return json.loads(self.must(200, "GET", f"/alerts?{query}"))

    def silence(self, *args):
        return json.loads(self.must(200, "POST", "/silences", silence(*args)))["silenceID"]

    def told_of(self, kind, seconds, *words):
        """What the pager got, or finds, that has these words; it may take some seconds."""
        return self.pager.must(200, "GET", "/".join(["", kind, str(seconds), *words])).decode()

    def answered(self):
        """How many times the peer took what it was told."""
        text = self.http.must(200, "GET", "/metrics", headers=basic(PASSWORD)).decode()
        name = "alertmanager_notification_requests"
        total, failed = (
            re.search(rf'^{name}{what}_total{{.*receiver_name="peer".*}} (\S+)$', text, re.M)
            for what in ("", "_failed")
        )
        check(total and failed, "not counted")
        return float(total[1]) - float(failed[1])

    @times(1)
    def probe_alerts(self):
        """Alerts that others are told of while the next probes are tried."""
        self.told, self.mailed, self.night, self.down, peer = (word(self.rng) for _ in range(5))
        self.peered = None
        self.peered = self.answered()
        self.post(
            alert(self.told, disk="first"),
            alert(self.told, disk="second"),
            alert(self.mailed, team="mail", name=self.mailed.title(), summary=f"about {self.mailed}"),
            alert(self.night, team="night"),
            alert(self.down, name="Down", severity="critical"),
            alert(peer, team="peer"),
        )
        found = self.alerts(self.told)
        check([one["status"]["state"] for one in found] == ["active"] * 2, "other alerts")

    @times(1)
    def probe_silence(self):
        self.quiet, self.comment, self.id = word(self.rng), word(self.rng), ""
        self.id = self.silence(self.quiet, self.comment)
        self.post(alert(self.quiet))
        found = self.alerts(self.quiet)
        check([one["status"]["silencedBy"] for one in found] == [[self.id]], "not silenced")

    @times(1)
    def probe_large_silence(self):
        """One with a long comment, which ends early."""
        instance, comment = word(self.rng), blob(self.rng, 80_000).decode()
        name = self.silence(instance, comment)
        check(json.loads(self.must(200, "GET", f"/silence/{name}"))["comment"] == comment, "another comment")
        self.must(200, "DELETE", f"/silence/{name}")
        check(json.loads(self.must(200, "GET", f"/silence/{name}"))["status"]["state"] == "expired", "not ended")

    @times(1)
    def probe_inhibition(self):
        self.post(alert(self.down))
        found = {one["labels"]["severity"]: one for one in self.alerts(self.down)}
        cause = found["critical"]["fingerprint"]
        check(found["warning"]["status"]["inhibitedBy"] == [cause], "not inhibited")

    @times(1)
    def probe_page(self):
        page = json.loads(self.told_of("pages", 0.5, self.told, "firing").split("\n")[0])
        check({one["labels"]["disk"] for one in page["alerts"]} == {"first", "second"}, "other alerts")

    @times(1)
    def probe_resolved(self):
        ended = {"endsAt": stamp()}
        self.post(*(alert(self.told, disk=disk) | ended for disk in ("first", "second")))
        check(self.alerts(self.told) == [], "still there")
        self.told_of("pages", 0.8, self.told, "resolved")

    @times(1)
    def probe_mail(self):
        mail = self.told_of("mails", 0.4, self.mailed)
        check(f"Subject: FIRING: {self.mailed.title()}" in mail, "another subject")
        check(f"{self.mailed} says about {self.mailed}" in mail, "another text")

    @times(1)
    def probe_peer(self):
        check(self.peered is not None and self.answered() > self.peered, "not told")

    @times(1)
    def probe_quiet(self):
        """Of some alerts nobody is told."""
        for instance in (self.quiet, self.night):
            check(len(self.alerts(instance)) == 1, "no such alert")
            self.pager.must(404, "GET", f"/pages/0/{instance}")

    @times(1)
    def probe_kept(self):
        self.told_of("silences", 0.6, self.comment)
        self.told_of("nflog", 0.6, self.told)

    @times(1)
    def probe_old_silence(self):
        found = json.loads(self.must(200, "GET", "/silences?filter=instance%3Dattic"))
        check([one["comment"] for one in found] == ["nobody lives in the attic"], "other silences")
        self.post(alert("attic", name=word(self.rng)))
        check({one["status"]["state"] for one in self.alerts("attic")} == {"suppressed"}, "not silenced")

    @times(1)
    def probe_twin(self):
        cluster = json.loads(self.must(200, "GET", "/status"))["cluster"]
        check((cluster["status"], len(cluster["peers"])) == ("ready", 2), "no twin")
        check(self.twin.json("GET", f"/api/v2/silence/{self.id}")["comment"] == self.comment, "another comment")

    @times(1)
    def probe_reload(self):
        self.http.must(200, "POST", "/-/reload", headers=basic(PASSWORD))
        check(b"<title>Alertmanager" in self.http.must(200, "GET", "/", headers=basic(PASSWORD)), "another page")

    @times(1)
    def probe_many_clients(self):
        self.http.many("/-/healthy", basic(PASSWORD))

    @times(1)
    def wrong_password(self):
        self.must(401, "GET", "/status", password=word(self.rng))

    @times(1)
    def wrong_alert(self):
        self.must(400, "POST", "/alerts", [{"labels": {}, "annotations": {"summary": word(self.rng)}}])

    @times(1)
    def wrong_silence(self):
        self.must(400, "POST", "/silences", silence(word(self.rng), "too late") | {"endsAt": stamp(-60)})

    @times(1)
    def wrong_name(self):
        self.must(404, "GET", "/silence/00000000-0000-4000-8000-0000{:08x}".format(self.rng.randrange(2**32)))
