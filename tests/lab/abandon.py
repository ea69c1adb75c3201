# SPDX-License-Identifier: BSD-3-Clause
"""Calls that nobody finishes: both ends of them, in one process with two addresses.

abandon.py --caller ADDR --callee ADDR --edge ADDR --calls N --rate N [--slow]

Each call is of one kind; the kinds take turns, and each stops where its name says. Who has left
answers nothing any more, whatever comes. --slow adds what ends only after three minutes. Prints a
line "KIND: reached of started" each: a kind counts as reached when its last step came. Then "done";
from then on it holds its sockets, silent, until it is ended: the edge must come clean by itself.
"""
import argparse
import re
import select
import socket
import struct
import time

STAY_S = 900
SDP = ("v=0\r\no=a 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
       "m=audio %d RTP/AVP 0\r\na=sendrecv\r\n")

# What happens in a call, in order. "caller: X" sends a request or drops out; "callee: N" answers
# the edge's last request of that method with N.
KINDS = {
    "no-ack": ["callee INVITE 180 200", "caller gets 200"],
    "cancelled": ["callee INVITE 180", "caller CANCEL on 180", "callee CANCEL 200 487",
                  "caller gets 487"],
    "cancelled-to-silence": ["callee INVITE 180", "caller CANCEL on 180", "callee sees CANCEL"],
    "caller-gone-ringing": ["callee INVITE 180 later200", "caller gets 180"],
    "callee-silent": ["callee sees INVITE"],
    "challenged": ["callee INVITE 407", "caller gets 407"],
    "refused-no-ack": ["callee INVITE 486", "caller gets 486"],
    "prack-never": ["callee INVITE rel183", "caller gets 183"],
    "established-gone": ["callee INVITE 200", "caller ACK on 200", "callee sees ACK"],
    "reinvite-unanswered": ["callee INVITE 200", "caller ACK on 200", "caller INVITE after ACK",
                            "callee sees INVITE again"],
    "update-unanswered": ["callee INVITE 200", "caller ACK on 200", "caller UPDATE after ACK",
                          "callee sees UPDATE"],
    "bye-lost": ["callee INVITE 200", "caller ACK on 200", "caller BYE after ACK",
                 "callee sees BYE"],
    "late-offer-no-ack": ["callee INVITE 200", "caller gets 200"],
    "two-answers": ["callee INVITE 200 other200", "caller ACK on 200", "callee sees ACK"],
    "refer-half": ["callee INVITE 200", "caller ACK on 200", "caller REFER after ACK",
                   "callee REFER 202", "caller gets 202"],
    "subscribed": ["callee SUBSCRIBE 202 notify", "caller gets 202"],
    "subscribe-unanswered": ["callee sees SUBSCRIBE"],
    "message-unanswered": ["callee sees MESSAGE"],
    "registered": ["callee REGISTER 200", "caller gets 200"],
    "register-unanswered": ["callee sees REGISTER"],
    "connection-cut": ["callee INVITE 180", "caller cuts on 180", "callee sees INVITE"],
    "connection-cut-up": ["callee INVITE 200", "caller cuts on 200", "callee sees INVITE"],
}
SLOW = {"ringing-for-ever": ["callee INVITE 180", "caller gets 180"]}
STARTS = {"subscribed": "SUBSCRIBE", "subscribe-unanswered": "SUBSCRIBE",
          "message-unanswered": "MESSAGE", "registered": "REGISTER",
          "register-unanswered": "REGISTER"}


def field(text, name):
    got = re.search(r"(?im)^%s: *(.*?)\r$" % name, text)
    return got.group(1) if got else ""


def fields(text, name):
    return re.findall(r"(?im)^%s: *(.*?)\r$" % name, text)


