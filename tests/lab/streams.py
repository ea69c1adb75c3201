# SPDX-License-Identifier: BSD-3-Clause
"""streams.py tcp|tls ME EDGE: what a broken or hostile client does to the edge over a stream. Prints
each thing tried; the status tells whether all went as it must."""
import socket
import ssl
import struct
import sys
import time

SMUGGLED = "smuggled-call"


class Client:
    def __init__(self, how, me, edge):
        self.how, self.me, self.edge = how, me, edge
        self.n = 0
        self.bad = 0

    def plain(self):
        port = 5060 if self.how == "tcp" else 5061
        return socket.create_connection((self.edge, port), 3, (self.me, 0))

    def open(self):
        sock = self.plain()
        if self.how == "tls":
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
            sock = ctx.wrap_socket(sock)
        return sock

    def text(self, method, call=None, length="0", body="", extra=""):
        self.n += 1
        return ("%s sip:nobody@%s SIP/2.0\r\nVia: SIP/2.0/%s %s:5060;branch=z9hG4bKst%d\r\n"
                "Max-Forwards: 70\r\nFrom: <sip:k@%s>;tag=t%d\r\nTo: <sip:nobody@%s>\r\n"
                "Call-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:k@%s:5060;transport=%s>\r\n%s"
                "%s\r\n%s" % (method, self.edge, self.how.upper(), self.me, self.n, self.me, self.n,
                              self.edge, call or "st%d@x" % self.n, method, self.me, self.how, extra,
                              "Content-Length: %s\r\n" % length if length is not None else "",
                              body)).encode()

    def read(self, sock, seconds, until=None):
        """What comes within the time, until a piece of text or the end of the connection."""
        end, got = time.monotonic() + seconds, b""
        while time.monotonic() < end and not (until and got.count(until[0]) >= until[1]):
            sock.settimeout(max(end - time.monotonic(), 0.01))
            try:
                d = sock.recv(65536)
            except socket.timeout:
                break
            except OSError:
                return got, True
            if not d:
                return got, True
            got += d
        return got, False

    def check(self, what, good, why=""):
        print("%s %s%s" % ("ok  " if good else "BAD ", what, "" if good else ": %s" % why))
        self.bad += not good

    def serves(self, what):
        """A fresh connection is served within a second."""
        start = time.monotonic()
        try:
            with self.open() as s:
                s.sendall(self.text("OPTIONS"))
                got, _ = self.read(s, 3, (b"SIP/2.0 ", 1))
        except OSError as e:
            got, start = b"", start - 10
            print(e)
        took = time.monotonic() - start
        self.check(what, got.startswith(b"SIP/2.0 ") and took < 1, "%.1f s, %r" % (took, got[:60]))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def framing(c):
    with c.open() as s:
        for b in c.text("OPTIONS"):
            s.send(bytes([b]))
        got, _ = c.read(s, 3, (b"SIP/2.0 ", 1))
        c.check("one byte a segment", got.startswith(b"SIP/2.0 "), got[:60])
    with c.open() as s:
        s.sendall(c.text("OPTIONS") + c.text("OPTIONS"))
        got, _ = c.read(s, 3, (b"\r\nCSeq: 1 OPTIONS", 2))
        c.check("two messages in one segment", got.count(b"CSeq: 1 OPTIONS") == 2, got[:200])
    with c.open() as s:
        s.sendall(b"\r\n\r\n")
        got, _ = c.read(s, 3, (b"\r\n", 1))
        c.check("CRLF CRLF is answered by CRLF", got == b"\r\n", got[:60])
    body = c.text("OPTIONS", call=SMUGGLED).decode()
    for what, length in (("exact", "%d"), ("with leading zeros", "000000%d"), ("with blanks", "  %d ")):
        with c.open() as s:
            s.sendall(c.text("OPTIONS", length=length % len(body), body=body,
                             extra="Content-Type: text/plain\r\n") + c.text("OPTIONS"))
            got, _ = c.read(s, 3, (b"\r\nCSeq: 1 OPTIONS", 2))
            c.check("a request as body, its length %s" % what, got.count(b"CSeq: 1 OPTIONS") == 2
                    and SMUGGLED.encode() not in got, got[:300])
    with c.open() as s:  # a byte too few: what is behind the message is rubbish
        s.sendall(c.text("OPTIONS", length=str(len(body) - 1), body=body) + c.text("OPTIONS"))
        got, closed = c.read(s, 2)
        c.check("a body longer than its length", SMUGGLED.encode() not in got, got[:300])
    with c.open() as s:  # more than there is: nothing is answered before the rest came
        s.sendall(c.text("OPTIONS", length="50", body="x" * 49))
        early, _ = c.read(s, 0.5)
        s.sendall(b"x")
        got, _ = c.read(s, 3, (b"SIP/2.0 ", 1))
        c.check("a body that comes late", not early and got.startswith(b"SIP/2.0 "), early or got[:60])


def lengths(c):
    hidden = c.text("OPTIONS", call=SMUGGLED).decode()
    filler = "x" * 32
    for what, length, extra in (("negative", "-1", ""), ("2^31", "2147483648", ""),
                                ("2^32+32", "4294967328", ""), ("words", "abc", ""),
                                ("two lengths", "32", "Content-Length: 400\r\n"),
                                ("2^64+32", "18446744073709551648", ""), ("hex", "0x20", ""),
                                ("two numbers", "32 400", ""), ("nothing", "", ""),
                                ("none at all", None, ""), ("compact and long", "32", "l: 400\r\n")):
        with c.open() as s:
            s.sendall(c.text("OPTIONS", length=length, extra=extra, body=filler + hidden))
            got, closed = c.read(s, 2)
        c.check("Content-Length %s" % what,
                SMUGGLED.encode() not in got and (closed or got[:9] == b"SIP/2.0 4" or not got),
                "closed=%s %r" % (closed, got[:300]))


def closing(c):
    for n in range(60):
        s = c.open() if n % 5 else c.plain()
        msg = c.text("INVITE" if n % 2 else "REGISTER")
        s.sendall(msg[:len(msg) * (n % 6) // 6] if n % 3 else msg)
        (reset if n % 2 else socket.socket.close)(s)
    c.serves("after 60 connections cut in the middle")
    mute = [c.plain() for _ in range(100)]
    c.serves("beside 100 mute connections")
    for s in mute:
        s.close()
    with c.open() as s:
        try:
            for _ in range(200):
                s.sendall(b"A" * 65536)
            got, closed = c.read(s, 3)
        except OSError:
            closed = True
        c.check("13 MB without an end of line are cut off", closed, "still open")
    c.serves("after it all")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    c = Client(*sys.argv[1:])
    c.serves("plain OPTIONS")
    framing(c)
    lengths(c)
    closing(c)
    sys.exit(1 if c.bad else 0)


main()
