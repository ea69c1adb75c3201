# SPDX-License-Identifier: BSD-3-Clause
"""transfer.py ALICE BOB CAROL EDGE: an attended transfer between three trunks of the edge.

alice calls bob (number 2; she is 1) and carol (number 3) through EDGE, then tells bob to take her place
at carol. Checks that carol is asked to replace the dialog by the name that she knows it by. Then bob
picks up a call that rings at carol.
Prints each step; status 0 when all was as it must be.
"""
import re
import socket
import sys
import urllib.parse

SDP = "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n"


def field(msg, name):
    m = re.search(r"^%s\s*:\s*(.*?)\r$" % name, msg, re.M | re.I)
    return m.group(1) if m else ""


def uri(value):
    m = re.search(r"<([^>]+)>", value)
    return m.group(1) if m else value.split(";")[0]


def tag(value):
    m = re.search(r";tag=([^;>\s]+)", value)
    return m.group(1) if m else ""


class Party:
    def __init__(self, name, addr, edge):
        self.name, self.addr, self.edge, self.n = name, addr, edge, 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((addr, 5060))
        self.sock.settimeout(8)
        self.seen = set()

    def send(self, first, via, frm, to, call, cseq, extra=(), body="", kind="application/sdp"):
        lines = [first] + via + ["From: " + frm, "To: " + to, "Call-ID: " + call, "CSeq: " + cseq,
                                 "Max-Forwards: 70", "Contact: <sip:%s@%s:5060>" % (self.name, self.addr)]
        if body:
            lines.append("Content-Type: " + kind)
        lines += list(extra) + ["Content-Length: %d" % len(body), "", body]
        self.sock.sendto("\r\n".join(lines).encode(), (self.edge, 5060))

    def request(self, method, d, extra=(), body="", cseq=None, kind="application/sdp"):
        self.n += 1
        via = ["Via: SIP/2.0/UDP %s:5060;rport;branch=z9hG4bK%s%d" % (self.addr, self.name, self.n)]
        self.send("%s %s SIP/2.0" % (method, d["uri"]), via, d["me"], d["they"], d["call"],
                  "%d %s" % (cseq or self.n, method), extra, body, kind)

    def answer(self, msg, status, extra=(), body=""):
        to = field(msg, "To")
        if not tag(to):
            to += ";tag=%s-tag" % self.name
        via = re.findall(r"^Via:.*?(?=\r)", msg, re.M | re.I)
        self.send("SIP/2.0 " + status, via, field(msg, "From"), to, field(msg, "Call-ID"),
                  field(msg, "CSeq"), extra, body)
        return to

    def get(self, what):
        """The next message that is new and begins with WHAT; 1xx are passed over."""
        while True:
            msg = self.sock.recv(65535).decode()
            first = msg.split("\r\n", 1)[0]
            key = (first, field(msg, "Call-ID"), field(msg, "CSeq"))
            if key in self.seen or first.startswith("SIP/2.0 1"):
                continue
            self.seen.add(key)
            print("%s got %s" % (self.name, first), flush=True)
            if not first.startswith(what):
                sys.exit("%s waited for %s" % (self.name, what))
            return msg

    def sdp(self):
        return SDP % (self.addr, self.addr)


def call(a, b, number, extra=(), name=""):
    """a calls b; returns the dialog as each of them knows it, and the INVITE b got."""
    d = {"uri": "sip:%s@%s" % (number, a.edge), "call": "%s-%s%s" % (a.name, b.name, name),
         "me": "<sip:%s@%s>;tag=%s%s" % (a.name, a.addr, a.name, number),
         "they": "<sip:%s@%s>" % (number, a.edge)}
    a.request("INVITE", d, extra, a.sdp())
    n = a.n
    invite = b.get("INVITE ")
    e = {"uri": uri(field(invite, "Contact")), "call": field(invite, "Call-ID"),
         "they": field(invite, "From"), "me": b.answer(invite, "200 OK", body=b.sdp())}
    ok = a.get("SIP/2.0 200")
    d["they"], d["uri"] = field(ok, "To"), uri(field(ok, "Contact"))
    a.request("ACK", d, cseq=n)
    b.get("ACK ")
    return d, e, invite


def ended(a, d, b):
    a.request("BYE", d)
    b.answer(b.get("BYE "), "200 OK")
    a.get("SIP/2.0 200")


def must(what, is_, want):
    if is_ != want:
        sys.exit("%s is\n  %s\nand should be\n  %s" % (what, is_, want))


