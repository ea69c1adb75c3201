# SPDX-License-Identifier: BSD-3-Clause
"""plainsip.py pbx|phone HOW CERT ADDRESS DIR EDGE: requests that make no call, over HOW (udp, tcp,
tls).

pbx registers anybody, grants subscriptions with a NOTIFY at once, and answers 200 to the
rest. phone registers bob through EDGE from ADDRESS. Each does what the files in DIR ask for,
once: register, unregister, reconnect, subscribe, message, notify, notify-last. What comes in is
printed, one line each. Ends after a minute and a half.
"""
import os
import re
import sys
import time

from sipua import Party, Wire, body, field, uri

SECONDS = 90
BOB = "<sip:bob@example.test>"
CAROL = "<sip:carol@example.test>"


class Agent(Party):
    def __init__(self, role, wire):
        super().__init__("bob" if role == "phone" else role, wire)
        self.role = role
        self.contacts = {}  # user -> registered Contact
        self.dialog = None  # the subscription granted

    def on_register(self, msg):
        contact = field(msg, "Contact")
        user = re.search(r"sips?:([^@>]+)@", field(msg, "To")).group(1)
        self.contacts[user] = uri(contact)
        if field(msg, "Expires") == "0" or ";expires=0" in contact:
            self.answer(msg, "200 OK", ["Contact: <sip:nobody@invalid>;expires=0"])
        else:
            self.answer(msg, "200 OK", ["Contact: %s;expires=600" % contact.split(";expires")[0]])

    def on_subscribe(self, msg):
        seconds = field(msg, "Expires")
        me = self.answer(msg, "200 OK", ["Expires: " + seconds])
        self.dialog = {"uri": uri(field(msg, "Contact")), "me": me, "they": field(msg, "From"),
                       "call": field(msg, "Call-ID")}
        if seconds == "0":
            self.notify("terminated;reason=timeout", 1)
        else:
            self.notify("active;expires=" + seconds, 1)

    def notify(self, state, voices):
        self.request("NOTIFY", self.dialog,
                     ["Event: message-summary", "Subscription-State: " + state],
                     "Messages-Waiting: yes\r\nVoice-Message: %d/0 (0/0)\r\n" % voices,
                     kind="application/simple-message-summary")

    def take(self, msg):
        first = msg.split("\r\n", 1)[0]
        if first.startswith("SIP/2.0"):
            print("answer %s %s" % (first.split()[1], field(msg, "CSeq").split()[-1]), flush=True)
            return
        method = first.split()[0]
        print("%s %s %s" % (method, first.split()[1], body(msg).replace("\r\n", " ")), flush=True)
        if self.role == "pbx" and method == "REGISTER":
            self.on_register(msg)
        elif self.role == "pbx" and method == "SUBSCRIBE":
            self.on_subscribe(msg)
        else:
            self.answer(msg, "200 OK")

    def do(self, what):
        if what in ("register", "unregister"):
            self.register("example.test", 600 if what == "register" else 0)
        elif what == "reconnect":
            self.wire.close()
        elif what == "subscribe":
            self.request("SUBSCRIBE", {"uri": uri(BOB), "call": "bob-mwi", "me": BOB + ";tag=s",
                                       "they": BOB}, ["Event: message-summary", "Expires: 600"])
        elif what == "message" and self.role == "phone":
            self.request("MESSAGE", {"uri": uri(CAROL), "call": "bob-says", "me": BOB + ";tag=m",
                                     "they": CAROL}, text="hello carol", kind="text/plain")
        elif what == "message":
            self.request("MESSAGE", {"uri": self.contacts["bob"], "call": "carol-says",
                                     "me": CAROL + ";tag=c", "they": BOB},
                         text="hello bob", kind="text/plain")
        elif what == "notify":
            self.notify("active;expires=600", 7)
        elif what == "notify-last":
            self.notify("terminated;reason=noresource", 0)

    def run(self, directory):
        print("ready", flush=True)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for what in os.listdir(directory):
                os.remove(os.path.join(directory, what))
                self.do(what)
            msg = self.next(0.1)
            if msg:
                self.take(msg)


def main():
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    role, how, cert, addr, directory, edge = sys.argv[1:]
    Agent(role, Wire(how, addr, edge, cert=cert)).run(directory)


main()
