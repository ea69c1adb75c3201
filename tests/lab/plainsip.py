# SPDX-License-Identifier: BSD-3-Clause
"""plainsip.py pbx|phone ADDRESS DIR [EDGE]: requests that make no call, over UDP.

pbx registers anybody, grants subscriptions with a NOTIFY at once, and answers 200 to the
rest. phone registers bob through EDGE from ADDRESS. Each does what the files in DIR ask for,
once: register, unregister, subscribe, message, notify, notify-last. What comes in is printed, one line
each. Ends after a minute and a half.
"""
import os
import re
import socket
import sys
import time

SECONDS = 90


def field(msg, name):
    m = re.search(r"^%s\s*:\s*(.*?)\r$" % name, msg, re.M | re.I)
    return m.group(1) if m else ""


def uri(value):
    m = re.search(r"<([^>]+)>", value)
    return m.group(1) if m else value.split(";")[0]


class Agent:
    def __init__(self, role, addr, directory, edge):
        self.role, self.addr, self.dir, self.edge = role, addr, directory, edge
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((addr, 5060))
        self.sock.settimeout(0.1)
        self.n = 0
        self.contacts = {}  # user -> registered Contact
        self.dialog = None  # the subscription: of the pbx as notifier, of the phone as asker
        self.seen = set()

    def request(self, method, ruri, frm, to, call, extra=(), body=""):
        self.n += 1
        host = self.edge or self.to_host(ruri)
        lines = ["%s %s SIP/2.0" % (method, ruri),
                 "Via: SIP/2.0/UDP %s:5060;rport;branch=z9hG4bK%s%d" % (self.addr, self.role, self.n),
                 "From: %s" % frm, "To: %s" % to, "Call-ID: %s" % call,
                 "CSeq: %d %s" % (self.n, method), "Max-Forwards: 70"]
        if method != "MESSAGE":
            lines.append("Contact: <sip:%s@%s:5060>" % (self.role, self.addr))
        lines += list(extra) + ["Content-Length: %d" % len(body), "", body]
        self.sock.sendto("\r\n".join(lines).encode(), (host, 5060))

    @staticmethod
    def to_host(ruri):
        return re.search(r"@?([0-9.]+)", ruri.split("@")[-1]).group(1)

    def answer(self, msg, src, extra=()):
        to = field(msg, "To")
        if ";tag=" not in to:
            to += ";tag=%s-%s" % (self.role, field(msg, "Call-ID")[:8])
        lines = ["SIP/2.0 200 OK"] + re.findall(r"^Via:.*?(?=\r)", msg, re.M | re.I)
        lines += ["From: %s" % field(msg, "From"), "To: %s" % to,
                  "Call-ID: %s" % field(msg, "Call-ID"), "CSeq: %s" % field(msg, "CSeq")]
        lines += list(extra) + ["Content-Length: 0", "", ""]
        self.sock.sendto("\r\n".join(lines).encode(), src)
        return to

    def on_register(self, msg, src):
        contact = field(msg, "Contact")
        user = re.search(r"sips?:([^@>]+)@", field(msg, "To")).group(1)
        self.contacts[user] = uri(contact)
        bare = contact.split(";expires")[0]
        if field(msg, "Expires") == "0" or ";expires=0" in contact:
            self.answer(msg, src)
        else:
            self.answer(msg, src, ["Contact: %s;expires=600" % bare])

    def on_subscribe(self, msg, src):
        to = self.answer(msg, src, ["Expires: 600", "Contact: <sip:pbx@%s:5060>" % self.addr])
        self.dialog = (uri(field(msg, "Contact")), to, field(msg, "From"), field(msg, "Call-ID"))
        self.notify("active;expires=600", 1)

    def notify(self, state, voices):
        target, frm, to, call = self.dialog
        self.request("NOTIFY", target, frm, to, call,
                     ["Event: message-summary", "Subscription-State: " + state,
                      "Content-Type: application/simple-message-summary"],
                     "Messages-Waiting: yes\r\nVoice-Message: %d/0 (0/0)\r\n" % voices)

    def take(self, data, src):
        msg = data.decode(errors="replace")
        first = msg.split("\r\n", 1)[0]
        if first.startswith("SIP/2.0"):
            print("answer %s %s" % (first.split()[1], field(msg, "CSeq").split()[-1]), flush=True)
            return
        method = first.split()[0]
        key = (field(msg, "Call-ID"), field(msg, "CSeq"))
        if key not in self.seen:
            print("%s %s %s" % (method, first.split()[1], msg.split("\r\n\r\n", 1)[1].replace("\r\n", " ")),
                  flush=True)
        if self.role == "pbx" and method == "REGISTER":
            self.on_register(msg, src)
        elif self.role == "pbx" and method == "SUBSCRIBE" and key not in self.seen:
            self.on_subscribe(msg, src)
        else:
            self.answer(msg, src)
        self.seen.add(key)

    def do(self, what):
        me = "<sip:bob@example.test>"
        if what in ("register", "unregister"):
            self.request("REGISTER", "sip:example.test", me + ";tag=r", me, "bob-register",
                         ["Expires: %d" % (600 if what == "register" else 0)])
        elif what == "subscribe":
            self.request("SUBSCRIBE", "sip:bob@example.test", me + ";tag=s", me, "bob-mwi",
                         ["Event: message-summary", "Expires: 600"])
        elif what == "message" and self.role == "phone":
            self.request("MESSAGE", "sip:carol@example.test", me + ";tag=m", "<sip:carol@example.test>",
                         "bob-says", ["Content-Type: text/plain"], "hello carol")
        elif what == "message":
            self.request("MESSAGE", self.contacts["bob"], "<sip:carol@example.test>;tag=c", me,
                         "carol-says", ["Content-Type: text/plain"], "hello bob")
        elif what == "notify":
            self.notify("active;expires=600", 7)
        elif what == "notify-last":
            self.notify("terminated;reason=noresource", 0)

    def run(self):
        print("ready", flush=True)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for what in os.listdir(self.dir):
                os.remove(os.path.join(self.dir, what))
                self.do(what)
            try:
                self.take(*self.sock.recvfrom(65535))
            except socket.timeout:
                pass


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    Agent(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "").run()


main()
