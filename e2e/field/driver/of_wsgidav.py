import base64
import email.utils
import io
import re
import zipfile

from ask import Http, blob, check, times, word

USER, PASSWORD = "clerk", "shelves"
ASKED = '<propfind xmlns="DAV:"><prop><{}/></prop></propfind>'


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.base = f"http://{host}:{port}"
        # What an earlier round stored; at first what was there.
        self.kept = "/files/drawings/10.txt", b"drawing 10\n"

    def must(self, status, method, path, body=None, password=PASSWORD, **headers):
        basic = base64.b64encode(f"{USER}:{password}".encode()).decode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.must(status, method, path, body, {"Authorization": f"Basic {basic}", **headers})

    def new(self, folder="desk", size=2_000, **headers):
        """A new file and its content."""
        path, content = f"/files/{folder}/{word(self.rng)}.txt", blob(self.rng, size)
        self.must(201, "PUT", path, content, **headers)
        return path, content

    def same(self, path, content):
        check(self.must(200, "GET", path) == content, "another content")

    def note(self, path):
        return self.must(207, "PROPFIND", path, ASKED.format('note xmlns="urn:field"'), Depth="0").decode()

    @times(2)
    def probe_file(self):
        path, content = self.new()
        self.same(path, content)
        content = blob(self.rng, 1_000)
        self.must(204, "PUT", path, content)
        self.same(path, content)
        self.must(204, "DELETE", path)
        self.must(404, "GET", path)

    @times(1)
    def probe_large_file(self):
        self.same(*self.new(size=300_000))

    @times(1)
    def probe_kept(self):
        """What the round before stored is there."""
        (path, content), self.kept = self.kept, ("/files/desk/none", b"")
        self.kept = self.new()
        self.same(path, content)

    @times(1)
    def probe_folder(self):
        path = f"/files/desk/{word(self.rng)}"
        names = [word(self.rng) for _ in range(2)]
        self.must(201, "MKCOL", path)
        for name in names:
            self.must(201, "PUT", f"{path}/{name}", name)
        listed = self.must(207, "PROPFIND", path, Depth="1").decode()
        check(all(f"{path}/{name}<" in listed for name in names), "not listed")
        self.must(201, "COPY", path, Destination=f"{self.base}{path}-copy")
        self.must(204, "DELETE", path)
        self.must(404, "GET", f"{path}/{names[0]}")
        self.same(f"{path}-copy/{names[0]}", names[0].encode())

    @times(1)
    def probe_move(self):
        path, content = self.new()
        there = f"/files/drawings/{word(self.rng)}.txt"
        self.must(201, "MOVE", path, Destination=self.base + there)
        self.must(404, "GET", path)
        self.same(there, content)

    @times(1)
    def probe_archive(self):
        """Into another volume, which is also shared alone."""
        path, content = self.new()
        name = f"{word(self.rng)}.txt"
        self.must(201, "MOVE", path, Destination=f"{self.base}/files/archive/2024/{name}")
        self.must(404, "GET", path)
        self.same(f"/archive/2024/{name}", content)

    @times(1)
    def probe_property(self):
        """A note is kept, and goes with its file."""
        path, _ = self.new()
        note = word(self.rng)
        body = (
            '<propertyupdate xmlns="DAV:"><set><prop>'
            f'<note xmlns="urn:field">{note}</note></prop></set></propertyupdate>'
        )
        self.must(207, "PROPPATCH", path, body)
        check(note in self.note(path), "not kept")
        self.must(201, "MOVE", path, Destination=f"{self.base}{path}.moved")
        check(note in self.note(f"{path}.moved"), "left behind")

    @times(1)
    def probe_old_property(self):
        number = self.rng.randrange(10, 26)
        check(f"as built, {number}" in self.note(f"/files/drawings/{number}.txt"), "lost")

    @times(1)
    def probe_lock(self):
        path, _ = self.new()
        body = (
            '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype>'
            "<owner>clerk</owner></lockinfo>"
        )
        answer = self.must(200, "LOCK", path, body, Timeout="Second-60", Depth="0").decode()
        token = re.search("opaquelocktoken:[^<]+", answer)[0]
        self.must(423, "PUT", path, b"a")
        self.must(204, "PUT", path, b"b", If=f"(<{token}>)")
        self.must(204, "UNLOCK", path, Lock_Token=f"<{token}>")
        self.must(204, "PUT", path, b"c")
        self.same(path, b"c")

    @times(1)
    def probe_date_and_space(self):
        """A file's own date is kept, and the space that is left is told."""
        date = self.rng.randrange(10**9, 10**9 + 10**8)
        path, _ = self.new(**{"X-OC-Mtime": str(date)})
        told = self.must(207, "PROPFIND", path, ASKED.format("getlastmodified"), Depth="0").decode()
        check(email.utils.formatdate(date, usegmt=True) in told, "another date")
        told = self.must(207, "PROPFIND", "/files/", ASKED.format("quota-available-bytes"), Depth="0").decode()
        check(re.search(r"quota-available-bytes>\d+<", told), "not told")

    @times(1)
    def probe_range_and_page(self):
        """A part of a file, and a folder as a page with its picture."""
        number = self.rng.randrange(4_000)
        first = number * 12
        part = self.must(206, "GET", "/archive/2023/report.txt", Range=f"bytes={first}-{first + 11}")
        check(part == f"line {number + 1:06}\n".encode(), "another part")
        check(b"17.txt" in self.must(200, "GET", "/files/drawings/"), "not listed")
        check(self.must(200, "GET", "/:dir_browser/style.css"), "no style")

    @times(1)
    def probe_incoming(self):
        self.same(*self.new("incoming"))

    @times(1)
    def probe_pack(self):
        packed = zipfile.ZipFile(io.BytesIO(self.must(200, "GET", "/archive/2023/?zip")))
        check(packed.read("report.txt").endswith(b"line 004000\n"), "another content")

    @times(1)
    def probe_journal(self):
        """It tells of the file that is kept, which was stored a while ago."""
        check(f"PUT {self.kept[0]}\n" in self.must(200, "GET", "/journal/changes").decode(), "not told")

    @times(1)
    def wrong_password(self):
        self.must(401, "GET", "/files/drawings/10.txt", password=word(self.rng))

    @times(1)
    def wrong_file(self):
        self.must(404, "GET", f"/files/desk/{word(self.rng)}.txt")

    @times(1)
    def wrong_share(self):
        self.must(403, "PUT", f"/archive/2024/{word(self.rng)}.txt", b"a")

    @times(1)
    def wrong_folder(self):
        self.must(409, "PUT", f"/files/desk/{word(self.rng)}/a.txt", b"a")
