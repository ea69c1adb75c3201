# SPDX-License-Identifier: BSD-3-Clause
"""What every benchmark shares: a caller's host, the edge's and a callee's in namespaces, the
programs in them, what they cost, and SIPp with its figures. Needs root. Knows no product.

    caller 192.168.50.21 ---- lan [ edge ] wan ---- 198.51.100.60 callee

Each program is ended by its process id, each namespace by its name, whatever happens.
"""
import csv
import glob
import os
import resource
import signal
import subprocess
import time

CALLER, LAN, WAN, CALLEE = "192.168.50.21", "192.168.50.1", "198.51.100.10", "198.51.100.60"
# the same hosts, for calls that stand without media
QUIET_CALLER, QUIET_CALLEE = "192.168.50.22", "198.51.100.61"
BENCH = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
FILES = 262144          # descriptors a program may open: ten thousand calls need 40,000
WAIT_S = 10
UDP_BUFFER = 4194304


class BenchError(Exception):
    """The run can't go on; the text says why."""


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise BenchError("%s: %s" % (" ".join(words), done.stdout.strip()))
    return done.stdout


def wait_for(what, seconds, ready):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise BenchError("%s (waited %d s)" % (what, seconds))
        time.sleep(0.05)


def raise_files():
    """More descriptors for this process and what it starts, as far as it may; how many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, max(hard, FILES)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def cores():
    """Words that keep a program on the edge's core, and on the generators' cores."""
    have = sorted(os.sched_getaffinity(0))
    if len(have) < 2:
        return [], []
    rest = ",".join(str(n) for n in have[1:])
    return ["taskset", "-c", str(have[0])], ["taskset", "-c", rest]


def tree(pid):
    """A process and all its descendants that live."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = open(path).read()
        except OSError:
            continue
        parents.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(
            int(path.split("/")[2]))
    found, look = [], [pid]
    while look:
        now = look.pop()
        found.append(now)
        look += parents.get(now, [])
    return found


def cpu_us(pids):
    """User and system time of processes, all threads, and children they waited for."""
    total = 0
    for pid in pids:
        for one in tree(pid):
            try:
                text = open("/proc/%d/stat" % one).read()
            except OSError:
                continue
            total += sum(int(n) for n in text.rsplit(")", 1)[1].split()[11:15])
    return total * 1e6 / TICKS


def resident(pids):
    """Bytes in memory; a page that forks share counts once in all."""
    total = 0
    for pid in pids:
        for one in tree(pid):
            for line in open("/proc/%d/smaps_rollup" % one):
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class Lab:
    """Three namespaces of a prefix of their own and the programs that run in them."""

    def __init__(self, prefix, scratch):
        self.prefix, self.dir = prefix, scratch
        self.programs, self.spaces = [], []
        os.makedirs(scratch, exist_ok=True)

    def up(self):
        for host in ("caller", "edge", "callee"):
            name = "%s-%s" % (self.prefix, host)
            run("ip", "netns", "add", name)
            self.spaces.append(name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        self.cable("caller", CALLER, "lan0", LAN)
        self.cable("callee", CALLEE, "wan0", WAN)
        for host, address in (("caller", QUIET_CALLER), ("callee", QUIET_CALLEE)):
            run("ip", "-n", "%s-%s" % (self.prefix, host), "addr", "add", address + "/24",
                "dev", "eth0")

    def cable(self, host, address, device, edge_address):
        ns, edge = "%s-%s" % (self.prefix, host), "%s-edge" % self.prefix
        run("ip", "link", "add", "eth0", "netns", ns, "type", "veth",
            "peer", "name", device, "netns", edge)
        for where, dev, addr in ((ns, "eth0", address), (edge, device, edge_address)):
            run("ip", "-n", where, "addr", "add", addr + "/24", "dev", dev)
            run("ip", "-n", where, "link", "set", dev, "up")

    def start(self, host, name, words, core):
        """Starts a program on a host; its output goes to NAME.log."""
        log = open(os.path.join(self.dir, name + ".log"), "w")
        space = ["ip", "netns", "exec", "%s-%s" % (self.prefix, host)]
        program = subprocess.Popen(space + core + words, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, cwd=self.dir)
        log.close()
        self.programs.append(program)
        return program

    def stop(self, program):
        if program not in self.programs:
            return
        self.programs.remove(program)
        family = tree(program.pid)
        program.send_signal(signal.SIGTERM)
        try:
            program.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        for pid in family[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def last_words(self, name):
        lines = open(os.path.join(self.dir, name + ".log"), errors="replace").read().splitlines()
        return "; ".join(lines[-3:])

    def down(self):
        for program in list(reversed(self.programs)):
            self.stop(program)
        for name in self.spaces:
            subprocess.run(["ip", "netns", "del", name], check=False)
        self.spaces = []


def unchecked(lab, scenario):
    """A scenario of calls whose SDP passes as it is: it fails none for that. Its path."""
    text = open(os.path.join(BENCH, "sipp", scenario + ".xml")).read()
    path = os.path.join(lab.dir, scenario + "-quiet.xml")
    with open(path, "w") as out:
        out.write(text.replace('check_it="true"', 'check_it="false"'))
    return path


class Sipp:
    """One SIPp in a lab, and its figures."""

    def __init__(self, lab, name, host, scenario, options, core):
        self.lab, self.name = lab, name
        self.stats = os.path.join(lab.dir, name + ".csv")
        if os.path.exists(self.stats):
            os.unlink(self.stats)
        self.program = lab.start(host, name, [
            "sipp", "-sf", scenario if scenario.startswith("/") else
            os.path.join(BENCH, "sipp", scenario + ".xml"), "-nostdin",
            "-trace_stat", "-stf", self.stats, "-fd", "1", "-timer_resol", "1",
            "-buff_size", str(UDP_BUFFER), "-max_socket", "100"] + options, core)
        wait_for("SIPp (%s) does not start" % name, WAIT_S, self.has_begun)

    def has_begun(self):
        return os.path.exists(self.stats) or self.program.poll() is not None

    def finish(self, seconds):
        """Waits until it ends by itself; ends it when it doesn't."""
        try:
            self.program.wait(seconds)
            self.lab.programs.remove(self.program)
        except subprocess.TimeoutExpired:
            self.lab.stop(self.program)

    def figures(self):
        if not os.path.exists(self.stats):
            raise BenchError("SIPp (%s): %s" % (self.name, self.lab.last_words(self.name)))
        rows = list(csv.DictReader(open(self.stats), delimiter=";"))
        last = rows[-1] if rows else {}
        return {"ok": int(last.get("SuccessfulCall(C)") or 0),
                "failed": int(last.get("FailedCall(C)") or 0),
                "up": int(last.get("CurrentCall") or 0),
                "retransmissions": int(last.get("Retransmissions(C)") or 0)}


def quantile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0
