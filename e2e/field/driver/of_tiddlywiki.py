import base64
import gzip
import json
import urllib.parse

from ask import Http, blob, check, times, word

USER, PASSWORD = "writer", "notebook"


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        # What the round before stored; at first what was there. A file is written a moment after its note is taken.
        self.saved = "/files/saved/first.tid", b"The //first// note"
        self.journal = "/files/journal/today.tid", b"A fine day."
        self.picture = "/files/media/report.txt", b"line 000001\n"
        self.listed, self.copied = "second", "second"
        self.deleted = "old", "none"
        self.published = "/files/static/first.html", False, b"the second"

    def ask(self, status, method, path, body=None, password=PASSWORD, **headers):
        """Headers and content of an answer with this status."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if method != "GET":
            basic = base64.b64encode(f"{USER}:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {basic}", "X-Requested-With": "TiddlyWiki", **headers}
        return self.http.answer(status, method, path, body, headers)

    def get(self, path):
        return self.ask(200, "GET", path)[1]

    def put(self, text, status=204, title=None, tags="", kind="text/vnd.tiddlywiki", **more):
        """Title of a note with this text."""
        title = title or word(self.rng)
        note = {"title": title, "tags": tags, "type": kind, "text": text}
        self.ask(status, "PUT", f"/recipes/default/tiddlers/{title}", json.dumps(note), **more)
        return title

    def note(self, title):
        return json.loads(self.get(f"/recipes/default/tiddlers/{title}"))

    @times(2)
    def probe_note(self):
        text = word(self.rng, 200)
        title = self.put(text)
        check(self.note(title)["text"] == text, "another text")
        text = word(self.rng, 100)
        self.put(text, title=title)
        check(self.note(title)["text"] == text, "the text before")

    @times(1)
    def probe_saved(self):
        """A note is a file."""
        (path, before), text = self.saved, word(self.rng, 200)
        self.saved = f"/files/saved/{self.put(text)}.tid", text.encode()
        check(before in self.get(path), "another text")

    @times(1)
    def probe_journal(self):
        """A journal is a file elsewhere."""
        (path, before), text = self.journal, word(self.rng, 200)
        self.journal = f"/files/journal/{self.put(text, tags='journal')}.tid", text.encode()
        check(before in self.get(path), "another text")

    @times(1)
    def probe_picture(self):
        """A picture is a file of its own kind."""
        (path, before), content = self.picture, blob(self.rng, 100_000)
        title = self.put(base64.b64encode(content).decode(), kind="image/png")
        self.picture = f"/files/saved/{title}.png", content
        check(self.get(path).startswith(before), "another picture")

    @times(1)
    def probe_deletion(self):
        """A note goes at once, and its file soon."""
        title, before = self.deleted
        self.deleted = self.put(word(self.rng, 50)), title
        check(self.get(f"/files/saved/{title}.tid"), "no file")
        self.ask(204, "DELETE", f"/bags/default/tiddlers/{title}")
        self.ask(404, "GET", f"/recipes/default/tiddlers/{title}")
        self.ask(404, "GET", f"/files/saved/{before}.tid")

    @times(1)
    def probe_page(self):
        """A note with another in it, and one with Markdown."""
        check("the second" in self.get("/first").decode(), "not within")
        text = word(self.rng)
        title = self.put(f"**{text}**", kind="text/markdown")
        check(f"<strong>{text}</strong>" in self.get(f"/{title}").decode(), "not rendered")

    @times(1)
    def probe_list(self):
        """All notes that ever were; a browser that has the list is told so."""
        before, self.listed = self.listed, self.put(word(self.rng))
        headers, content = self.ask(200, "GET", "/recipes/default/tiddlers.json")
        titles = [note["title"] for note in json.loads(content)]
        check(before in titles and self.listed in titles, "not listed")
        self.ask(304, "GET", "/recipes/default/tiddlers.json", If_None_Match=headers["Etag"])

    @times(1)
    def probe_whole(self):
        """The whole notebook is one page."""
        headers, content = self.ask(200, "GET", "/", Accept_Encoding="gzip")
        check(headers["Content-Encoding"] == "gzip", "not packed")
        check(f'"{self.listed}"'.encode() in gzip.decompress(content), "not within")

    @times(1)
    def probe_range(self):
        number = self.rng.randrange(4_000)
        part = self.ask(206, "GET", "/files/media/report.txt", Range=f"bytes={number * 12}-{number * 12 + 11}")[1]
        check(part == f"line {number + 1:06}\n".encode(), "another part")

    @times(1)
    def probe_media(self):
        path, content = f"/media/{word(self.rng)}.bin", blob(self.rng, 300_000)
        self.ask(201, "PUT", path, content)
        check(self.get("/files" + path) == content, "another content")

    @times(1)
    def probe_published(self):
        """What was rendered at the start, and what was published since."""
        (path, packed, before), text = self.published, word(self.rng, 200)
        title = self.put(text, tags="public")
        self.published = f"/files/static/{title}.html.gz", True, text.encode()
        content = self.get(path)
        check(before in (gzip.decompress(content) if packed else content), "another page")
        check(b"the second" in self.get("/files/static/first.html"), "another page")
        check(f">{title}</a>" in self.get("/contents").decode(), "not listed")

    @times(1)
    def probe_backup(self):
        """What the round before listed is there too."""
        title, self.copied = self.copied, self.listed
        titles = [note["title"] for note in json.loads(self.get("/files/backup/notes.json"))]
        check(title in titles, "not there")

    @times(1)
    def probe_card(self):
        path = f"/card/{word(self.rng)}"
        check(json.loads(self.get(path))["path"] == path, "another card")

    @times(1)
    def wrong_password(self):
        self.put("a", status=401, password=word(self.rng))

    @times(1)
    def wrong_origin(self):
        self.put("a", status=403, X_Requested_With="another")

    @times(1)
    def wrong_note(self):
        self.ask(404, "GET", f"/recipes/default/tiddlers/{word(self.rng)}")

    @times(1)
    def wrong_filter(self):
        asked = urllib.parse.quote(f"[tag[{word(self.rng)}]]")
        self.ask(403, "GET", f"/recipes/default/tiddlers.json?filter={asked}")
