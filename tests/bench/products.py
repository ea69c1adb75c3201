# SPDX-License-Identifier: BSD-3-Clause
"""The two products a benchmark of calls measures: Culvert, and Kamailio with rtpengine. Each is a
class with start() and stop(); pids are the processes that belong to it."""
import os
import shutil
import subprocess

from benchlib import (BENCH, CALLEE, CALLER, LAN, QUIET_CALLEE, QUIET_CALLER, WAN, BenchError,
                      wait_for)

PORTS = (10000, 64999)
NG_PORT = 2223

CULVERT = """[general]
name = edge.bench.test
user = root
state-dir = {dir}/state
run-dir = {dir}/run
media-threads = 1
[network]
lan = 192.168.50.0/24
[listen lan]
address = {lan}
tcp = off
side = lan
[listen wan]
address = {wan}
tcp = off
side = wan
[peer caller]
target = sip:{caller}:5060
options-ping = off
[peer callee]
target = sip:{callee}:5060
options-ping = off
[peer quiet-caller]
target = sip:{quiet_caller}:5060
relay = never
options-ping = off
[peer quiet-callee]
target = sip:{quiet_callee}:5060
relay = never
options-ping = off
[route all]
from = peer:caller
peer = callee
[route quiet]
from = peer:quiet-caller
peer = quiet-callee
[media]
ports = {ports[0]}-{ports[1]}
idle-timeout = 600s
"""


class Culvert:
    name, log = "culvert", "culvertd"

    def __init__(self, lab, build, core):
        self.lab, self.build, self.core = lab, build, core
        self.program, self.pids = None, []

    def missing(self):
        path = os.path.join(self.build, "culvertd")
        return None if os.access(path, os.X_OK) else "no culvertd in %s: make first" % self.build

    def start(self):
        conf = os.path.join(self.lab.dir, "culvert.conf")
        with open(conf, "w") as out:
            out.write(CULVERT.format(dir=self.lab.dir, lan=LAN, wan=WAN, caller=CALLER,
                                     callee=CALLEE, ports=PORTS, quiet_caller=QUIET_CALLER,
                                     quiet_callee=QUIET_CALLEE))
        self.program = self.lab.start("edge", "culvertd", [
            os.path.join(self.build, "culvertd"), "-f", "-c", conf], self.core)
        wait_for("culvertd does not start: " + self.lab.last_words("culvertd"), 10, self.answers)
        self.pids = [self.program.pid]

    def answers(self):
        if self.program.poll() is not None:
            raise BenchError("culvertd: " + self.lab.last_words("culvertd"))
        return self.ask("version") is not None

    def ask(self, *words):
        done = subprocess.run([os.path.join(self.build, "culvertctl"), "-s",
                               os.path.join(self.lab.dir, "run", "culvert.sock"), "--json", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.stdout if done.returncode == 0 else None

    def stop(self):
        self.lab.stop(self.program)


class Kamailio:
    name, log = "kamailio+rtpengine", "kamailio"

    def __init__(self, lab, build, core):
        del build
        self.lab, self.core = lab, core
        self.kamailio = self.rtpengine = None
        self.pids = []

    def missing(self):
        for program in ("kamailio", "rtpengine", "kamcmd"):
            if not shutil.which(program):
                return "%s is not installed (contrib/deps bench)" % program
        return None

    def start(self):
        config = os.path.join(self.lab.dir, "kamailio.cfg")
        text = open(os.path.join(BENCH, "kamailio-calls.cfg.in")).read()
        for word, value in (("@LAN@", LAN), ("@WAN@", WAN), ("@CALLEE@", CALLEE), ("@QUIET_CALLER@", QUIET_CALLER),
                            ("@QUIET_CALLEE@", QUIET_CALLEE),
                            ("@DIR@", self.lab.dir)):
            text = text.replace(word, value)
        with open(config, "w") as out:
            out.write(text)
        # A session given up stays 5 s: as long as a port of ours rests
        self.rtpengine = self.lab.start("edge", "rtpengine", [
            "rtpengine", "--config-file=none", "--table=-1", "--foreground", "--log-stderr",
            "--log-level=3", "--interface=lan/" + LAN, "--interface=wan/" + WAN,
            "--listen-ng=127.0.0.1:%d" % NG_PORT, "--port-min=%d" % PORTS[0], "--port-max=%d" % PORTS[1],
            "--num-threads=1", "--delete-delay=5", "--timeout=600", "--silent-timeout=600"],
            self.core)
        # Kamailio asks once at its start and then not for a minute
        wait_for("rtpengine does not start", 10, self.listens)
        self.kamailio = self.lab.start("edge", "kamailio", [
            "kamailio", "-DD", "-E", "-f", config, "-Y", self.lab.dir, "-m", "1024", "-M", "16"],
            self.core)
        wait_for("kamailio does not start: " + self.lab.last_words("kamailio"), 10, self.answers)
        self.pids = [self.kamailio.pid, self.rtpengine.pid]

    def listens(self):
        if self.rtpengine.poll() is not None:
            raise BenchError("rtpengine: " + self.lab.last_words("rtpengine"))
        return ":%04X " % NG_PORT in open("/proc/%d/net/udp" % self.rtpengine.pid).read()

    def answers(self):
        for program, name in ((self.kamailio, "kamailio"), (self.rtpengine, "rtpengine")):
            if program.poll() is not None:
                raise BenchError("%s: %s" % (name, self.lab.last_words(name)))
        done = subprocess.run(["kamcmd", "-s", "unix:%s/ctl.sock" % self.lab.dir, "rtpengine.show",
                               "all"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.returncode == 0 and "disabled: 0" in done.stdout

    def stop(self):
        self.lab.stop(self.kamailio)
        self.lab.stop(self.rtpengine)
