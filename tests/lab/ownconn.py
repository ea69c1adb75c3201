# SPDX-License-Identifier: BSD-3-Clause
"""ownconn.py HOW CERT PREFIX: whose connection is used, over HOW (tcp, tls).

A phone (host p1, not behind a NAT) registers at a PBX (host pbx) through the edge, and would take
connections at its Contact. Calls to it must come over the connection that it registered by, and
when that is closed they must fail: never over one that the edge makes. All that goes to the PBX
takes one connection. Keepalives are answered. PREFIX is that of the network namespaces.
Prints each step; status 0 when all was as it must be.
"""
import sys

from sipua import Party, Wire, body, field, must, uri

DOMAIN = "example.test"


def registered(phone, pbx, seconds=600):
    phone.register(DOMAIN, seconds)
    msg = pbx.get("REGISTER ")
    contact = field(msg, "Contact").split(";expires")[0]
    pbx.answer(msg, "200 OK", ["Contact: %s;expires=%d" % (contact, seconds)])
    phone.get("SIP/2.0 200")
    return uri(contact)


def asked(pbx, contact, call):
    d = {"uri": contact, "call": call, "me": "<sip:carol@%s>;tag=%s" % (DOMAIN, call),
         "they": "<sip:bob@%s>" % DOMAIN}
    pbx.request("INVITE", d, text=pbx.sdp())
    d["cseq"] = pbx.n
    return d


def whole_call(pbx, phone, contact, call):
    d = asked(pbx, contact, call)
    msg = phone.get("INVITE ")
    must("SDP at the phone", "m=audio" in body(msg), True)
    phone.answer(msg, "200 OK", text=phone.sdp())
    ok = pbx.get("SIP/2.0 200")
    d.update(uri=uri(field(ok, "Contact")), they=field(ok, "To"))
    pbx.request("ACK", d, cseq=d["cseq"])
    phone.get("ACK ")
    pbx.request("BYE", d)
    phone.answer(phone.get("BYE "), "200 OK")
    pbx.get("SIP/2.0 200")


def pings(phone):
    """CRLF CRLF is answered by CRLF, alone, in pieces, and just in front of a request."""
    wire = phone.wire
    for pieces in (["\r\n\r\n"], ["\r\n", "\r\n"], ["\r", "\n\r", "\n"]):
        before = wire.pongs
        for piece in pieces:
            wire.send(piece)
        must("anything but CRLF", wire.recv(0.3)[0], None)
        must("answers to %r" % pieces, wire.pongs - before, 1)
    before = wire.pongs
    send, wire.send = wire.send, lambda text, sock=None: send("\r\n\r\n" + text, sock)
    phone.request("OPTIONS", {"uri": "sip:" + wire.edge, "call": "ping", "me": "<sip:bob@x>;tag=p",
                              "they": "<sip:%s>" % wire.edge})
    wire.send = send
    phone.get("SIP/2.0 200")
    must("answers to one in front of a request", wire.pongs - before, 1)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    how, cert, prefix = sys.argv[1:]
    pbx = Party("pbx", Wire(how, "198.51.100.5", "198.51.100.10", prefix + "-pbx", cert))
    phone = Party("bob", Wire(how, "198.51.100.41", "198.51.100.10", prefix + "-p1", cert))
    contact = registered(phone, pbx)
    for n in range(3):
        whole_call(pbx, phone, contact, "call%d" % n)
    pings(phone)
    whole_call(pbx, phone, contact, "after-pings")
    must("connections of the edge to the PBX", pbx.wire.met, 1)

    phone.wire.close()
    print("bob closes his connection", flush=True)
    must("anything for nobody", phone.next(0.5), None)
    asked(pbx, contact, "closed")
    status = pbx.get("SIP/2.0 4").split()[1]
    must("status of a call to nobody", status, "480")
    must("anything at the Contact of the phone", phone.next(0.5), None)

    contact = registered(phone, pbx)
    whole_call(pbx, phone, contact, "again")
    must("connections of the edge to the phone", phone.wire.met, 0)
    registered(phone, pbx, 0)


main()
