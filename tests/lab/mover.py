# SPDX-License-Identifier: BSD-3-Clause
"""mover.py HOW EDGE USER CALLEE HZ SSRC DIR NAMESPACE=ADDRESS NAMESPACE=ADDRESS: a phone that is carried
from one network to another in the middle of a call, as from Wi-Fi to the mobile net.

It registers as USER (password secret-USER) from the first place, calls CALLEE and says the tone HZ.
When DIR/go is there it leaves: nothing goes out any more from the old place, the new one gives it
another address, and it talks on under the same SSRC and with the next number. It registers from
there, and says where it is in a re-INVITE. HOW is instance: its registrations bear one name, so the
first is enough to hear again; or plain: they don't. When DIR/end is there it hangs up. What it heard before and after is in
DIR/before.wav and DIR/after.wav; how long it heard nothing is printed.
"""
import os
import select
import socket
import sys
import threading
import time

import ulaw
from sipua import Party, Wire, authorization, field, inside, uri

PORT = 9000
SECONDS = 60


class Voice(threading.Thread):
    """Talks and listens, wherever its socket is now."""

    def __init__(self, hz, ssrc):
        super().__init__(daemon=True)
        self.hz, self.ssrc, self.n = hz, ssrc, 0
        self.sock = self.to = None
        self.heard = []  # when, payload

    def move(self, namespace, addr):
        with inside(namespace):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((addr, PORT))
        self.sock = sock

    def run(self):
        start = time.monotonic()
        while True:
            due = start + self.n * ulaw.FRAME / ulaw.RATE
            sock = self.sock
            if sock and select.select([sock], [], [], max(due - time.monotonic(), 0))[0]:
                data = sock.recv(2048)
                if len(data) > 12 and data[1] & 0x7f == 0 and sock is self.sock:
                    self.heard.append((time.monotonic(), data[12:]))
                continue
            if time.monotonic() < due:
                time.sleep(due - time.monotonic())
            if sock and self.to:
                sock.sendto(ulaw.packet(self.n, self.hz, self.ssrc), self.to)
            self.n += 1

    def write(self, path, first, last):
        ulaw.write_wave(path, b"".join(p for t, p in self.heard if first <= t < last))


class Phone(Party):
    def at(self, namespace, addr, edge):
        super().__init__(self.name, Wire("udp", addr, edge, namespace))
        if self.known:
            self.contact = self.contact + ';+sip.instance="<urn:uuid:77>"'

    def __init__(self, name, known):
        self.name, self.known = name, known

    def register(self, domain, seconds, *extra):
        me = "<sip:%s@%s>" % (self.name, domain)
        d = {"uri": "sip:" + domain, "call": "mover-register", "me": me + ";tag=r", "they": me}
        extra = ["Expires: %d" % seconds, *extra]
        self.request("REGISTER", d, extra)
        ask = self.get("SIP/2.0 401")
        self.request("REGISTER", d, extra + [authorization(
            ask, self.name, "secret-" + self.name, "REGISTER", d["uri"])])
        self.get("SIP/2.0 200")

    def invite(self, d):
        """An offer of this place; the answer's media address."""
        self.request("INVITE", d, text=self.sdp())
        cseq = self.n
        ok = self.get("SIP/2.0 200")
        d["they"], d["uri"] = field(ok, "To"), uri(field(ok, "Contact"))
        self.request("ACK", d, cseq=cseq)
        text = ok.split("\r\n\r\n", 1)[1]
        host = next(x for x in text.split("\r\n") if x.startswith("c=")).split()[-1]
        port = next(x for x in text.split("\r\n") if x.startswith("m=")).split()[1]
        return host, int(port)


def wait(path):
    end = time.monotonic() + SECONDS
    while not os.path.exists(path):
        if time.monotonic() > end:
            sys.exit("nobody wrote " + path)
        time.sleep(0.02)


def main():
    if len(sys.argv) != 10:
        sys.exit(__doc__)
    how, edge, user, callee, hz, ssrc, directory = sys.argv[1:8]
    (ns, addr), (ns2, addr2) = (a.split("=") for a in sys.argv[8:])
    voice, phone = Voice(float(hz), int(ssrc, 16)), Phone(user, how == "instance")
    d = {"uri": callee, "call": "mover", "me": "<sip:%s@%s>;tag=m" % (user, edge),
         "they": "<%s>" % callee}

    phone.at(ns, addr, edge)
    phone.register(edge, 60)
    voice.move(ns, addr)
    voice.to = phone.invite(d)
    voice.start()
    print("talking", flush=True)

    wait(os.path.join(directory, "go"))
    n = phone.n
    phone.wire.close()
    phone.at(ns2, addr2, edge)
    phone.n = n
    voice.move(ns2, addr2)
    left = time.monotonic()
    phone.register(edge, 60)
    said = time.monotonic()
    while phone.known and not [t for t, _ in voice.heard if t > left]:
        if time.monotonic() > said + 1:
            sys.exit("registered from the new place, and still no sound")
        time.sleep(0.02)
    must_be = voice.to
    if phone.invite(d) != must_be:
        sys.exit("our media port is another one now")
    print("moved", flush=True)

    wait(os.path.join(directory, "end"))
    voice.write(os.path.join(directory, "before.wav"), 0, left)
    voice.write(os.path.join(directory, "after.wav"), left, time.monotonic())
    again = [t for t, _ in voice.heard if t > left]
    print("silent for %.2f s, until %.2f s after it had registered" % (again[0] - left,
                                                                   again[0] - said), flush=True)
    phone.request("BYE", d)
    phone.get("SIP/2.0 200")
    phone.register(edge, 0, "Contact: *")
    sys.exit(0 if again[0] - left < 2 else 1)


main()
