import os
import tempfile
import urllib.request

from ask import Refused, blob, check, run, times, word


class Target:
    def __init__(self, host, port, rng):
        self.host, self.rng = host, rng
        self.folder = tempfile.mkdtemp()
        self.key = os.path.join(self.folder, "key")
        with urllib.request.urlopen(f"http://{host}:8081/key", timeout=5) as answer, open(self.key, "wb") as file:
            file.write(answer.read())
        os.chmod(self.key, 0o600)
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        options += ["ConnectTimeout=2", "IdentitiesOnly=yes", "ControlMaster=no", f"Port={port}"]
        self.options = ["-F", "none", *(part for option in options for part in ("-o", option))]

    def ssh(self, *words, user="ops", key=None, stdin=b""):
        return run(
            "ssh", *self.options, "-i", key or self.key, f"{user}@{self.host}", *words, stdin=stdin, timeout=6
        )

    @times(1)
    def probe_command(self):
        name = word(self.rng)
        check(self.ssh("echo", name).strip() == name, "another answer")

    @times(1)
    def probe_temporary_file(self):
        self.ssh("f=$(mktemp) && echo x >$f && rm $f")

    @times(1)
    def probe_home(self):
        name = word(self.rng)
        check(self.ssh(f"echo {name} >{name} && cat {name}").strip() == name, "another content")

    @times(1)
    def probe_terminal(self):
        check("/dev/pts" in self.ssh("-tt", "tty"), "no terminal")

    @times(1)
    def probe_files(self):
        name = word(self.rng)
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(blob(self.rng, 700_000))
        self.sftp(f"put {self.folder}/{name} {name}", f"get {name} {self.folder}/{name}.back")

    @times(1)
    def probe_housekeeping(self):
        name = word(self.rng)
        self.sftp(f"mkdir {name}", f"rename {name} {name}.2", f"rmdir {name}.2")
        self.ssh(f"touch {name} && mv {name} {name}.2 && rm {name}.2")

    def sftp(self, *commands):
        batch = "\n".join(commands).encode() + b"\n"
        run("sftp", *self.options, "-b", "-", "-i", self.key, f"ops@{self.host}", stdin=batch)

    @times(1)
    def wrong_user(self):
        self.refused(user=word(self.rng))

    @times(1)
    def wrong_key(self):
        key = os.path.join(self.folder, word(self.rng))
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        self.refused(key=key)

    def refused(self, **how):
        try:
            self.ssh("true", **how)
        except Refused as refused:
            check("Permission denied" in str(refused), str(refused))
            return
        raise Refused("let in")

    @times(1)
    def probe_tunnel(self):
        ask = b"GET /tunnel HTTP/1.0\r\n\r\n"
        answer = self.ssh("-W", "peer.field.svc.cluster.local:80", stdin=ask)
        check("200 OK" in answer, "no answer")
