# SPDX-License-Identifier: BSD-3-Clause
"""b2bua.py ADDR EDGE DIR: a PBX that makes two calls of each and keeps out of the media: every
description goes on as it came.

It registers anybody. It does what the files in DIR ask for, once, with the call that was made
last: music (the callee hears ADDR:9000 instead; where to is written to DIR.to), back (the callee
is given the caller again), leave (the caller alone gets BYE), part (the callee as well). Ends after
a minute and a half.
"""
import os
import re
import sys
import time

from sipua import Party, Wire, body, field, media, tag, uri

SECONDS = 90


class Leg:
    """One of the two dialogs of a call."""

    def __init__(self, d):
        self.d, self.other = d, None
        self.asked = None  # a request of the other leg that waits for this one's answer
        self.said = ""  # description that came last


class Pbx(Party):
    def __init__(self, wire, directory):
        super().__init__("pbx", wire)
        self.directory = directory
        self.contacts, self.legs = {}, {}
        self.caller = None  # of the call made last

    def leg_of(self, msg):
        return self.legs.get(field(msg, "Call-ID"))

    def on_register(self, msg):
        user = re.search(r"sips?:([^@>]+)@", field(msg, "To")).group(1)
        contact = field(msg, "Contact")
        self.contacts[user] = uri(contact)
        if field(msg, "Expires") == "0" or "expires=0" in contact:
            self.answer(msg, "200 OK", ["Contact: <sip:nobody@invalid>;expires=0"])
        else:
            self.answer(msg, "200 OK", ["Contact: <%s>;expires=60" % uri(contact)])

    def invite(self, leg, text, asked=None):
        leg.asked = asked
        self.request("INVITE", leg.d, text=text)

    def on_call(self, msg):
        user = re.search(r"sips?:([^@;>]+)@", msg.split(" ")[1]).group(1)
        x = Leg({"uri": uri(field(msg, "Contact")), "call": field(msg, "Call-ID"),
                 "they": field(msg, "From"), "me": ""})
        y = Leg({"uri": self.contacts[user], "call": "back-" + x.d["call"],
                 "they": "<sip:%s@example.test>" % user,
                 "me": re.sub(r";tag=.*", "", field(msg, "From")) + ";tag=back"})
        x.other, y.other, x.said = y, x, body(msg)
        self.legs[x.d["call"]], self.legs[y.d["call"]] = x, y
        self.caller = x
        self.invite(y, x.said, msg)

    def on_invite(self, msg):
        leg = self.leg_of(msg)
        if not leg:
            self.on_call(msg)
            return
        leg.said = body(msg)
        self.invite(leg.other, leg.said, msg)

    def on_bye(self, msg):
        leg = self.leg_of(msg)
        self.answer(msg, "200 OK")
        if leg and leg.other.d["call"] in self.legs:
            self.request("BYE", leg.other.d)
        if leg:
            self.legs.pop(leg.d["call"])
            self.legs.pop(leg.other.d["call"], None)

    def on_answer(self, leg, msg):
        status = int(msg.split(" ")[1])
        if status >= 200:
            if tag(field(msg, "To")):
                leg.d["they"] = field(msg, "To")
            cseq = int(field(msg, "CSeq").split()[0])
            if status < 300:
                leg.d["uri"], leg.said = uri(field(msg, "Contact")), body(msg)
                self.request("ACK", leg.d, cseq=cseq)
        if leg.asked:
            me = self.answer(leg.asked, msg.split("\r\n")[0][8:], text=body(msg))
            leg.other.d["me"] = leg.other.d["me"] or me
        elif status == 200:
            with open(self.directory + ".to", "w", encoding="ascii") as f:
                f.write("%s %s\n" % media(msg))

    def take(self, msg):
        first = msg.split("\r\n", 1)[0]
        method = field(msg, "CSeq").split()[-1]
        print(first, flush=True)
        if first.startswith("SIP/2.0"):
            if method == "INVITE" and self.leg_of(msg):
                self.on_answer(self.leg_of(msg), msg)
        elif method == "REGISTER":
            self.on_register(msg)
        elif method == "INVITE":
            self.on_invite(msg)
        elif method == "BYE":
            self.on_bye(msg)
        elif method != "ACK":
            self.answer(msg, "200 OK")

    def do(self, what):
        x, y = self.caller, self.caller.other
        if what == "music":
            self.invite(y, self.sdp())
        elif what == "back":
            self.invite(y, x.said)
        elif what in ("leave", "part"):
            leg = x if what == "leave" else y
            self.legs.pop(leg.d["call"])
            self.request("BYE", leg.d)

    def run(self):
        print("ready", flush=True)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for what in os.listdir(self.directory):
                os.remove(os.path.join(self.directory, what))
                self.do(what)
            msg = self.next(0.1)
            if msg:
                self.take(msg)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    addr, edge, directory = sys.argv[1:]
    Pbx(Wire("udp", addr, edge), directory).run()


main()
