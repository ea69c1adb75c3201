# SPDX-License-Identifier: BSD-3-Clause
"""The network of the matrix: every place a phone can stand in, all at once.

One segment is the Internet (198.51.100.0/24, 2001:db8:1::/64). On it: the edge, with a foot
in its LAN (192.168.50.0/24, fd50::/64), a PBX, public hosts, and the outsides of all NATs,
which one culvert-natbox makes. Behind each NAT is a home network with two hosts. Namespaces
begin with a prefix of this run; no packet leaves the machine.
"""
import ctypes
import os
import signal
import socket
import subprocess
import time

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
KINDS = ("ei", "ad", "apd")
ALGS = ("via", "contact", "sdp", "sdp,length")


class Failed(Exception):
    """Something of the laboratory itself does not work."""


class Place:
    """Where two phones can stand: h[0] and h[1] are namespaces, family 4 or 6. Apart: behind
    one NAT, but the addresses that such phones tell each other lead nowhere."""

    def __init__(self, name, family, side, nat=None):
        self.name, self.family, self.side, self.nat = name, family, side, nat
        self.apart = False
        self.h = []
        self.addr = []


class Net:
    def __init__(self, prefix, directory, natbox):
        self.p, self.d, self.natbox = prefix, directory, natbox
        self.procs = []
        self.boxes = []  # lines for culvert-natbox
        self.routes = []  # commands for when its devices are there
        self.places = []
        self.known = set()
        self.batch = {}
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)

    # --- commands

    def sh(self, *words):
        r = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           check=False)
        if r.returncode != 0:
            raise Failed("%s: %s" % (" ".join(words), r.stdout.strip()))
        return r.stdout

    def ip(self, ns, text):
        """One ip(8) command in a namespace; they run in batches, by flush()."""
        self.batch.setdefault(ns, []).append(text)

    def flush(self):
        for ns, lines in self.batch.items():
            r = subprocess.run(["ip", "-n", self.p + ns, "-batch", "-"], text=True,
                               input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, check=False)
            if r.returncode != 0:
                raise Failed("ip -n %s: %s" % (ns, r.stdout.strip()))
        self.batch = {}

    def sysctl(self, ns, *words):
        self.sh("ip", "netns", "exec", self.p + ns, "sysctl", "-qw", *words)

    def spawn(self, ns, log, *words):
        with open(os.path.join(self.d, log), "wb") as out:
            proc = subprocess.Popen(("ip", "netns", "exec", self.p + ns) + words, stdout=out,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.procs.append(proc)
        return proc

    def connect(self, ns, port, timeout):
        """A TCP connection to 127.0.0.1:port inside a namespace."""
        fd = os.open("/run/netns/" + self.p + ns, os.O_RDONLY)
        try:
            if LIBC.setns(fd, CLONE_NEWNET) != 0:
                raise Failed("setns %s: %s" % (ns, os.strerror(ctypes.get_errno())))
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            LIBC.setns(self.home, CLONE_NEWNET)
            os.close(fd)
        s.settimeout(timeout)
        s.connect(("127.0.0.1", port))
        return s

    # --- pieces

    def namespace(self, name):
        self.sh("ip", "netns", "add", self.p + name)
        self.known.add(name)
        self.ip(name, "link set lo up")
        self.sysctl(name, "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0",
                    "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_ra=0",
                    "net.ipv6.conf.default.accept_ra=0")

    def switch(self, name):
        self.ip(name, "link add br0 type bridge")
        self.ip(name, "link set br0 up")

    def plug(self, host, dev, switch):
        """A cable from a host into the bridge of another namespace."""
        self.flush()
        self.sh("ip", "link", "add", dev, "netns", self.p + host, "type", "veth", "peer", "name",
                "v-" + host, "netns", self.p + switch)
        self.ip(switch, "link set v-%s master br0 up" % host)
        self.ip(host, "link set %s up" % dev)

    def host(self, name, switch, addr, gateway):
        self.namespace(name)
        self.plug(name, "eth0", switch)
        six = ":" in addr
        self.ip(name, "addr add %s dev eth0%s" % (addr, " nodad" if six else ""))
        self.ip(name, "route add %s via %s" % ("::/0" if six else "default", gateway))

    # --- the whole

    def base(self):
        self.namespace("net")
        self.switch("net")
        self.ip("net", "addr add 198.51.100.1/24 dev br0")
        self.ip("net", "addr add 2001:db8:1::1/64 dev br0 nodad")
        self.sysctl("net", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.flush()
        self.sysctl("net", "net.ipv4.conf.br0.proxy_arp=1")
        self.namespace("lan")
        self.switch("lan")
        self.namespace("edge")
        self.plug("edge", "wan0", "net")
        self.ip("edge", "addr add 198.51.100.10/24 dev wan0")
        self.ip("edge", "addr add 2001:db8:1::10/64 dev wan0 nodad")
        self.ip("edge", "route add default via 198.51.100.1")
        self.ip("edge", "route add ::/0 via 2001:db8:1::1")
        self.plug("edge", "lan0", "lan")
        self.ip("edge", "addr add 192.168.50.1/24 dev lan0")
        self.ip("edge", "addr add fd50::1/64 dev lan0 nodad")
        self.host("pbx", "net", "198.51.100.5/24", "198.51.100.1")
        self.host("lpbx", "lan", "192.168.50.5/24", "192.168.50.1")

    def place(self, name, family, side, nat=None):
        p = Place(name, family, side, nat)
        self.places.append(p)
        return p

    def two(self, place, switch, net, first, gateway, bits):
        for i in range(2):
            name = "%s%d" % (place.name.replace("-", ""), i)
            addr = "%s%s" % (net, first + i)
            self.host(name, switch, "%s/%d" % (addr, bits), gateway)
            place.h.append(name)
            place.addr.append(addr)

    def box(self, name, inside, outside, words):
        self.boxes.append("%s inside=%s%s outside=%s%s %s"
                          % (name, self.p, inside, self.p, outside, words))

    def home_nat(self, name, n, words, outside=None):
        """A NAT with a home behind it: 10.n.0.0/24, outside 198.51.100.(100+n)."""
        ns, address = "g" + name.replace("-", ""), "198.51.100.%d" % (100 + n)
        self.namespace(ns)
        self.switch(ns)
        self.ip(ns, "addr add 10.%d.0.1/24 dev br0" % n)
        self.sysctl(ns, "net.ipv4.ip_forward=1")
        if outside is None:
            self.box(name, ns + "/in", "net/n%d" % n, "address=%s %s" % (address, words))
            self.routes.append(("net", "route add %s/32 dev n%d" % (address, n)))
        else:
            gateway, address = outside
            self.box(name, ns + "/in", gateway + "/n%d" % n, "address=%s %s" % (address, words))
            self.routes.append((gateway, "route add %s/32 dev n%d" % (address, n)))
        self.routes.append((ns, "route add default dev in"))
        return ns

    def carrier(self, name, n, words):
        """A NAT of a provider, behind which are only other NATs."""
        ns = "g" + name
        self.namespace(ns)
        self.sysctl(ns, "net.ipv4.ip_forward=1")
        self.box(name, ns + "/in", "net/n%d" % n, "address=198.51.100.%d %s" % (100 + n, words))
        self.routes.append(("net", "route add 198.51.100.%d/32 dev n%d" % (100 + n, n)))
        self.routes.append((ns, "route add default dev in"))
        return ns

    def build(self):
        self.base()
        lan = self.place("lan", 4, "lan")
        self.two(lan, "lan", "192.168.50.", 21, "192.168.50.1", 24)
        wan = self.place("wan", 4, "wan")
        self.two(wan, "net", "198.51.100.", 21, "198.51.100.1", 24)
        n = 0
        for m in KINDS:
            for f in KINDS:
                n += 1
                p = self.place("%s-%s" % (m, f), 4, "far", "nat%d" % n)
                ns = self.home_nat(p.name, n, "map=%s filter=%s idle=30s" % (m, f))
                self.two(p, ns, "10.%d.0." % n, 11, "10.%d.0.1" % n, 24)
        # a home router behind the router of a house
        p = self.place("double", 4, "far", "natD")
        outer = self.carrier("house", 20, "map=apd filter=apd idle=30s preserve=no")
        ns = self.home_nat(p.name, 21, "map=ei filter=apd idle=60s", (outer, "192.168.77.2"))
        self.two(p, ns, "10.21.0.", 11, "10.21.0.1", 24)
        # behind a carrier's NAT with several outside addresses, 100.64/10 between
        p = self.place("cgnat", 4, "far", "natC")
        outer = self.carrier("cgn", 22, "address=198.51.100.123 map=ei filter=ei hairpin=yes "
                             "idle=120s pool=paired")
        self.routes.append(("net", "route add 198.51.100.123/32 dev n22"))
        ns = self.home_nat(p.name, 23, "map=ei filter=apd idle=60s", (outer, "100.64.7.2"))
        self.two(p, ns, "10.23.0.", 11, "10.23.0.1", 24)
        # a neighbour behind the same carrier's NAT, with the same address outside
        p = self.place("cgnat-b", 4, "far", "natC")
        ns = self.home_nat(p.name, 24, "map=ei filter=apd idle=60s", (outer, "100.64.7.3"))
        self.two(p, ns, "10.24.0.", 11, "10.24.0.1", 24)
        # routers that mean to help with SIP, each in another way
        for i, words in enumerate(ALGS):
            p = self.place("alg-" + words.split(",")[-1], 4, "far", "natA%d" % i)
            # it writes its own address into descriptions, and sends nothing there back in
            p.apart = words.startswith("sdp")
            ns = self.home_nat(p.name, 10 + i, "map=ei filter=apd idle=60s alg=" + words)
            self.two(p, ns, "10.%d.0." % (10 + i), 11, "10.%d.0.1" % (10 + i), 24)
        self.six()
        self.flush()

    def six(self):
        lan = self.place("lan6", 6, "lan")
        self.two(lan, "lan", "fd50::", 21, "fd50::1", 64)
        wan = self.place("wan6", 6, "wan")
        self.two(wan, "net", "2001:db8:1::", 21, "2001:db8:1::1", 64)
        # IPv6 at home: addresses of its own and a firewall that lets nobody in unasked
        fw = self.place("fw6", 6, "wan", "fw6")
        self.namespace("gfw6")
        self.switch("gfw6")
        self.ip("gfw6", "addr add 2001:db8:6::1/64 dev br0 nodad")
        self.sysctl("gfw6", "net.ipv6.conf.all.forwarding=1")
        self.box("fw6", "gfw6/in", "net/n30", "filter=apd idle=30s")
        self.routes.append(("net", "route add 2001:db8:6::/64 dev n30"))
        self.routes.append(("gfw6", "route add ::/0 dev in"))
        self.two(fw, "gfw6", "2001:db8:6::", 21, "2001:db8:6::1", 64)

        # the same with a NAT where none should be
        p = self.place("nat6", 6, "far", "nat6")
        self.namespace("gnat6")
        self.switch("gnat6")
        self.ip("gnat6", "addr add fd66::1/64 dev br0 nodad")
        self.sysctl("gnat6", "net.ipv6.conf.all.forwarding=1")
        self.box("nat6", "gnat6/in", "net/n31",
                 "address=2001:db8:7::1 map=ei filter=apd idle=30s")
        self.routes.append(("net", "route add 2001:db8:7::1/128 dev n31"))
        self.routes.append(("gnat6", "route add ::/0 dev in"))
        self.two(p, "gnat6", "fd66::", 21, "fd66::1", 64)

    def start_boxes(self):
        path = os.path.join(self.d, "boxes")
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(self.boxes) + "\n")
        self.spawn("net", "natbox.log", self.natbox, "-s", os.path.join(self.d, "natbox.sock"),
                   "-f", path)
        self.wait(10, "culvert-natbox does not start", lambda: self.has("natbox.log", "ready"))
        for ns, line in self.routes:
            self.ip(ns, line)
        self.flush()

    def has(self, log, word):
        with open(os.path.join(self.d, log), encoding="utf-8", errors="replace") as f:
            return word in f.read()

    def wait(self, seconds, what, true):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return
            time.sleep(0.05)
        raise Failed("%s (waited %d s)" % (what, seconds))

    def stop(self, procs, seconds=5):
        for proc in procs:
            if proc.poll() is None:
                proc.send_signal(signal.SIGTERM)
        end = time.monotonic() + seconds
        for proc in procs:
            try:
                proc.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                proc.kill()
                proc.wait()
            if proc in self.procs:
                self.procs.remove(proc)

    def down(self):
        self.stop(list(self.procs))
        for name in list(self.known):
            pids = subprocess.run(["ip", "netns", "pids", self.p + name], stdout=subprocess.PIPE,
                                  text=True, check=False).stdout.split()
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except (OSError, ValueError):
                    pass
            subprocess.run(["ip", "netns", "del", self.p + name], stderr=subprocess.DEVNULL,
                           check=False)
            self.known.discard(name)
