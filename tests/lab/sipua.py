# SPDX-License-Identifier: BSD-3-Clause
"""What the scripts that play a phone or a PBX share: taking a SIP message apart, and a party that
sends and gets whole messages over UDP, TCP or TLS, in whichever network namespace it lives."""
import contextlib
import ctypes
import hashlib
import os
import re
import select
import socket
import ssl
import sys
import time

WAIT_S = 8
PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}
CLONE_NEWNET = 0x40000000
SDP = ("v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n"
       "a=rtpmap:0 PCMU/8000\r\n")


def field(msg, name):
    m = re.search(r"^%s\s*:\s*(.*?)\r$" % name, msg, re.M | re.I)
    return m.group(1) if m else ""


def uri(value):
    m = re.search(r"<([^>]+)>", value)
    return m.group(1) if m else value.split(";")[0]


def tag(value):
    m = re.search(r";tag=([^;>\s]+)", value)
    return m.group(1) if m else ""


def body(msg):
    return msg.split("\r\n\r\n", 1)[1]


def media(msg):
    """Address and port in an SDP body."""
    return (re.search(r"^c=IN IP[46] (\S+)", body(msg), re.M).group(1),
            re.search(r"^m=audio (\d+)", body(msg), re.M).group(1))


def authorization(ask, user, password, method, to):
    """The header that answers a 401."""
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    realm, nonce = (re.search(k + r'="([^"]*)"', field(ask, "WWW-Authenticate")).group(1)
                    for k in ("realm", "nonce"))
    proof = md5("%s:%s:00000001:c:auth:%s" % (md5("%s:%s:%s" % (user, realm, password)), nonce,
                                              md5("%s:%s" % (method, to))))
    return ('Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", qop=auth, '
            'nc=00000001, cnonce="c", algorithm=MD5, response="%s"' % (user, realm, nonce, to, proof))


def must(what, is_, want):
    if is_ != want:
        sys.exit("%s is\n  %s\nand should be\n  %s" % (what, is_, want))


@contextlib.contextmanager
def inside(namespace):
    """Sockets that are made in here belong to that network namespace."""
    if not namespace:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            sys.exit("setns %s: %s" % (namespace, os.strerror(ctypes.get_errno())))
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


class Wire:
    """Whole messages to and from the edge. Over a stream a party has one connection of its own,
    made when it first sends, and takes those that the edge makes to its port."""

    def __init__(self, how, me, edge, namespace="", cert=None):
        self.how, self.me, self.edge, self.ns, self.cert = how, me, edge, namespace, cert
        self.family = socket.AF_INET6 if ":" in me else socket.AF_INET
        self.own = self.ear = None
        self.bufs = {}  # connection -> what was read of it
        self.met = 0  # connections that were taken
        self.pongs = 0  # CRLF between messages: answers to keepalives (RFC 5626 3.5.1)
        with inside(namespace):
            if how == "udp":
                self.own = socket.socket(self.family, socket.SOCK_DGRAM)
                self.own.bind((me, PORT[how]))
            else:
                self.ear = socket.create_server((me, PORT[how]), family=self.family)

    def connect(self):
        with inside(self.ns):
            sock = socket.create_connection((self.edge, PORT[self.how]), WAIT_S,
                                            (self.me, 0))
        if self.how == "tls":
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
            sock = ctx.wrap_socket(sock)
        self.bufs[sock] = b""
        self.own = sock

    def close(self):
        if self.own:
            self.own.close()
            self.bufs.pop(self.own, None)
            self.own = None

    def accept(self):
        sock, _ = self.ear.accept()
        if self.how == "tls":
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ctx.load_cert_chain(self.cert)
            sock = ctx.wrap_socket(sock, server_side=True)
        self.bufs[sock] = b""
        self.met += 1

    def send(self, text, sock=None):
        if self.how == "udp":
            self.own.sendto(text.encode(), (self.edge, PORT["udp"]))
            return
        if not sock and not self.own:
            self.connect()
        (sock or self.own).sendall(text.encode())

    @staticmethod
    def cut(buf):
        """The first whole message of a stream, and the rest."""
        end = buf.find(b"\r\n\r\n")
        if end < 0:
            return None, buf
        size = re.search(rb"(?im)^(?:Content-Length|l)\s*:\s*(\d+)", buf[:end + 2])
        size = end + 4 + (int(size.group(1)) if size else 0)
        return (buf[:size].decode(), buf[size:]) if len(buf) >= size else (None, buf)

    def recv(self, seconds=WAIT_S):
        """A message and the connection it came by; None and None when there is none in time."""
        end = time.monotonic() + seconds
        while True:
            for sock in self.bufs:
                while self.bufs[sock][:2] == b"\r\n":
                    self.bufs[sock] = self.bufs[sock][2:]
                    self.pongs += 1
                msg, self.bufs[sock] = self.cut(self.bufs[sock])
                if msg:
                    return msg, sock
            ready = select.select([s for s in [self.ear, *self.bufs] if s] or [self.own], [], [],
                                  max(end - time.monotonic(), 0))[0]
            if not ready:
                return None, None
            for sock in ready:
                if sock is self.ear:
                    self.accept()
                elif self.how == "udp":
                    return sock.recv(65535).decode(), None
                else:
                    self.read(sock)

    def read(self, sock):
        try:
            data = sock.recv(65536)
            while data and self.how == "tls" and sock.pending():
                data += sock.recv(65536)
        except OSError:
            data = b""
        if data:
            self.bufs[sock] += data
            return
        del self.bufs[sock]
        self.own = None if sock is self.own else self.own
        sock.close()


