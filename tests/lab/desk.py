# SPDX-License-Identifier: BSD-3-Clause
"""desk.py PREFIX: shared desktops (T.120) and other streams over TCP through the edge.

Three parties in namespaces that begin with PREFIX: desk in the LAN, hub outside, far behind a NAT.
Each call has sound and a stream over TCP; who offers waits for the other one, as it was before
RFC 4145, or both say with a=setup who connects. Bytes of both directions are compared, a stranger is
sent away, and after the BYE nothing is left to connect to. Prints each step; status 0: all well.
"""
import re
import socket
import sys
import time

from sipua import Party, Wire, body, field, inside, must, uri

LAN, WAN = "192.168.50.1", "198.51.100.10"
WAIT_S = 6
BLOCK = bytes(range(251)) * 800  # 200 kB


class Desk(Party):
    """A party with a place to connect to."""

    def __init__(self, name, ns, me, edge):
        super().__init__(name, Wire("udp", me, edge, ns))
        self.ns = ns
        with inside(ns):
            self.ear = socket.create_server((me, 1503))
        self.ear.settimeout(WAIT_S)

    def sdp(self, lines=(), port=1503):
        return "".join("%s\r\n" % line for line in (
            "v=0", "o=- 1 1 IN IP4 %s" % self.wire.me, "s=-", "c=IN IP4 %s" % self.wire.me, "t=0 0",
            "m=audio 9000 RTP/AVP 0", "m=application %d tcp msdata" % port,
            "a=encryption:optional") + tuple(lines))

    def connect(self, at):
        with inside(self.ns):
            sock = socket.create_connection(at, WAIT_S)
        sock.settimeout(WAIT_S)
        return sock

    def accept(self):
        sock, src = self.ear.accept()
        sock.settimeout(WAIT_S)
        return sock, src[0]


def stream(msg):
    """Where an SDP body says to connect to, and its a=setup."""
    text = body(msg)
    setup = re.search(r"^a=setup:(\S+)", text, re.M)
    return ((re.search(r"^c=IN IP4 (\S+)", text, re.M).group(1),
             int(re.search(r"^m=application (\d+) tcp msdata", text, re.M).group(1))),
            setup.group(1) if setup else "")


def take(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            break
        data += more
    return data


def talk(a, b):
    a.sendall(b"from a")
    must("a's word at b", take(b, 6), b"from a")
    b.sendall(BLOCK)
    must("b's block at a", take(a, len(BLOCK)) == BLOCK, True)


def closed(sock):
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def ring(a, b, number, offer):
    """a calls b, who got an INVITE: that, and a's dialog."""
    d = {"uri": "sip:%s@%s" % (number, a.wire.edge), "call": "%s-%s-%d" % (a.name, b.name, a.n),
         "me": "<sip:%s@example.test>;tag=%s" % (a.name, a.name), "they": "<sip:%s@example.test>" % number}
    a.request("INVITE", d, text=offer)
    return b.get("INVITE "), d


def up(a, d, b, invite, answer):
    """b answers; what a was told, b's dialog."""
    me = b.answer(invite, "200 OK", text=answer)
    ok = a.get("SIP/2.0 200")
    d["they"], d["uri"] = field(ok, "To"), uri(field(ok, "Contact"))
    a.request("ACK", d, cseq=a.n)
    b.get("ACK ")
    return ok, {"uri": uri(field(invite, "Contact")), "call": field(invite, "Call-ID"),
                "me": me, "they": field(invite, "From")}


def down(a, d, b, at):
    a.request("BYE", d)
    b.answer(b.get("BYE "), "200 OK")
    a.get("SIP/2.0 200")
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            b.connect(at).close()
        except OSError:
            return
        time.sleep(0.05)
    sys.exit("the port %s:%d is open after the call" % at)


def old_way(a, b, number, edge_b, edge_a):
    """a waits, b connects."""
    print("%s shares its desk with %s" % (a.name, b.name), flush=True)
    invite, d = ring(a, b, number, a.sdp())
    at, setup = stream(invite)
    must("where %s connects to" % b.name, (at[0], setup), (edge_b, ""))
    ok, _ = up(a, d, b, invite, b.sdp())
    must("what %s is told" % a.name, stream(ok)[0][0], edge_a)
    there = b.connect(at)
    here, src = a.accept()
    must("who connects to %s" % a.name, src, edge_a)
    talk(here, there)
    second = b.connect(at)
    must("a second connection is closed", closed(second), True)
    down(a, d, b, at)
    must("%s is hung up" % a.name, closed(here), True)
    must("%s is hung up" % b.name, closed(there), True)


def far_waits(far, hub):
    """Nobody can connect to who is behind a NAT: the stream alone is refused."""
    invite, d = ring(far, hub, "2", far.sdp())
    must("the stream of one behind a NAT that waits", stream(invite)[0][1], 0)
    ok, _ = up(far, d, hub, invite, hub.sdp(port=0))
    must("its answer", stream(ok)[0][1], 0)
    far.request("BYE", d)
    hub.answer(hub.get("BYE "), "200 OK")
    far.get("SIP/2.0 200")


def both_connect(far, hub):
    """One behind a NAT that can do both, and one that connects: both come to the edge."""
    invite, d = ring(far, hub, "2", far.sdp(["a=setup:actpass"]))
    at_hub, setup = stream(invite)
    must("what hub is offered", setup, "actpass")
    ok, _ = up(far, d, hub, invite, hub.sdp(["a=setup:active"], 9))
    at_far, setup = stream(ok)
    must("what far is told", setup, "passive")
    one, two = far.connect(at_far), hub.connect(at_hub)
    talk(one, two)
    down(far, d, hub, at_hub)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    p = sys.argv[1]
    desk = Desk("desk", p + "lan1", "192.168.50.21", LAN)
    hub = Desk("hub", p + "wan66", "198.51.100.66", WAN)
    far = Desk("far", p + "a1", "10.1.1.11", WAN)
    old_way(desk, hub, "2", WAN, LAN)
    old_way(hub, desk, "1", LAN, WAN)
    far_waits(far, hub)
    both_connect(far, hub)


main()
