import time

from ask import Http, check, times

# The next full minute, and what jobs take.
PATIENCE = 66


class Target:
    def __init__(self, host, port, rng):
        self.http = Http(host, port)
        self.until = time.monotonic() + PATIENCE

    def find(self, path, content):
        while True:
            status, body = self.http.ask("GET", path)
            if status == 200 and content in body:
                return
            check(time.monotonic() < self.until, f"{path}: {status}")
            time.sleep(0.5)

    @times(1)
    def probe_job_of_root(self):
        self.find("/root", b"\n")

    @times(1)
    def probe_rename(self):
        self.find("/renamed", b"a")

    @times(1)
    def probe_temporary_file(self):
        self.find("/copied", b"b")

    @times(1)
    def probe_job_of_user(self):
        self.find("/ops/user", b"ops")

    @times(1)
    def probe_personal_table(self):
        self.find("/ops/personal", b"c")

    @times(1)
    def probe_peer(self):
        self.find("/ops/peer", b"true")
