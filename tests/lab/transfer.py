# SPDX-License-Identifier: BSD-3-Clause
"""transfer.py HOW CERT ALICE BOB CAROL EDGE: an attended transfer between three trunks of the edge
over HOW (udp, tcp, tls).

alice calls bob (number 2; she is 1) and carol (number 3) through EDGE, then tells bob to take her place
at carol. Checks that carol is asked to replace the dialog by the name that she knows it by. Then bob
picks up a call that rings at carol.
Prints each step; status 0 when all was as it must be.
"""
import re
import sys
import urllib.parse

from sipua import PORT, Party, Wire, field, must, tag, uri


def call(a, b, number, extra=()):
    """a calls b; returns the dialog as each of them knows it, and the INVITE b got."""
    d = {"uri": "sip:%s@%s" % (number, a.wire.edge), "call": "%s-%s" % (a.name, b.name),
         "me": "<sip:%s@%s>;tag=%s%s" % (a.name, a.wire.me, a.name, number),
         "they": "<sip:%s@%s>" % (number, a.wire.edge)}
    a.request("INVITE", d, extra, a.sdp())
    n = a.n
    invite = b.get("INVITE ")
    e = {"uri": uri(field(invite, "Contact")), "call": field(invite, "Call-ID"),
         "they": field(invite, "From"), "me": b.answer(invite, "200 OK", text=b.sdp())}
    ok = a.get("SIP/2.0 200")
    d["they"], d["uri"] = field(ok, "To"), uri(field(ok, "Contact"))
    a.request("ACK", d, cseq=n)
    b.get("ACK ")
    return d, e, invite


def ended(a, d, b):
    a.request("BYE", d)
    b.answer(b.get("BYE "), "200 OK")
    a.get("SIP/2.0 200")


def lamps(carol, ca, alice, ac):
    """carol tells alice of their own call: alice reads of it under her names."""
    xml = '<dialog-info><dialog id="1" call-id="%s" local-tag="%s" remote-tag="%s"/></dialog-info>'
    d = {"uri": "sip:1@" + carol.wire.edge, "call": "lamps", "me": "<sip:carol@%s>;tag=cl" % carol.wire.me,
         "they": "<sip:1@%s>" % carol.wire.edge}
    carol.request("NOTIFY", d, ["Event: dialog", "Subscription-State: terminated"],
                  xml % (ca["call"], tag(ca["me"]), tag(ca["they"])), kind="application/dialog-info+xml")
    got = alice.get("NOTIFY ")
    alice.answer(got, "200 OK")
    carol.get("SIP/2.0 200")
    must("dialog-info at alice", got.split("\r\n\r\n", 1)[1],
         xml % (ac["call"], tag(ac["they"]), tag(ac["me"])))


def pickup(alice, bob, carol):
    """carol rings; bob, who learnt of it from her, asks alice to talk to him instead."""
    d = {"uri": "sip:3@" + alice.wire.edge, "call": "ring", "me": "<sip:alice@%s>;tag=ar" % alice.wire.me,
         "they": "<sip:3@%s>" % alice.wire.edge}
    alice.request("INVITE", d, text=alice.sdp())
    cseq = alice.n
    ring = carol.get("INVITE ")
    to = carol.answer(ring, "180 Ringing")
    name = "%s;to-tag=%s;from-tag=%s;early-only" % (field(ring, "Call-ID"), tag(field(ring, "From")), tag(to))
    e = {"uri": "sip:1@" + bob.wire.edge, "call": "pick", "me": "<sip:bob@%s>;tag=bp" % bob.wire.me,
         "they": "<sip:1@%s>" % bob.wire.edge}
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
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    how, cert, edge = sys.argv[1], sys.argv[2], sys.argv[6]
    alice, bob, carol = (Party(n, Wire(how, a, edge, cert=cert))
                         for n, a in zip(("alice", "bob", "carol"), sys.argv[3:6]))
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
    must("user of the Contact in Refer-To", ac["uri"].split(";")[0], "sip:%s:%d" % (edge, PORT[how]))
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


main()