class Party:
    """One that calls and is called. A dialog is a dict: uri, call, me, they."""

    def __init__(self, name, wire):
        self.name, self.wire, self.n = name, wire, 0
        host = "[%s]" % wire.me if ":" in wire.me else wire.me
        self.host = "%s:%d" % (host, PORT[wire.how])
        self.contact = "<sip:%s@%s;transport=%s>" % (name, self.host, wire.how)
        self.seen = set()
        self.by = {}  # message -> the connection it came by

    def send(self, first, via, d, cseq, extra=(), text="", kind="application/sdp", by=None):
        lines = [first] + via + ["From: " + d["me"], "To: " + d["they"], "Call-ID: " + d["call"],
                                 "CSeq: " + cseq, "Max-Forwards: 70"]
        if not cseq.endswith("MESSAGE") and not any(e.startswith("Contact:") for e in extra):
            lines.append("Contact: " + self.contact)
        if text:
            lines.append("Content-Type: " + kind)
        lines += list(extra) + ["Content-Length: %d" % len(text), "", text]
        self.wire.send("\r\n".join(lines), by)

    def request(self, method, d, extra=(), text="", cseq=None, kind="application/sdp"):
        self.n += 1
        via = ["Via: SIP/2.0/%s %s;rport;branch=z9hG4bK%s%d" % (self.wire.how.upper(), self.host,
                                                              self.name, self.n)]
        self.send("%s %s SIP/2.0" % (method, d["uri"]), via, d, "%d %s" % (cseq or self.n, method),
                  extra, text, kind)

    def answer(self, msg, status, extra=(), text=""):
        """Returns the To of the answer: who this party is in the dialog."""
        to = field(msg, "To")
        if not tag(to):
            to += ";tag=%s-%s" % (self.name, field(msg, "Call-ID")[:8])
        via = re.findall(r"^Via:.*?(?=\r)", msg, re.M | re.I)
        d = {"me": field(msg, "From"), "they": to, "call": field(msg, "Call-ID")}
        self.send("SIP/2.0 " + status, via, d, field(msg, "CSeq"), extra, text,
                  by=self.by.get(msg))
        return to

    def next(self, seconds=WAIT_S):
        """The next message that is new; 100 is passed over; None when there is none."""
        end = time.monotonic() + seconds
        while True:
            msg, by = self.wire.recv(max(end - time.monotonic(), 0))
            if not msg:
                return None
            first = msg.split("\r\n", 1)[0]
            key = (first, field(msg, "Call-ID"), field(msg, "CSeq"))
            if key in self.seen or first.startswith("SIP/2.0 100"):
                continue
            self.seen.add(key)
            self.by[msg] = by
            return msg

    def get(self, what):
        """The next message must begin with WHAT. Where no 1xx is waited for they are passed over."""
        while True:
            msg = self.next()
            if not msg:
                sys.exit("%s waited for %s: nothing came" % (self.name, what))
            first = msg.split("\r\n", 1)[0]
            if first.startswith("SIP/2.0 1") and not what.startswith("SIP/2.0 1"):
                continue
            print("%s got %s" % (self.name, first), flush=True)
            if not first.startswith(what):
                sys.exit("%s waited for %s" % (self.name, what))
            return msg

    def sdp(self):
        return SDP.format(self.wire.me)

    def register(self, domain, seconds):
        me = "<sip:%s@%s>" % (self.name, domain)
        d = {"uri": "sip:" + domain, "call": self.name + "-register", "me": me + ";tag=r", "they": me}
        self.request("REGISTER", d, ["Expires: %d" % seconds])
