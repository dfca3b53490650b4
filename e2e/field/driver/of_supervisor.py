import base64
import hashlib
import json
import re
import time
import xmlrpc.client

from ask import Http, check, times, word

USER, PASSWORD = "ops", "overseer"
# Faults that the API tells.
BAD_NAME, BAD_SIGNAL, ALREADY_STARTED = 10, 11, 60

PROGRAMS = ("store", "packer", "asker", "teller", "deployer", "worker_00", "worker_01", "journal")


class Target:
    def __init__(self, host, port, rng):
        self.http, self.rng = Http(host, port), rng
        self.first, self.round, self.failed = None, {}, {}
        # The programs need a moment after the supervisor is up.
        time.sleep(2)

    def ask(self, status, method, path, body=None, password=PASSWORD):
        basic = base64.b64encode(f"{USER}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "text/xml"}
        return self.http.must(status, method, path, body, headers)

    def call(self, method, *arguments):
        body = xmlrpc.client.dumps(arguments, f"supervisor.{method}")
        return xmlrpc.client.loads(self.ask(200, "POST", "/RPC2", body))[0][0]

    def refused(self, fault, method, *arguments):
        try:
            self.call(method, *arguments)
        except xmlrpc.client.Fault as error:
            check(error.faultCode == fault, f"another fault: {error}")
        else:
            check(False, "not refused")

    def order(self, probe, method, *arguments):
        """What a probe looks at later; one that fails hinders no other."""
        try:
            return self.call(method, *arguments)
        except Exception as error:  # the probe tells it
            self.failed.setdefault(probe, error)

    def say(self, probe, program, line):
        self.order(probe, "sendProcessStdin", program, line + "\n")

    def begin(self):
        """All orders of a round, so that programs work side by side."""
        self.failed = {}
        now = self.round = {what: word(self.rng, 12) for what in ("key", "value", "pack", "ask", "task", "count")}
        now["numbers"] = self.rng.randrange(30_000, 40_000)
        self.first = self.first or (now["key"], now["value"])
        now["worker"] = self.order("restart", "getProcessInfo", "worker:worker_01")
        self.order("restart", "signalProcess", "worker:worker_01", "KILL")
        self.order("backup", "startProcess", "backup", False)
        self.say("deployment", "deployer", now["task"])
        self.say("store", "store", f"put {now['key']} {now['value']}")
        self.say("pack", "packer", f"{now['pack']} {now['numbers']}")
        self.say("peer", "asker", now["ask"])
        now["signals"] = self.signals()
        self.order("signal", "signalProcess", "worker:worker_00", "USR2")
        self.order("socket", "sendRemoteCommEvent", "count", now["count"])
        time.sleep(0.3)
        now["changes"] = self.order("deployment", "reloadConfig")
        self.order("deployment", "addProcessGroup", f"task-{now['task']}")
        time.sleep(0.2)
        # Later than the other signal, whose long answer makes the log go on in another file.
        self.order("signal", "signalProcess", "worker:worker_00", "USR1")
        # The supervisor sees that a task has ended once anything is asked of it.
        self.say("store", "store", f"get {self.first[0]}")
        self.say("store", "store", f"get old{self.rng.randrange(1, 21)}")
        time.sleep(0.2)
        for name in ("pack", "count", "task"):
            self.say("journal", "teller", f"journal {now[name]}")
        self.say("sweep", "teller", f"sweep {now['key']}")
        time.sleep(0.2)

    def ordered(self, probe):
        if probe in self.failed:
            raise self.failed[probe]

    def log(self, program, size=8_000):
        return self.call("tailProcessStdoutLog", program, 0, size)[0]

    def signals(self):
        """How often a worker was signalled, as the end of its log tells."""
        text = self.order("signal", "tailProcessStdoutLog", "worker:worker_00", 0, 1_000)
        found = re.findall(r"^signal (\d+)$", text[0] if text else "", re.M)
        return int(found[-1]) if found else 0

    @times(1)
    def probe_programs(self):
        self.begin()
        check(self.call("getState")["statename"] == "RUNNING", "not running")
        states = {one["name"]: one["statename"] for one in self.call("getAllProcessInfo")}
        check(all(states[name] == "RUNNING" for name in PROGRAMS), f"not all run: {states}")

    @times(1)
    def probe_store(self):
        self.ordered("store")
        text = self.log("store")
        check(f"put {self.round['key']} {self.round['value']}\n" in text, "not stored")
        check("get {} {}\n".format(*self.first) in text, "not kept")
        check(re.search(r"^get old(\d+) value\1$", text, re.M), "not kept from before")

    @times(1)
    def probe_pack(self):
        self.ordered("pack")
        text = "".join(f"{number}\n" for number in range(1, self.round["numbers"] + 1))
        digest = hashlib.sha256(text.encode()).hexdigest()
        check(f"packed {self.round['pack']} {digest}\n" in self.log("packer"), "not packed")

    @times(1)
    def probe_peer(self):
        self.ordered("peer")
        answer = json.dumps({"path": f"/asked/{self.round['ask']}", "ok": True})
        check(f"asked 200 {answer}\n" in self.log("asker"), "no answer")

    @times(1)
    def probe_deployment(self):
        """A program that was not there when the supervisor started."""
        self.ordered("deployment")
        task = f"task-{self.round['task']}"
        check(task in self.round["changes"][0][0], "not found")
        info = self.call("getProcessInfo", task)
        check((info["statename"], info["exitstatus"]) == ("EXITED", 0), f"the task is {info['statename']}")
        check(f"task {self.round['task']} is done by www-data\n" in self.log(task), "not done")
        self.call("removeProcessGroup", task)

    @times(1)
    def probe_restart(self):
        """A program that was killed is there again."""
        self.ordered("restart")
        info = self.call("getProcessInfo", "worker:worker_01")
        check(info["statename"] == "RUNNING" and info["pid"] != self.round["worker"]["pid"], "not restarted")

    @times(1)
    def probe_signal(self):
        """A program gets signals, and its log goes on in another file."""
        before, after = self.round["signals"], self.signals()
        self.ordered("signal")
        check(after == before + 2, f"{after - before} signals")

    @times(1)
    def probe_backup(self):
        self.ordered("backup")
        info = self.call("getProcessInfo", "backup")
        check((info["statename"], info["exitstatus"]) == ("EXITED", 0), f"the backup is {info['statename']}")
        check(info["now"] - info["start"] < 5, "the backup is old")
        count = re.findall(r"^backup of (\d+) entries$", self.log("backup"), re.M)
        check(count and int(count[-1]) >= 20, "no entries")

    @times(1)
    def probe_journal(self):
        """What the listener heard of a program's end, and of what another said."""
        self.ordered("journal")
        text = self.log("teller")
        check(f"PROCESS_STATE_EXITED processname:task-{self.round['task']} " in text, "no end")
        check(f"packed {self.round['pack']}\n" in text, "nothing was said")

    @times(1)
    def probe_socket(self):
        """The listener asks by the socket, once it hears of it."""
        self.ordered("socket")
        told = rf"REMOTE_COMMUNICATION type:count {self.round['count']} \S*store"
        check(re.search(told, self.log("teller")), "not told")

    @times(1)
    def probe_sweep(self):
        """A program that ends is started again."""
        self.ordered("sweep")
        found = re.search(rf"^sweep {self.round['key']} (\d+)$", self.log("teller"), re.M)
        check(found and int(found[1]) < 5, "no sweep")

    @times(1)
    def probe_log(self):
        text = self.call("readLog", -8_000, 0)
        check(f"spawned: 'task-{self.round['task']}' with pid" in text, "not logged")

    @times(1)
    def probe_pages(self):
        page = self.ask(200, "GET", "/").decode()
        check(all(f">{name}<" in page or f":{name}<" in page for name in PROGRAMS), "not all are shown")
        check(self.round["key"] in self.ask(200, "GET", "/tail.html?processname=store").decode(), "no log")

    @times(1)
    def probe_cleared_log(self):
        self.call("clearProcessLogs", "teller")
        check(self.log("teller") == "", "not cleared")

    @times(1)
    def wrong_password(self):
        self.ask(401, "GET", "/", password=word(self.rng))

    @times(1)
    def wrong_name(self):
        self.refused(BAD_NAME, "startProcess", word(self.rng))

    @times(1)
    def wrong_start(self):
        self.refused(ALREADY_STARTED, "startProcess", "store")

    @times(1)
    def wrong_signal(self):
        self.refused(BAD_SIGNAL, "signalProcess", "store", "NOTHING")