class Call:
    def __init__(self, world, kind, number):
        self.world, self.kind, self.name = world, kind, "%s-%s-%d" % (kind, world.run, number)
        self.script = (KINDS.get(kind) or SLOW[kind])
        self.cseq, self.conn, self.to, self.acked, self.cut = 1, None, "", False, False

    def has(self, step):
        return step in self.script

    def over(self):
        return self.script[-1]

    def start(self):
        if self.kind.startswith("connection-cut"):
            self.conn = self.world.connect()
        method = STARTS.get(self.kind, "INVITE")
        more, body = "", ""
        if method == "INVITE" and self.kind != "late-offer-no-ack":
            body = SDP % (self.world.caller, self.world.caller, 4000)
        if self.kind == "prack-never":
            more = "Require: 100rel\r\n"
        if method == "SUBSCRIBE":
            more = "Event: dialog\r\nExpires: 15\r\n"
        if method == "REGISTER":
            more = "Expires: 15\r\n"
        self.request(method, more, body)

    def request(self, method, more="", body="", cseq=None):
        w = self.world
        cseq = self.cseq if cseq is None else cseq
        uri = "sip:%s@%s" % (self.name, w.edge)
        if method == "REGISTER":
            uri = "sip:registrar.test"
        aor = "sip:%s@registrar.test" % self.name if method == "REGISTER" else uri
        me = "sip:%s@registrar.test" % self.name if method == "REGISTER" else "sip:me@" + w.caller
        # a CANCEL and the ACK of a refusal have the branch of the INVITE
        branch = "z9hG4bK-%s-%d%s" % (self.name, cseq, "a" if method == "ACK" else "")
        text = ("%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s:5060;branch=%s;rport\r\nMax-Forwards: 70\r\n"
                "From: <%s>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"
                "Contact: <sip:me@%s:5060>\r\n%s%sContent-Length: %d\r\n\r\n%s"
                % (method, uri, "TCP" if self.conn else "UDP", w.caller, branch, me, self.name,
                   self.to or "<%s>" % aor, self.name, cseq, method, w.caller, more,
                   "Content-Type: application/sdp\r\n" if body else "", len(body), body))
        if self.conn:
            self.conn.sendall(text.encode())
        else:
            w.a.sendto(text.encode(), (w.edge, 5060))

    def answered(self, status, text):
        """The caller got a response."""
        if self.over() == "caller gets %d" % status:
            self.world.reach(self)
        if self.has("caller CANCEL on 180") and status == 180:
            self.request("CANCEL")
        if self.has("caller cuts on %d" % status) and not self.cut:
            self.cut = True
            self.world.cut(self.conn)
        if self.has("caller ACK on 200") and status == 200 and not self.acked:
            self.acked, self.to = True, field(text, "To")
            self.request("ACK")
            self.go_on()

    def go_on(self):
        for step in self.script:
            got = re.match(r"caller (\w+) after ACK", step)
            if not got:
                continue
            self.cseq += 1
            body = ""
            if got.group(1) in ("INVITE", "UPDATE"):
                body = SDP % (self.world.caller, self.world.caller, 4002)
            more = "Refer-To: <sip:nobody@registrar.test>\r\n" if got.group(1) == "REFER" else ""
            self.request(got.group(1), more, body)

    def asked(self, method, text, again):
        """The callee got a request."""
        last = self.over()
        if last == "callee sees " + method or (again and last == "callee sees INVITE again"):
            self.world.reach(self)
        if again:
            return
        for step in self.script:
            if step.startswith("callee %s " % method):
                for word in step.split()[2:]:
                    self.world.answer(self, text, word)


