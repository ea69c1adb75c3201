# SPDX-License-Identifier: BSD-3-Clause
"""How long a call takes to come up beside a load: calls one after the other, prints the
microseconds from each INVITE to its 200. SIPp's clock ticks in 4 ms, this one doesn't.

probe.py ADDRESS EDGE SECONDS    at most 40 calls a second
"""
import os
import re
import socket
import sys
import time

PACE_S, STAND_S, GIVE_UP_S = 0.025, 0.02, 2

SDP = """v=0\r
o=probe 1 1 IN IP4 {me}\r
s=-\r
c=IN IP4 {me}\r
t=0 0\r
m=audio 9002 RTP/AVP 8\r
a=rtpmap:8 PCMA/8000\r
"""
REQUEST = """{method} {uri} SIP/2.0\r
Via: SIP/2.0/UDP {me}:{port};branch=z9hG4bK-{id}-{cseq}{method}\r
Max-Forwards: 70\r
{route}From: <sip:probe@{me}>;tag=probe-{id}\r
To: {to}\r
Call-ID: {id}@{me}\r
CSeq: {cseq} {method}\r
Contact: <sip:probe@{me}:{port}>\r
{kind}Content-Length: {length}\r
\r
"""


class Probe:
    def __init__(self, me, edge):
        self.edge = (edge, 5060)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((me, 0))
        self.words = {"me": me, "port": self.sock.getsockname()[1]}
        self.count = 0

    def send(self, method, body="", **words):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = REQUEST.format(method=method, kind=kind, length=len(body), **words, **self.words)
        self.sock.sendto((text + body).encode(), self.edge)

    def final(self, call, method):
        """The 2xx to a request of this call; None when it doesn't come."""
        end = time.perf_counter() + GIVE_UP_S
        while time.perf_counter() < end:
            self.sock.settimeout(max(end - time.perf_counter(), 0.001))
            try:
                text = self.sock.recv(65536).decode(errors="replace")
            except socket.timeout:
                return None
            if call in text and re.search(r"^CSeq: *\d+ " + method, text, re.M | re.I) and \
                    text.startswith("SIP/2.0 2"):
                return text
        return None

    def call(self):
        """Microseconds to the 200; None when the call did not come up or down."""
        self.count += 1
        words = {"id": "p%d-%d" % (os.getpid(), self.count), "route": "",
                 "to": "<sip:9probe@%s>" % self.edge[0]}
        began = time.perf_counter()
        self.send("INVITE", SDP.format(**self.words), cseq=1,
                  uri="sip:9probe@%s:%d" % self.edge, **words)
        answer = self.final(words["id"], "INVITE")
        took = (time.perf_counter() - began) * 1e6
        if not answer:
            return None
        contact = re.search(r"^Contact: *.*?<([^>]+)>", answer, re.M | re.I).group(1)
        routes = re.findall(r"^Record-Route: *(.*?)\r", answer, re.M | re.I)
        routes = [one.strip() for line in routes for one in line.split(",")]
        words["route"] = "".join("Route: %s\r\n" % one for one in reversed(routes))
        words["to"] = re.search(r"^To: *(.*?)\r", answer, re.M | re.I).group(1)
        self.send("ACK", cseq=1, uri=contact, **words)
        time.sleep(STAND_S)
        self.send("BYE", cseq=2, uri=contact, **words)
        return took if self.final(words["id"], "BYE") else None


def main():
    me, edge, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    probe = Probe(me, edge)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        took = probe.call()
        print("lost" if took is None else "%.0f" % took, flush=True)
        time.sleep(max(0, PACE_S - (time.monotonic() - began)))


main()
