# SPDX-License-Identifier: BSD-3-Clause
"""latefork.py tcp|tls ADDRESS EDGE [CERT]: a trunk behind which two places ring, on a stream.

The first call is answered by both: the second answer, whose Contact points elsewhere, must be
acknowledged and ended over the connection of the call. The next call is cancelled while it
rings, and its 487 must have an ACK.
"""
import sys

from sipua import Party, Wire, field, must, tag

VICTIM = "Contact: <sip:x@198.51.100.66:5060>"


def place(party, msg, status, name, extra=(), text=""):
    """Answers as the place of that name."""
    forked = msg.replace("\r\nTo: " + field(msg, "To"),
                         "\r\nTo: %s;tag=%s" % (field(msg, "To"), name), 1)
    party.by[forked] = party.by[msg]
    party.answer(forked, status, extra, text)


def same_connection(party, first, msg):
    must("the connection", party.by[msg] is party.by[first], True)


def ended(party, invite, name):
    """The place of that name is acknowledged, then gets its BYE."""
    for method in ("ACK", "BYE"):
        msg = party.get(method)
        must("the tag of the " + method, tag(field(msg, "To")), name)
        same_connection(party, invite, msg)
    party.answer(msg, "200 OK")


def answered_twice(party):
    invite = party.get("INVITE")
    place(party, invite, "180 Ringing", "one")
    place(party, invite, "180 Ringing", "two")
    place(party, invite, "200 OK", "one", text=party.sdp())
    ack = party.get("ACK")
    must("the tag of the ACK", tag(field(ack, "To")), "one")
    place(party, invite, "200 OK", "two", [VICTIM], party.sdp())
    ended(party, invite, "two")
    print("late place ended", flush=True)
    bye = party.get("BYE")
    must("the tag of the BYE", tag(field(bye, "To")), "one")
    party.answer(bye, "200 OK")
    print("call ended", flush=True)


def cancelled(party):
    invite = party.get("INVITE")
    place(party, invite, "180 Ringing", "three")
    print("ringing", flush=True)
    cancel = party.get("CANCEL")
    same_connection(party, invite, cancel)
    must("the branch", field(cancel, "Via"), field(invite, "Via"))
    party.answer(cancel, "200 OK")
    place(party, invite, "487 Request Terminated", "three")
    ack = party.get("ACK")
    must("the branch", field(ack, "Via"), field(invite, "Via"))
    same_connection(party, invite, ack)
    print("cancelled", flush=True)


def main():
    how, me, edge = sys.argv[1:4]
    party = Party("trunk", Wire(how, me, edge, cert=sys.argv[4] if len(sys.argv) > 4 else None))
    print("listening", flush=True)
    answered_twice(party)
    cancelled(party)


main()
