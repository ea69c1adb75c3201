# SPDX-License-Identifier: BSD-3-Clause
"""cutoff.py caller|callee ADDRESS EDGE ROUNDS: who gives up and is gone at the same moment.

callee: a PBX over UDP that rings for every call and answers nothing else but CANCEL.
caller: a trunk over TCP; each round it calls, hears the ringing, sends CANCEL and resets the
connection in the same breath, so that the edge's answers meet a connection that is gone.
"""
import re
import socket
import struct
import sys
import time

SECONDS = 60


def field(msg, name):
    m = re.search(r"^%s\s*:\s*(.*?)\r$" % name, msg, re.M | re.I)
    return m.group(1) if m else ""


def reply(msg, status, tag):
    to = field(msg, "To")
    to += "" if ";tag=" in to else ";tag=" + tag
    return "\r\n".join(["SIP/2.0 " + status] + re.findall(r"^Via:.*?(?=\r)", msg, re.M | re.I) + [
        "From: " + field(msg, "From"), "To: " + to, "Call-ID: " + field(msg, "Call-ID"),
        "CSeq: " + field(msg, "CSeq"), "Content-Length: 0", "", ""]).encode()


def callee(addr):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((addr, 5060))
    sock.settimeout(0.5)
    end = time.monotonic() + SECONDS
    ringing = {}
    print("ready", flush=True)
    while time.monotonic() < end:
        try:
            data, src = sock.recvfrom(65535)
        except socket.timeout:
            continue
        msg = data.decode(errors="replace")
        if msg.startswith("INVITE "):
            ringing[field(msg, "Call-ID")] = msg
            sock.sendto(reply(msg, "180 Ringing", "r"), src)
        elif msg.startswith("CANCEL "):
            sock.sendto(reply(msg, "200 OK", "r"), src)
            was = ringing.pop(field(msg, "Call-ID"), None)
            if was:
                sock.sendto(reply(was, "487 Request Terminated", "r"), src)
                print("cancelled", flush=True)


def request(method, addr, edge, n):
    head = ["%s sip:9%d@%s SIP/2.0" % (method, n, edge),
            "Via: SIP/2.0/TCP %s:5060;branch=z9hG4bK-cut-%d" % (addr, n), "Max-Forwards: 70",
            "From: <sip:t@%s>;tag=c%d" % (addr, n), "To: <sip:9%d@%s>" % (n, edge),
            "Call-ID: cut-%d@%s" % (n, addr), "CSeq: 1 %s" % method]
    if method == "INVITE":
        head.append("Contact: <sip:t@%s:5060;transport=tcp>" % addr)
    return "\r\n".join(head + ["Content-Length: 0", "", ""]).encode()


def caller(addr, edge, rounds):
    rang = 0
    for n in range(rounds):
        sock = socket.create_connection((edge, 5060), 5, (addr, 0))
        sock.settimeout(3)
        sock.sendall(request("INVITE", addr, edge, n))
        got = b""
        while b"SIP/2.0 180" not in got and len(got) < 65536:
            data = sock.recv(65536)
            if not data:
                break
            got += data
        rang += b"SIP/2.0 180" in got
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(request("CANCEL", addr, edge, n))
        sock.close()
    print("rang %d of %d" % (rang, rounds))
    sys.exit(0 if rang == rounds else 1)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    if sys.argv[1] == "callee":
        callee(sys.argv[2])
    else:
        caller(sys.argv[2], sys.argv[3], int(sys.argv[4]))


main()
