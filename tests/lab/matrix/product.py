# SPDX-License-Identifier: BSD-3-Clause
"""What stands in the middle: Culvert, or Kamailio with rtpengine; and the PBX beside it.

Each has start(mode, users) and stop(); a product has calls() too: what it relays now, one entry
a call with to, relay, reason.
"""
import json
import os
import re
import shutil
import subprocess
import time

import net as labnet

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOMAIN = "example.test"
EDGE_AT = {("lan", 4): "192.168.50.1", ("lan", 6): "[fd50::1]",
           ("wan", 4): "198.51.100.10", ("wan", 6): "[2001:db8:1::10]"}
PBX_AT = {"pbx": "198.51.100.5", "pbx-lan": "198.51.100.5", "lanpbx": "192.168.50.5"}

CONF = """[general]
name = edge.lab.test
user = root
state-dir = {d}/state
run-dir = {d}/run
media-threads = 2
log-level = info

[network]
lan = 192.168.50.0/24, fd50::/64

[listen wan]
address = 198.51.100.10
side = wan

[listen lan]
address = 192.168.50.1
side = lan

[listen wan6]
address = 2001:db8:1::10
side = wan

[listen lan6]
address = fd50::1
side = lan

"""


def edge_at(place):
    """The address of the edge for who stands there."""
    return EDGE_AT["lan" if place.side == "lan" else "wan", place.family]


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def subscribers(path, users):
    write(path, "username(string) domain(string) password(string)\n" +
          "".join("%s:%s:secret-%s\n" % (u, DOMAIN, u) for u in users))


class Culvert:
    title = "Culvert"
    modes = ("edge", "pbx", "pbx-lan", "lanpbx")

    def __init__(self, net, build):
        self.net, self.build, self.proc = net, build, None

    def missing(self):
        return [] if os.access(os.path.join(self.build, "culvertd"), os.X_OK) else ["culvertd"]

    def start(self, mode, users):
        d = self.net.d
        for sub in ("state", "run"):
            os.makedirs(os.path.join(d, sub), exist_ok=True)
        text = CONF.format(d=d)
        if mode == "edge":
            text += "".join("[user %s]\npassword = secret-%s\n\n" % (u, u) for u in users)
        else:
            text += "[peer pbx]\ntarget = sip:%s\noptions-ping = off\ndomains = %s\n\n" % (
                PBX_AT[mode], DOMAIN)
        path = os.path.join(d, "culvert.conf")
        write(path, text)
        self.proc = self.net.spawn("edge", "culvertd-%s.log" % mode,
                                   os.path.join(self.build, "culvertd"), "-f", "-c", path)
        self.net.wait(10, "culvertd does not answer: see %s" % d,
                      lambda: self.ask("version") is not None)

    def ask(self, *words):
        """A question to the edge; None: no answer."""
        r = subprocess.run([os.path.join(self.build, "culvertctl"), "-s",
                            os.path.join(self.net.d, "run", "culvert.sock"), "--json"] +
                           list(words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           check=False)
        try:
            return json.loads(r.stdout) if r.returncode == 0 else None
        except ValueError:
            return None

    def calls(self):
        return (self.ask("show", "calls") or {}).get("calls", [])

    def stop(self):
        self.net.stop([self.proc], 10)
        if self.proc.returncode != 0:
            raise labnet.Failed("culvertd ended with status %d: see %s" % (self.proc.returncode,
                                                                           self.net.d))


class Kamailio:
    """With rtpengine, in the set-up that the documentation of nathelper and rtpengine gives."""
    title = "Kamailio with rtpengine"
    modes = ("edge",)

    def __init__(self, net, build):
        del build
        self.net, self.procs = net, []

    def missing(self):
        return [p for p in ("kamailio", "rtpengine") if not shutil.which(p)]

    def start(self, mode, users):
        home = os.path.join(self.net.d, "middle")
        os.makedirs(os.path.join(home, "db"), exist_ok=True)
        subscribers(os.path.join(home, "db", "subscriber"), users)
        with open(os.path.join(LAB, "matrix", "kamailio-edge.cfg.in"), encoding="utf-8") as f:
            write(os.path.join(home, "kamailio.cfg"), f.read().replace("@DIR@", home))
        rtp = self.net.spawn(
            "edge", "rtpengine.log", "rtpengine", "--config-file=none", "--table=-1",
            "--foreground", "--log-stderr", "--log-level=5", "--interface=lan/192.168.50.1",
            "--interface=lan/fd50::1", "--interface=wan/198.51.100.10",
            "--interface=wan/2001:db8:1::10", "--listen-ng=127.0.0.1:2223",
            "--listen-cli=127.0.0.1:9900", "--port-min=16384", "--port-max=32767",
            "--num-threads=2", "--delete-delay=0", "--tos=184")
        # Kamailio asks for it once at its start and then not for a minute
        self.net.wait(10, "rtpengine does not start", lambda: self.sessions() is not None)
        kam = self.net.spawn("edge", "kamailio-%s.log" % mode, "kamailio", "-DD", "-E", "-f",
                             os.path.join(home, "kamailio.cfg"), "-Y", home, "-m", "64", "-M", "8")
        self.procs = [kam, rtp]
        time.sleep(1.5)

    def sessions(self):
        """Call-IDs of what rtpengine relays; None: it does not answer."""
        try:
            s = self.net.connect("edge", 9900, 2)
        except OSError:
            return None
        text = b""
        with s:
            s.sendall(b"list sessions all\n")
            while True:
                data = s.recv(65536)
                if not data:
                    break
                text += data
        return set(re.findall(r"callid:\s*(\S+)", text.decode(errors="replace")))

    def calls(self):
        live = self.sessions() or set()
        with open(os.path.join(self.net.d, "kamailio-edge.log"), encoding="utf-8",
                  errors="replace") as f:
            said = re.findall(r"relays callid=(\S+) to=(\S+)", f.read())
        return [{"to": to + "@", "relay": True, "reason": "rtpengine"} for callid, to in said
                if callid in live]

    def stop(self):
        self.net.stop(self.procs, 10)


class Pbx:
    """A registrar that is not ours and knows nothing of NAT; its phones come through the edge."""

    def __init__(self, net):
        self.net, self.proc = net, None

    def start(self, mode, users):
        if mode not in PBX_AT:
            return
        home = os.path.join(self.net.d, "pbx-" + mode)
        os.makedirs(os.path.join(home, "db"))
        subscribers(os.path.join(home, "db", "subscriber"), users)
        with open(os.path.join(LAB, "kamailio.cfg.in"), encoding="utf-8") as f:
            text = f.read()
        for word, is_now in (("@ADDR@", PBX_AT[mode]), ("@DIR@", home), ("@PATH@", "0")):
            text = text.replace(word, is_now)
        write(os.path.join(home, "kamailio.cfg"), text)
        self.proc = self.net.spawn("lpbx" if mode == "lanpbx" else "pbx", "pbx-%s.log" % mode,
                                   "kamailio", "-DD", "-E", "-f",
                                   os.path.join(home, "kamailio.cfg"), "-Y", home, "-m", "64",
                                   "-M", "8")
        time.sleep(1)

    def stop(self):
        if self.proc:
            self.net.stop([self.proc], 10)
            self.proc = None


PRODUCTS = {"culvert": Culvert, "kamailio": Kamailio}
