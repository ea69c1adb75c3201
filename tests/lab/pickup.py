# SPDX-License-Identifier: BSD-3-Clause
"""pickup.py HOW CERT DIR PREFIX: a lamp, and a call that is picked up with it, over HOW (udp, tcp, tls).

A PBX (host pbx) and the phones alice (a1), bob (b1) and carol (lan1), which register there through
the edge; PREFIX is that of the network namespaces. bob's lamp shows alice (dialog-info). carol calls
alice; while it rings bob asks the PBX for the call that his lamp names (INVITE with Replaces). The
PBX must find its own dialog in it, takes it from alice and joins bob and carol. Where each sends
his voice is written to DIR/bob/media and DIR/carol/media. When DIR/heard is there bob hangs up.
Prints each step; status 0 when all was as it must be.
"""
import os
import re
import sys
import time

from sipua import Party, Wire, body, field, media, must, tag, uri

DOMAIN = "example.test"
LAMP = ('<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="%d"'
        ' state="full" entity="sip:alice@example.test">%s</dialog-info>\n')
RINGS = ('<dialog id="x" call-id="%s" local-tag="%s" remote-tag="%s" direction="recipient">'
         '<state>early</state></dialog>')


def to_user(user, tag_):
    return "<sip:%s@%s>;tag=%s" % (user, DOMAIN, tag_)


def registered(phone, pbx, seconds):
    """Through the edge, to the PBX; returns the Contact that the PBX is given."""
    phone.register(DOMAIN, seconds)
    msg = pbx.get("REGISTER ")
    contact = field(msg, "Contact")
    if seconds:
        pbx.answer(msg, "200 OK", ["Contact: %s;expires=600" % contact.split(";expires")[0]])
    else:
        pbx.answer(msg, "200 OK", ["Contact: <sip:nobody@invalid>;expires=0"])
    phone.get("SIP/2.0 200")
    return uri(contact)


def other_end(msg, me):
    """The dialog that a request made, as its receiver knows it."""
    return {"uri": uri(field(msg, "Contact")), "call": field(msg, "Call-ID"), "me": me,
            "they": field(msg, "From")}


def made(d, ok):
    """The dialog that a request made, as its sender knows it."""
    return dict(d, uri=uri(field(ok, "Contact")), they=field(ok, "To"))


def lamp(pbx, bob, sub, version, dialogs, state="active;expires=600"):
    """The PBX changes the lamp of bob; returns what he reads."""
    pbx.request("NOTIFY", sub, ["Event: dialog", "Subscription-State: " + state],
                LAMP % (version, dialogs), kind="application/dialog-info+xml")
    msg = bob.get("NOTIFY ")
    bob.answer(msg, "200 OK")
    pbx.get("SIP/2.0 200")
    must("Event of the lamp", field(msg, "Event"), "dialog")
    return body(msg)


def subscribed(bob, pbx):
    d = {"uri": "sip:alice@" + DOMAIN, "call": "bob-lamp", "me": to_user("bob", "bl"),
         "they": "<sip:alice@%s>" % DOMAIN}
    bob.request("SUBSCRIBE", d, ["Event: dialog", "Expires: 600",
                                 "Accept: application/dialog-info+xml"])
    msg = pbx.get("SUBSCRIBE ")
    me = pbx.answer(msg, "200 OK", ["Expires: 600"])
    bob.get("SIP/2.0 200")
    return other_end(msg, me)


def rings(carol, pbx, alice, contact):
    """carol calls alice by the PBX; returns the dialogs of the PBX with both, and carol's own."""
    d = {"uri": "sip:alice@" + DOMAIN, "call": "carol-alice", "me": to_user("carol", "ca"),
         "they": "<sip:alice@%s>" % DOMAIN}
    carol.request("INVITE", d, text=carol.sdp())
    asked = pbx.get("INVITE ")
    out = {"uri": contact, "call": "pbx-alice", "me": to_user("carol", "pa"),
           "they": "<sip:alice@%s>" % DOMAIN}
    pbx.request("INVITE", out, text=body(asked))
    out["cseq"] = pbx.n
    ring = alice.get("INVITE ")
    alice.answer(ring, "180 Ringing")
    out["they"] = field(pbx.get("SIP/2.0 180"), "To")
    pbx.answer(asked, "180 Ringing")
    carol.get("SIP/2.0 180")
    return asked, ring, out, d


