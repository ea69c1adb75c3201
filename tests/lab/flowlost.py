# SPDX-License-Identifier: BSD-3-Clause
"""flowlost.py PHONE TRUNK STREAM EDGE: connections that close in the middle of a call.

A phone (account phone, over TCP) is called by a trunk over UDP and loses its connection: it
registers again and keeps the call; it hangs up over a new connection; it stays away and the trunk
gets a BYE. Then a trunk over TCP closes its connection and is connected to for the BYE.
Prints each step; status 0 when all was as it must be.
"""
import hashlib
import re
import socket
import sys
import time

SDP = "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n"
GRACE_S = 30


def field(msg, name):
    m = re.search(r"^%s\s*:\s*(.*?)\r$" % name, msg, re.M | re.I)
    return m.group(1) if m else ""


def uri(value):
    m = re.search(r"<([^>]+)>", value)
    return m.group(1) if m else value.split(";")[0]


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class End:
    """One party; over UDP, or over TCP connections which it opens, takes and closes."""

    def __init__(self, name, addr, edge, tcp):
        self.name, self.addr, self.edge, self.tcp, self.n = name, addr, edge, tcp, 0
        self.buf, self.sock, self.door, self.seen = b"", None, None, set()
        if tcp:
            self.door = socket.create_server((addr, 5060))
        else:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((addr, 5060))

    def connect(self):
        self.buf, self.sock = b"", socket.create_connection((self.edge, 5060), 5, (self.addr, 0))

    def accept(self):
        self.door.settimeout(8)
        self.buf, self.sock = b"", self.door.accept()[0]

    def close(self):
        self.sock.close()
        self.sock = None
        print("%s closed its connection" % self.name, flush=True)

    def send(self, first, via, frm, to, call, cseq, extra=(), body=""):
        how = ";transport=tcp" if self.tcp else ""
        lines = [first] + via + ["From: " + frm, "To: " + to, "Call-ID: " + call, "CSeq: " + cseq,
                                 "Max-Forwards: 70",
                                 "Contact: <sip:%s@%s:5060%s>%s" % (self.name, self.addr, how,
                                                                    self.mark())]
        if body:
            lines.append("Content-Type: application/sdp")
        data = "\r\n".join(lines + list(extra) + ["Content-Length: %d" % len(body), "", body])
        if self.tcp:
            self.sock.sendall(data.encode())
        else:
            self.sock.sendto(data.encode(), (self.edge, 5060))

    def mark(self):
        return ';+sip.instance="<urn:uuid:1>"' if self.name == "phone" else ""

    def request(self, method, d, extra=(), body="", cseq=None):
        self.n += cseq is None
        via = ["Via: SIP/2.0/%s %s:5060;rport;branch=z9hG4bK%s%d%s"
               % ("TCP" if self.tcp else "UDP", self.addr, self.name, self.n, method)]
        self.send("%s %s SIP/2.0" % (method, d["uri"]), via, d["me"], d["they"], d["call"],
                  "%d %s" % (cseq or self.n, method), extra, body)

    def answer(self, msg, status, body=""):
        to = field(msg, "To")
        if ";tag=" not in to:
            to += ";tag=%s-tag" % self.name
        self.send("SIP/2.0 " + status, re.findall(r"^Via:.*?(?=\r)", msg, re.M | re.I),
                  field(msg, "From"), to, field(msg, "Call-ID"), field(msg, "CSeq"), (), body)
        return to

    def read(self, seconds):
        self.sock.settimeout(seconds)
        if not self.tcp:
            return self.sock.recv(65535).decode()
        while b"\r\n\r\n" not in self.buf:
            more = self.sock.recv(65535)
            if not more:
                sys.exit("%s: the edge closed the connection" % self.name)
            self.buf = (self.buf + more).lstrip(b"\r\n")
        head, rest = self.buf.split(b"\r\n\r\n", 1)
        size = int(field(head.decode() + "\r\n", "Content-Length") or 0)
        while len(rest) < size:
            rest += self.sock.recv(65535)
        self.buf = rest[size:]
        return head.decode() + "\r\n\r\n" + rest[:size].decode()

    def get(self, what, seconds=8):
        """The next message that is new and begins with WHAT; 1xx and pings are passed over."""
        while True:
            try:
                msg = self.read(seconds)
            except socket.timeout:
                sys.exit("%s waited for %s" % (self.name, what))
            first = msg.split("\r\n", 1)[0]
            key = (first, field(msg, "Call-ID"), field(msg, "CSeq"))
            if first.startswith("OPTIONS"):
                self.answer(msg, "200 OK")
            if key in self.seen or first.startswith(("SIP/2.0 1", "OPTIONS")):
                continue
            self.seen.add(key)
            print("%s got %s" % (self.name, first), flush=True)
            if not first.startswith(what):
                sys.exit("%s waited for %s" % (self.name, what))
            return msg

    def register(self):
        me = "<sip:phone@%s>" % self.edge
        d = {"uri": "sip:" + self.edge, "me": me + ";tag=r", "they": me, "call": "register"}
        self.request("REGISTER", d, ["Expires: 600"])
        ask = field(self.get("SIP/2.0 401"), "WWW-Authenticate")
        realm, nonce = (re.search(k + r'="([^"]*)"', ask).group(1) for k in ("realm", "nonce"))
        ha1, ha2 = md5("phone:%s:secret-phone" % realm), md5("REGISTER:" + d["uri"])
        proof = md5("%s:%s:00000001:c:auth:%s" % (ha1, nonce, ha2))
        self.request("REGISTER", d, ["Expires: 600", (
            'Authorization: Digest username="phone", realm="%s", nonce="%s", uri="%s", qop=auth, '
            'nc=00000001, cnonce="c", algorithm=MD5, response="%s"' % (realm, nonce, d["uri"], proof))])
        self.get("SIP/2.0 200")

    def sdp(self):
        return SDP % (self.addr, self.addr)


