import base64
import re

from ask import Http, blob, check, times, word

USER, PASSWORD = "ada", "calendar"


def event(name, summary, text=""):
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//field//EN",
        "BEGIN:VEVENT",
        f"UID:{name}",
        "DTSTAMP:20240101T000000Z",
        "DTSTART:20240301T090000Z",
        "DTEND:20240301T100000Z",
        f"SUMMARY:{summary}",
        *([f"DESCRIPTION:{text}"] if text else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


def contact(name, birthday=""):
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{name}",
        f"FN:{name}",
        f"N:{name};;;;",
        *([f"BDAY:{birthday}"] if birthday else []),
        "END:VCARD",
    ]
    return "\r\n".join(lines) + "\r\n"


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.base = f"http://{host}:{port}"
        self.token = ""

    def must(self, status, method, path, body=None, password=PASSWORD, **headers):
        basic = base64.b64encode(f"{USER}:{password}".encode()).decode()
        headers = {name.title(): value for name, value in headers.items()}
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "text/xml", **headers}
        return self.http.must(status, method, path, body, headers).decode()

    def put(self, collection, name, body):
        kind = "vcf" if collection == "contacts" else "ics"
        path = f"/{USER}/{collection}/{name}.{kind}"
        self.must(201, "PUT", path, body, **{"Content-Type": "text/vcard" if kind == "vcf" else "text/calendar"})
        return path

    @times(2)
    def probe_event(self):
        name, summary = word(self.rng), word(self.rng)
        path = self.put("work", name, event(name, summary))
        check(f"SUMMARY:{summary}" in self.must(200, "GET", path), "another event")

    @times(1)
    def probe_large_event(self):
        name, text = word(self.rng), blob(self.rng, 100_000).decode()
        path = self.put("work", name, event(name, name, text))
        # Long lines are folded.
        check(text in self.must(200, "GET", path).replace("\r\n ", ""), "another event")

    @times(2)
    def probe_contact(self):
        name = word(self.rng)
        path = self.put("contacts", name, contact(name))
        check(f"FN:{name}" in self.must(200, "GET", path), "another contact")

    @times(1)
    def probe_birthday(self):
        name, day = word(self.rng), f"19{self.rng.randrange(40, 99)}0{self.rng.randrange(1, 9)}17"
        self.put("contacts", name, contact(name, day))
        check(day in self.must(200, "GET", f"/{USER}/birthdays/{name}.ics"), "another day")

    @times(1)
    def probe_move(self):
        name = word(self.rng)
        path = self.put("work", name, event(name, name))
        there = f"/{USER}/private/{name}.ics"
        self.must(201, "MOVE", path, destination=self.base + there)
        self.must(404, "GET", path)
        check(f"UID:{name}" in self.must(200, "GET", there), "another event")

    @times(1)
    def probe_delete(self):
        name = word(self.rng)
        path = self.put("private", name, event(name, name))
        self.must(200, "DELETE", path)
        self.must(404, "GET", path)

    @times(1)
    def probe_sync(self):
        """What changed since the last time."""
        token, self.token = self.token, ""
        name = word(self.rng)
        path = self.put("private", name, event(name, name))
        body = (
            f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token>'
            "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
        )
        answer = self.must(207, "REPORT", f"/{USER}/private/", body)
        check(path in answer, "not told")
        self.token = re.search("<sync-token>(.+)</sync-token>", answer)[1]

    @times(1)
    def probe_query(self):
        body = (
            '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop>'
            '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            '<C:time-range start="20240201T000000Z" end="20240211T000000Z"/>'
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        answer = self.must(207, "REPORT", f"/{USER}/archive/", body, depth="1")
        check(answer.count("<response>") == 10, "other events")

    @times(1)
    def probe_new_calendar(self):
        path = f"/{USER}/{word(self.rng)}/"
        self.must(201, "MKCALENDAR", path)
        check("calendar" in self.must(207, "PROPFIND", path, depth="0"), "no calendar")
        self.must(200, "DELETE", path)

    @times(1)
    def wrong_password(self):
        self.must(401, "GET", f"/{USER}/archive/day-01.ics", password=word(self.rng))

    @times(1)
    def wrong_event(self):
        self.must(404, "GET", f"/{USER}/work/{word(self.rng)}.ics")

    @times(1)
    def wrong_body(self):
        self.must(400, "PUT", f"/{USER}/work/{word(self.rng)}.ics", "BEGIN:NOTHING\r\n")

    @times(1)
    def wrong_owner(self):
        self.must(403, "GET", f"/{word(self.rng)}/work/")
