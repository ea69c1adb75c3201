# SPDX-License-Identifier: BSD-3-Clause
"""answered.py ALICE BOB CAROL EDGE: transfers that the edge answers itself.

bob is a trunk that gets no REFER. alice, who talks with him, transfers him to carol: blind, then
attended; each time bob and carol talk in the end and alice's calls are over. Where alice may not
call, bob isn't put through. Prints each step; status 0 when all was as it must be.
"""
import sys
import urllib.parse

from sipua import Party, Wire, body, field, media, must, tag, uri
from transfer import call, ended


def told(alice, text, state):
    got = alice.get("NOTIFY ")
    must("report", body(got).strip()[:11], "SIP/2.0 " + text)
    must("state of it", field(got, "Subscription-State").split(";")[0], state)
    alice.answer(got, "200 OK")
    return field(got, "Event")


def joined(bob, carol, carol_invite, alice, byes, edge):
    """carol agrees and is put through to bob, alice's calls end; carol's dialog."""
    me = carol.answer(carol_invite, "200 OK", text=carol.sdp())
    asked = bob.get("INVITE ")
    must("what bob is offered", media(asked)[0], edge)
    bob.answer(asked, "200 OK", text=bob.sdp())
    bob.get("ACK ")
    ack = carol.get("ACK ")
    must("carol's answer", media(ack)[0], edge)
    must("two streams", media(ack)[1] != media(asked)[1], True)
    event = told(alice, "200", "terminated")
    for _ in range(byes):
        alice.answer(alice.get("BYE "), "200 OK")
    return {"uri": uri(field(carol_invite, "Contact")), "call": field(carol_invite, "Call-ID"),
            "they": field(carol_invite, "From"), "me": me}, event


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    edge = sys.argv[4]
    alice, bob, carol = (Party(n, Wire("udp", a, edge)) for n, a in zip(("alice", "bob", "carol"), sys.argv[1:4]))

    ab, _, _ = call(alice, bob, "2")
    alice.request("REFER", ab, ["Refer-To: <sip:900@%s>" % edge])
    alice.get("SIP/2.0 404")
    alice.request("REFER", ab, ["Refer-To: <sip:3@%s;method=BYE>" % edge])
    alice.get("SIP/2.0 400")
    alice.request("REFER", ab, ["Refer-To: <sip:3@%s?Subject=mine>" % edge,
                                "Referred-By: <sip:alice@example.test>"])
    # 202, NOTIFY and the INVITE leave at once
    invite = carol.get("INVITE ")
    alice.get("SIP/2.0 202")
    told(alice, "100", "active")
    must("description for carol", body(invite), "")
    must("Referred-By", field(invite, "Referred-By"), "<sip:alice@example.test>")
    must("who calls", uri(field(invite, "From")).split("@")[0], "sip:2")
    must("words of alice's", field(invite, "Subject"), "")
    carol.answer(invite, "180 Ringing")
    told(alice, "180", "active")
    cb, event = joined(bob, carol, invite, alice, 1, edge)
    must("Event", event.split(";")[0], "refer")
    carol.n = 1
    ended(carol, cb, bob)

    ab, _, _ = call(alice, bob, "2", name="second")
    ac, ca, _ = call(alice, carol, "3")
    name = "%s;to-tag=%s;from-tag=%s" % (ac["call"], tag(ac["they"]), tag(ac["me"]))
    alice.request("REFER", ab, ["Refer-To: <%s?Replaces=%s>" % (ac["uri"], urllib.parse.quote(name))])
    asked = carol.get("INVITE ")
    alice.get("SIP/2.0 202")
    told(alice, "100", "active")
    must("description for carol", body(asked), "")
    must("her own dialog", (field(asked, "Call-ID"), tag(field(asked, "To"))),
         (ca["call"], tag(ca["me"])))
    joined(bob, carol, asked, alice, 2, edge)
    ended(carol, ca, bob)


main()