def lamps(carol, ca, alice, ac):
    """carol tells alice of their own call: alice reads of it under her names."""
    xml = '<dialog-info><dialog id="1" call-id="%s" local-tag="%s" remote-tag="%s"/></dialog-info>'
    d = {"uri": "sip:1@" + carol.edge, "call": "lamps", "me": "<sip:carol@%s>;tag=cl" % carol.addr,
         "they": "<sip:1@%s>" % carol.edge}
    carol.request("NOTIFY", d, ["Event: dialog", "Subscription-State: terminated"],
                  xml % (ca["call"], tag(ca["me"]), tag(ca["they"])), kind="application/dialog-info+xml")
    got = alice.get("NOTIFY ")
    alice.answer(got, "200 OK")
    carol.get("SIP/2.0 200")
    must("dialog-info at alice", got.split("\r\n\r\n", 1)[1],
         xml % (ac["call"], tag(ac["they"]), tag(ac["me"])))


def pickup(alice, bob, carol):
    """carol rings; bob, who learnt of it from her, asks alice to talk to him instead."""
    d = {"uri": "sip:3@" + alice.edge, "call": "ring", "me": "<sip:alice@%s>;tag=ar" % alice.addr,
         "they": "<sip:3@%s>" % alice.edge}
    alice.request("INVITE", d, body=alice.sdp())
    cseq = alice.n
    ring = carol.get("INVITE ")
    to = carol.answer(ring, "180 Ringing")
    name = "%s;to-tag=%s;from-tag=%s;early-only" % (field(ring, "Call-ID"), tag(field(ring, "From")), tag(to))
    e = {"uri": "sip:1@" + bob.edge, "call": "pick", "me": "<sip:bob@%s>;tag=bp" % bob.addr,
         "they": "<sip:1@%s>" % bob.edge}
    bob.request("INVITE", e, ["Replaces: " + name], bob.sdp())
    got = alice.get("INVITE ")
    named = field(got, "Replaces")
    must("Call-ID of the pickup", named.split(";")[0], "ring")
    must("alice's tag in the pickup", re.search(r";to-tag=([^;]+)", named).group(1), "ar")
    must("early-only", ";early-only" in named, True)
    alice.answer(got, "486 Busy Here")
    alice.get("ACK ")
    bob.get("SIP/2.0 486")
    bob.request("ACK", e, cseq=bob.n)
    carol.answer(ring, "486 Busy Here")
    carol.get("ACK ")
    alice.get("SIP/2.0 486")
    alice.request("ACK", d, cseq=cseq)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    edge = sys.argv[4]
    alice, bob, carol = (Party(n, a, edge) for n, a in zip(("alice", "bob", "carol"), sys.argv[1:4]))
    ab, _, _ = call(alice, bob, "2")
    ac, ca, _ = call(alice, carol, "3")

    name = "%s;to-tag=%s;from-tag=%s" % (ac["call"], tag(ac["they"]), tag(ac["me"]))
    alice.request("REFER", ab, [
        "Refer-To: <%s?Replaces=%s&X-Mark=7>" % (ac["uri"], urllib.parse.quote(name)),
        "Referred-By: <sip:alice@example.test>", "Target-Dialog: other;local-tag=1;remote-tag=2"])
    refer_id = alice.n
    refer = bob.get("REFER ")
    must("Referred-By", field(refer, "Referred-By"), "<sip:alice@example.test>")
    must("a dialog of nobody's", field(refer, "Target-Dialog"), "other;local-tag=1;remote-tag=2")
    target = uri(field(refer, "Refer-To"))
    must("user of the Contact in Refer-To", ac["uri"].split(";")[0], "sip:%s:5060" % edge)
    must("user of Refer-To", target.split("@")[0], "sip:3")
    must("X-Mark", re.search(r"X-Mark=(\d)", target).group(1), "7")
    bob.answer(refer, "202 Accepted")
    alice.get("SIP/2.0 202")
    notify = {"uri": uri(field(refer, "Contact")), "call": field(refer, "Call-ID"),
              "me": field(refer, "To"), "they": field(refer, "From")}
    bob.request("NOTIFY", notify, ["Event: refer;id=" + field(refer, "CSeq").split()[0],
                                   "Subscription-State: active;expires=60", "X-Frag: kept"])
    got = alice.get("NOTIFY ")
    must("Event", field(got, "Event"), "refer;id=%d" % refer_id)
    must("X-Frag", field(got, "X-Frag"), "kept")
    alice.answer(got, "200 OK")
    bob.get("SIP/2.0 200")

    replaces = urllib.parse.unquote(re.search(r"Replaces=([^&>]+)", target).group(1))
    print("bob is told to replace %s" % replaces, flush=True)
    bc, _, invite = call(bob, carol, "3", ["Replaces: " + replaces, "Require: replaces"])
    got = field(invite, "Replaces")
    parts = dict(p.split("=") for p in got.split(";")[1:])
    must("Replaces at carol", (got.split(";")[0], parts["to-tag"], parts["from-tag"]),
         (ca["call"], tag(ca["me"]), tag(ca["they"])))
    must("Require at carol", field(invite, "Require"), "replaces")

    pickup(alice, bob, carol)
    lamps(carol, ca, alice, ac)
    ended(carol, ca, alice)
    ended(alice, ab, bob)
    ended(bob, bc, carol)


if __name__ == "__main__":
    main()
