# SPDX-License-Identifier: BSD-3-Clause
"""uas.py ADDRESS NAME: a PBX over UDP that takes every call, for two minutes.

Answers 200 to INVITE, with a description of its own, and to all else. What comes in is
printed, one line each.
"""
import re
import socket
import sys
import time

SECONDS = 120


def field(msg, name):
    m = re.search(r"^%s\s*:\s*(.*?)\r$" % name, msg, re.M | re.I)
    return m.group(1) if m else ""


def description(addr):
    return "".join("%s\r\n" % line for line in (
        "v=0", "o=- 1 1 IN IP4 %s" % addr, "s=-", "c=IN IP4 %s" % addr, "t=0 0",
        "m=audio 9000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000"))


def answer(msg, addr, name):
    method = msg.split(" ", 1)[0]
    to = field(msg, "To")
    if ";tag=" not in to:
        to += ";tag=%s" % name
    body = description(addr) if method == "INVITE" else ""
    lines = ["SIP/2.0 200 OK"] + re.findall(r"^Via:.*?(?=\r)", msg, re.M | re.I)
    lines += ["From: %s" % field(msg, "From"), "To: %s" % to, "Call-ID: %s" % field(msg, "Call-ID"),
              "CSeq: %s" % field(msg, "CSeq"), "Contact: <sip:%s@%s:5060>" % (name, addr)]
    if method == "REGISTER":
        lines[-1] = "Contact: %s" % field(msg, "Contact")
        lines.append("Expires: %s" % field(msg, "Expires"))
    if body:
        lines.append("Content-Type: application/sdp")
    return "\r\n".join(lines + ["Content-Length: %d" % len(body), "", body])


def main():
    addr, name = sys.argv[1], sys.argv[2]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((addr, 5060))
    sock.settimeout(0.5)
    end = time.monotonic() + SECONDS
    print("ready", flush=True)
    while time.monotonic() < end:
        try:
            data, src = sock.recvfrom(65535)
        except socket.timeout:
            continue
        msg = data.decode(errors="replace")
        if not msg.strip() or msg.startswith("SIP/2.0"):
            continue
        print("%s %s" % (msg.split(" ", 1)[0], field(msg, "To")), flush=True)
        if not msg.startswith("ACK "):
            sock.sendto(answer(msg, addr, name).encode(), src)


main()