def picked_up(bob, pbx, shown, out):
    """bob asks for the call on his lamp; returns the PBX's INVITE of him and his dialog."""
    name = dict(re.findall(r'(call-id|local-tag|remote-tag)="([^"]*)"', shown))
    d = {"uri": "sip:alice@" + DOMAIN, "call": "bob-pickup", "me": to_user("bob", "bp"),
         "they": "<sip:alice@%s>" % DOMAIN}
    bob.request("INVITE", d, ["Replaces: %s;to-tag=%s;from-tag=%s;early-only" % (
        name["call-id"], name["remote-tag"], name["local-tag"]), "Require: replaces"], bob.sdp())
    d["cseq"] = bob.n
    msg = pbx.get("INVITE ")
    parts = field(msg, "Replaces").split(";")
    must("Call-ID to be replaced", parts[0], out["call"])
    must("tags to be replaced", sorted(parts[1:]),
         sorted(["to-tag=" + tag(out["me"]), "from-tag=" + tag(out["they"]), "early-only"]))
    must("Require", field(msg, "Require"), "replaces")
    return msg, d


def taken_from(alice, ring, pbx, out):
    """The PBX gives up ringing at alice."""
    n = pbx.n
    pbx.n = out["cseq"] - 1  # CANCEL has the branch and number of its INVITE
    pbx.request("CANCEL", dict(out, they="<sip:alice@%s>" % DOMAIN))
    pbx.n = n
    alice.answer(alice.get("CANCEL "), "200 OK")
    alice.answer(ring, "487 Request Terminated")
    got = [pbx.get("SIP/2.0 ").split("\r\n", 1)[0] for _ in range(2)]
    must("CANCEL at the PBX", [g.split()[1] for g in sorted(got)], ["200", "487"])
    pbx.n = out["cseq"] - 1
    pbx.request("ACK", out)
    pbx.n = n
    alice.get("ACK ")


def joined(pbx, who, msg, d, sdp):
    """The PBX answers who's INVITE with that SDP; returns its dialog and the other end's."""
    me = pbx.answer(msg, "200 OK", text=sdp)
    ok = who.get("SIP/2.0 200")
    mine = made(d, ok)
    who.request("ACK", mine, cseq=d["cseq"])
    pbx.get("ACK ")
    return mine, other_end(msg, me), ok


def voice_to(directory, who, ok):
    path = os.path.join(directory, who.name)
    with open(os.path.join(path, "media.new"), "w") as f:
        f.write("%s %s\n" % media(ok))
    os.rename(os.path.join(path, "media.new"), os.path.join(path, "media"))


def bye(a, d, b):
    a.request("BYE", d)
    b.answer(b.get("BYE "), "200 OK")
    a.get("SIP/2.0 200")


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    how, cert, directory, prefix = sys.argv[1:]
    pbx = Party("pbx", Wire(how, "198.51.100.5", "198.51.100.10", prefix + "-pbx", cert))
    alice = Party("alice", Wire(how, "10.1.1.11", "198.51.100.10", prefix + "-a1", cert))
    bob = Party("bob", Wire(how, "10.2.2.11", "198.51.100.10", prefix + "-b1", cert))
    carol = Party("carol", Wire(how, "192.168.50.21", "192.168.50.1", prefix + "-lan1", cert))
    contact = registered(alice, pbx, 600)
    registered(bob, pbx, 600)
    registered(carol, pbx, 600)
    sub = subscribed(bob, pbx)
    lamp(pbx, bob, sub, 0, "")

    asked, ring, out, d = rings(carol, pbx, alice, contact)
    d["cseq"] = carol.n
    shown = lamp(pbx, bob, sub, 1, RINGS % (out["call"], tag(out["they"]), tag(out["me"])))
    msg, b = picked_up(bob, pbx, shown, out)
    bob_mine, pbx_bob, ok = joined(pbx, bob, msg, b, body(asked))
    voice_to(directory, bob, ok)
    taken_from(alice, ring, pbx, out)
    carol_mine, pbx_carol, ok = joined(pbx, carol, asked, d, body(msg))
    voice_to(directory, carol, ok)

    end = time.monotonic() + 20
    while not os.path.exists(os.path.join(directory, "heard")) and time.monotonic() < end:
        time.sleep(0.1)
    bye(bob, bob_mine, pbx)
    bye(pbx, pbx_carol, carol)
    lamp(pbx, bob, sub, 2, "", "terminated;reason=noresource")
    for phone in (alice, bob, carol):
        registered(phone, pbx, 0)


main()