class World:
    def __init__(self, args):
        self.caller, self.callee, self.edge = args.caller, args.callee, args.edge
        self.run = "%x" % (int(time.time()) & 0xffffff)
        self.a, self.b = self.socket(args.caller), self.socket(args.callee)
        self.poll = select.poll()
        for s in (self.a, self.b):
            self.poll.register(s, select.POLLIN)
        self.conns, self.calls, self.seen, self.later = {}, {}, set(), []
        self.reached, self.started, self.silent = {}, {}, False

    @staticmethod
    def socket(addr):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((addr, 5060))
        return s

    def connect(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.bind((self.caller, 0))
        s.settimeout(5)
        s.connect((self.edge, 5060))
        self.conns[s.fileno()] = s
        self.poll.register(s, select.POLLIN)
        return s

    def cut(self, conn):
        """With a reset: no more words."""
        self.poll.unregister(conn)
        del self.conns[conn.fileno()]
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()

    def reach(self, call):
        if call.name not in self.seen:
            self.seen.add(call.name)
            self.reached[call.kind] = self.reached.get(call.kind, 0) + 1

    def begin(self, kind, number):
        call = Call(self, kind, number)
        self.calls[call.name] = call
        self.started[kind] = self.started.get(kind, 0) + 1
        call.start()

    def answer(self, call, text, word):
        """A word of the callee's: a status, rel183, other200, later200, notify."""
        if word == "later200":
            self.later.append((time.monotonic() + 2, call, text))
            return
        if word == "notify":
            self.notify(text)
            return
        status = int(word[-3:])
        more, body, tag = "", "", "b2" if word.startswith("other") else "b"
        if word == "rel183":
            more = "Require: 100rel\r\nRSeq: 1\r\n"
        if call.kind in ("subscribed", "registered"):
            more = "Expires: 15\r\n"
        if status == 407:
            more = 'Proxy-Authenticate: Digest realm="r", nonce="n"\r\n'
        contact = "<sip:b@%s:5060>" % self.callee
        if field(text, "CSeq").endswith("REGISTER"):
            contact = field(text, "Contact") + ";expires=15"
        if "INVITE" in field(text, "CSeq") and (status == 200 or status == 183):
            body = SDP % (self.callee, self.callee, 5000)
        to = field(text, "To")
        self.b.sendto(("SIP/2.0 %d X\r\n%sFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
                       "Contact: %s\r\n%s%sContent-Length: %d\r\n\r\n%s" % (
                           status, "".join("Via: %s\r\n" % v for v in fields(text, "Via")),
                           field(text, "From"), to, "" if ";tag=" in to else ";tag=" + tag,
                           field(text, "Call-ID"), field(text, "CSeq"), contact, more,
                           "Content-Type: application/sdp\r\n" if body else "", len(body),
                           body)).encode(), (self.edge, 5060))

    def notify(self, text):
        uri = re.search(r"<(.*?)>", field(text, "Contact")).group(1)
        self.b.sendto(("NOTIFY %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bKn%s\r\n"
                       "Max-Forwards: 70\r\nFrom: %s;tag=b\r\nTo: %s\r\nCall-ID: %s\r\n"
                       "CSeq: 1 NOTIFY\r\nContact: <sip:b@%s:5060>\r\nEvent: dialog\r\n"
                       "Subscription-State: active;expires=15\r\nContent-Length: 0\r\n\r\n" % (
                           uri, self.callee, field(text, "Call-ID"), field(text, "To"),
                           field(text, "From"), field(text, "Call-ID"),
                           self.callee)).encode(), (self.edge, 5060))

    def to_caller(self, text):
        call = self.calls.get(field(text, "Call-ID"))
        if call and text.startswith("SIP/2.0 "):
            call.answered(int(text[8:11]), text)

    def to_callee(self, text):
        if text.startswith("SIP/2.0 "):
            return
        method = text.split(" ", 1)[0]
        got = re.search(r"sip:([^@>]+)@", field(text, "To"))
        call = self.calls.get(got.group(1)) if got else None
        key = (field(text, "Call-ID"), field(text, "CSeq"))
        if not call or key in self.seen:
            return
        self.seen.add(key)
        first = (field(text, "Call-ID"), method)
        call.asked(method, text, first in self.seen)
        self.seen.add(first)

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            for fd, _ in self.poll.poll(left * 1000 + 1):
                self.read(fd)
            now = time.monotonic()
            while self.later and self.later[0][0] <= now:
                _, call, text = self.later.pop(0)
                self.answer(call, text, "200")

    def read(self, fd):
        if fd in self.conns:
            try:
                data = self.conns[fd].recv(65536)
            except OSError:
                data = b""
            if not data:
                self.poll.unregister(fd)
                self.conns.pop(fd).close()
            for part in re.split(r"(?=^SIP/2\.0 )", data.decode("utf-8", "replace"), flags=re.M):
                self.to_caller(part)
            return
        sock = self.a if fd == self.a.fileno() else self.b
        data = sock.recv(65536).decode("utf-8", "replace")
        if self.silent:
            return
        if sock is self.a:
            self.to_caller(data)
        else:
            self.to_callee(data)


def main():
    p = argparse.ArgumentParser()
    for name in ("--caller", "--callee", "--edge"):
        p.add_argument(name, required=True)
    p.add_argument("--calls", type=int, required=True)
    p.add_argument("--rate", type=int, required=True)
    p.add_argument("--slow", action="store_true")
    args = p.parse_args()
    world = World(args)
    kinds = sorted(KINDS) + (sorted(SLOW) if args.slow else [])
    begin = time.monotonic()
    for n in range(args.calls):
        world.begin(kinds[n % len(kinds)], n)
        world.run_for(max(begin + (n + 1) / args.rate - time.monotonic(), 0))
    world.run_for(4)
    for kind in kinds:
        print("%s: %d of %d" % (kind, world.reached.get(kind, 0), world.started.get(kind, 0)))
    print("done", flush=True)
    world.silent = True
    world.run_for(STAY_S)


main()