def call(a, b, name):
    """a calls the phone b; the dialog as each of them knows it."""
    d = {"uri": "sip:phone@" + a.edge, "call": name, "me": "<sip:1@%s>;tag=%s" % (a.addr, name),
         "they": "<sip:phone@%s>" % a.edge}
    a.request("INVITE", d, body=a.sdp())
    n = a.n
    invite = b.get("INVITE ")
    e = {"uri": uri(field(invite, "Contact")), "call": field(invite, "Call-ID"),
         "they": field(invite, "From"), "me": b.answer(invite, "200 OK", body=b.sdp())}
    ok = a.get("SIP/2.0 200")
    d["they"], d["uri"] = field(ok, "To"), uri(field(ok, "Contact"))
    a.request("ACK", d, cseq=n)
    b.get("ACK ")
    return d, e


def hang_up(a, d, b):
    a.request("BYE", d)
    b.answer(b.get("BYE "), "200 OK")
    a.get("SIP/2.0 200")


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    edge = sys.argv[4]
    phone = End("phone", sys.argv[1], edge, True)
    trunk = End("trunk", sys.argv[2], edge, False)
    stream = End("stream", sys.argv[3], edge, True)

    phone.connect()
    phone.register()
    d, _ = call(trunk, phone, "kept")
    phone.close()
    phone.connect()
    phone.register()
    hang_up(trunk, d, phone)

    d, e = call(trunk, phone, "spoken")
    phone.close()
    phone.connect()
    hang_up(phone, e, trunk)
    phone.register()

    call(trunk, phone, "lost")
    start = time.monotonic()
    phone.close()
    trunk.answer(trunk.get("BYE ", GRACE_S + 8), "200 OK")
    took = time.monotonic() - start
    print("BYE after %.1f s" % took, flush=True)
    if took < GRACE_S - 2:
        sys.exit("the phone had no time to come back")

    phone.connect()
    phone.register()
    stream.connect()
    _, e = call(stream, phone, "peer")
    stream.close()
    phone.request("BYE", e)
    stream.accept()
    stream.answer(stream.get("BYE "), "200 OK")
    phone.get("SIP/2.0 200")


main()
