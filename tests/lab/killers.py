# SPDX-License-Identifier: BSD-3-Clause
"""Requests that have killed SIP servers, sent over UDP by a peer of the edge.

killers.py --me ADDR --edge ADDR WHAT [ARGUMENT...]

ping                          OPTIONS; success when it is answered
via-zero USER                 INVITE whose Via has port 0 and no rport, then its ACK
big-contact USER BYTES        INVITE with a Contact that long; when answered ACK, then BYE
two-headers USER              INVITE with two of each header that may stand once, ACK, BYE
answer-two-headers            answers a call with such responses, then hangs up
contact USER CONTACT          INVITE with that Contact; prints "up" and leaves the call up; answers
                              a BYE if one comes within 5 s
stun                          STUN messages, sound and broken, to the SIP port
rtp                           RTP, empty and tiny datagrams to the SIP port
stray                         ACK, CANCEL, BYE and responses that belong to nothing
"""
import argparse
import os
import re
import socket
import struct
import sys
import time

ONCE = ["Subject", "Organization", "MIME-Version", "User-Agent", "Date", "Priority",
        "Reply-To", "Content-Disposition"]
ONCE_RESP = ["Subject", "Organization", "MIME-Version", "Server", "Date", "Retry-After"]


class Peer:
    def __init__(self, me, edge):
        self.me, self.edge = me, (edge, 5060)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((me, 5060))
        self.id = "%d-%d" % (os.getpid(), time.time_ns() % 1000000)

    def send(self, data):
        try:
            self.sock.sendto(data if isinstance(data, bytes) else data.encode(), self.edge)
        except OSError as e:
            print("send: %s" % e)

    def receive(self, seconds):
        self.sock.settimeout(max(seconds, 0.01))
        try:
            return self.sock.recv(65536).decode("utf-8", "replace")
        except OSError:
            return ""

    def wait(self, seconds, pattern):
        """The first message whose first line matches."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            m = self.receive(end - time.monotonic())
            if re.match(pattern, m):
                return m
        return ""

    def sdp(self):
        return ("v=0\r\no=k 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                "m=audio 9000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" % (self.me, self.me))

    def request(self, method, user, **kw):
        """Text of a request; keywords replace what a sound one has."""
        target = kw.get("uri") or "sip:%s@%s" % (user, self.edge[0])
        via = kw.get("via") or "%s:5060" % self.me
        contact = kw.get("contact") or "<sip:k@%s:5060>" % self.me
        body = self.sdp() if method == "INVITE" else ""
        lines = ["%s %s SIP/2.0" % (method, target),
                 "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s-%s" % (via, self.id, kw["branch"]),
                 "Max-Forwards: 70",
                 "From: <sip:k@%s>;tag=f%s" % (self.me, self.id),
                 "To: <sip:%s@%s>%s" % (user, self.edge[0], kw.get("to_tag", "")),
                 "Call-ID: c%s@%s" % (self.id, self.me),
                 "CSeq: %d %s" % (kw.get("cseq", 1), method),
                 "Contact: %s" % contact] + kw.get("more", [])
        if body:
            lines.append("Content-Type: application/sdp")
        lines += ["Content-Length: %d" % len(body), "", body]
        return "\r\n".join(lines)

    def invite(self, user, **kw):
        """INVITE up to its ACK. Returns the final response, empty when none came."""
        self.send(self.request("INVITE", user, branch="i", **kw))
        m = self.wait(8, r"SIP/2\.0 [2-6]")
        if not m:
            print("no final answer")
            return ""
        print(m.split("\r\n")[0])
        self.to_tag = "".join(re.findall(r"\r\nTo:[^\r]*(;tag=[^;\r]+)", m, re.I)[:1])
        found = re.findall(r"\r\n(?:Contact|m):[^\r]*<([^>\r]+)>", m, re.I)
        self.uri = found[0] if found else None
        ok = m.startswith("SIP/2.0 2")
        self.send(self.request("ACK", user, branch="a" if ok else "i", to_tag=self.to_tag,
                               uri=self.uri if ok else None, via=kw.get("via")))
        return m

    def bye(self, user):
        self.send(self.request("BYE", user, branch="b", cseq=2, to_tag=self.to_tag, uri=self.uri))
        m = self.wait(8, r"SIP/2\.0 [2-6]")
        print("BYE: %s" % (m.split("\r\n")[0] or "no answer"))
        return m.startswith("SIP/2.0 2")

    def whole_call(self, user, **kw):
        m = self.invite(user, **kw)
        return self.bye(user) if m.startswith("SIP/2.0 2") else bool(m)

    def respond(self, req, status, more, body=""):
        keep = [h for h in req.split("\r\n\r\n")[0].split("\r\n")[1:]
                if re.match(r"(via|v|from|f|call-id|i|cseq|record-route)\s*:", h, re.I)]
        to = re.findall(r"\r\n((?:To|t)\s*:[^\r]*)", req, re.I)[0]
        if "tag=" not in to:
            to += ";tag=t" + self.id
        self.send("\r\n".join(["SIP/2.0 " + status] + keep + [to] + more
                              + ["Content-Length: %d" % len(body), "", body]))


def ping(p):
    for n in range(3):
        p.send(p.request("OPTIONS", "ping", branch="o%d" % n, uri="sip:%s" % p.edge[0]))
        m = p.wait(3, r"SIP/2\.0 [2-6]")
        if m:
            print("OPTIONS: %s" % m.split("\r\n")[0])
            return True
    print("OPTIONS: no answer")
    return False


def via_zero(p, user):
    return bool(p.whole_call(user, via="%s:0" % p.me))


def big_contact(p, user, size):
    p.whole_call(user, contact="<sip:%s@%s:5060>" % ("a" * int(size), p.me))
    # refused, dropped or served: staying alive is what counts
    p.send(p.request("BYE", user, branch="late", cseq=3))
    return True


def two_headers(p, user):
    return p.whole_call(user, more=["%s: a" % h for h in ONCE for _ in "ab"])


def answer_two_headers(p):
    twice = ["%s: a" % h for h in ONCE_RESP for _ in "ab"]
    contact = ["Contact: <sip:k@%s:5060>" % p.me]
    print("waiting", flush=True)
    req = p.wait(15, r"INVITE ")
    if not req:
        return False
    p.respond(req, "180 Ringing", contact + twice)
    p.respond(req, "200 OK", contact + twice + ["Content-Type: application/sdp"], p.sdp())
    acked = p.wait(8, r"ACK ")
    print("ACK came" if acked else "no ACK")
    bye = p.wait(10, r"BYE ")
    if bye:
        p.respond(bye, "200 OK", twice)
    return bool(acked and bye)


def contact_call(p, user, contact):
    if not p.invite(user, contact=contact).startswith("SIP/2.0 2"):
        return True
    print("up", flush=True)
    for n in range(50):
        p.send(struct.pack(">BBHII", 0x80, 0, n, n * 160, 7) + b"\xff" * 160)
    bye = p.wait(5, r"BYE ")
    if bye:
        p.respond(bye, "200 OK", [])
    return True


def stun(p):
    magic, tid = 0x2112a442, b"0123456789ab"
    sound = struct.pack(">HHI", 1, 0, magic) + tid
    for data in (sound, sound[:19], sound[:5], b"\0", b"\0\1",
                 struct.pack(">HHI", 1, 8, magic) + tid + struct.pack(">HHI", 6, 0xffff, 0),
                 struct.pack(">HHI", 1, 0xfffc, magic) + tid + b"\0" * 40,
                 struct.pack(">HHI", 1, 4, magic) + tid + struct.pack(">HH", 0x8022, 4),
                 struct.pack(">HHI", 1, 12, 0) + tid + struct.pack(">HHII", 3, 8, 6, 6),
                 struct.pack(">HHI", 0x101, 12, magic) + tid + struct.pack(">HHII", 1, 8, 1, 1)):
        p.send(data)
    return True


def rtp(p):
    for n in range(200):
        p.send(struct.pack(">BBHII", 0x80, 0, n, n * 160, 7) + b"\xff" * 160)
    for data in (b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0", b"\x80", b"SIP/2.0", b" " * 3000):
        p.send(data)
    return True


def stray(p):
    for method in ("ACK", "CANCEL", "BYE", "PRACK", "UPDATE"):
        p.send(p.request(method, "nobody", branch="s" + method, to_tag=";tag=none"))
        p.send(p.request(method, "nobody", branch="n" + method))
    for status in ("100 Trying", "180 Ringing", "200 OK", "404 Not Found", "999 Odd"):
        for via in ("Via: SIP/2.0/UDP %s:5060;branch=z9hG4bKnone\r\n" % p.edge[0], ""):
            p.send("SIP/2.0 %s\r\n%sFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
                   "Call-ID: stray@x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
                   % (status, via))
    return True


WHAT = {"ping": ping, "via-zero": via_zero, "big-contact": big_contact,
        "two-headers": two_headers, "answer-two-headers": answer_two_headers,
        "contact": contact_call, "stun": stun, "rtp": rtp, "stray": stray}


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("--me", required=True)
    a.add_argument("--edge", required=True)
    a.add_argument("what", choices=WHAT)
    a.add_argument("arguments", nargs="*")
    args = a.parse_args()
    sys.exit(0 if WHAT[args.what](Peer(args.me, args.edge), *args.arguments) else 1)


main()
