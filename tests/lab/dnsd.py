# SPDX-License-Identifier: BSD-3-Clause
"""dnsd.py ADDRESS ZONEFILE: a small name server over UDP, for two minutes.

The zone is read again for each question: lines "NAME TYPE TTL DATA", as in
"_sip._udp.pbx.test SRV 5 10 0 5060 one.test". A, AAAA, SRV and NAPTR ("ORDER PREFERENCE FLAGS
SERVICE REPLACEMENT") are known. Each question is printed.
"""
import socket
import struct
import sys
import time

SECONDS = 120
TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "NAPTR": 35}
NAMES = {v: k for k, v in TYPES.items()}
LIMIT = 512


def wire(name):
    out = b""
    for label in name.strip(".").split("."):
        out += struct.pack("B", len(label)) + label.encode()
    return out + b"\0"


def text(s):
    return struct.pack("B", len(s)) + s.encode()


def data(kind, words):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, words[0])
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, words[0])
    if kind == "SRV":
        return struct.pack(">HHH", *(int(w) for w in words[:3])) + wire(words[3])
    return (struct.pack(">HH", int(words[0]), int(words[1])) + text(words[2]) + text(words[3]) +
            text("") + wire(words[4]))


def zone(path):
    with open(path, encoding="ascii") as f:
        return [line.split() for line in f if line.strip()]


def question(msg):
    labels, at = [], 12
    while msg[at] > 0:
        labels.append(msg[at + 1:at + 1 + msg[at]].decode("ascii"))
        at += 1 + msg[at]
    kind = struct.unpack(">H", msg[at + 1:at + 3])[0]
    return ".".join(labels).lower(), NAMES.get(kind, str(kind)), msg[12:at + 5]


def answer(msg, path):
    name, kind, asked = question(msg)
    print("%s %s" % (name, kind), flush=True)
    rows = zone(path)
    records = b""
    n = 0
    for row in rows:
        if row[0].lower() == name and row[1] == kind:
            body = data(kind, row[3:])
            records += wire(name) + struct.pack(">HHIH", TYPES[kind], 1, int(row[2]), len(body)) + body
            n += 1
    known = any(row[0].lower() == name for row in rows)
    flags = 0x8580 | (0 if known else 3)
    out = msg[:2] + struct.pack(">HHHHH", flags, 1, n, 0, 0) + asked + records
    return out if len(out) <= LIMIT else None


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((sys.argv[1], 53))
    sock.settimeout(0.5)
    end = time.monotonic() + SECONDS
    print("ready", flush=True)
    while time.monotonic() < end:
        try:
            msg, src = sock.recvfrom(2048)
        except socket.timeout:
            continue
        try:
            out = answer(msg, sys.argv[2])
        except (IndexError, ValueError, KeyError, struct.error, UnicodeDecodeError) as e:
            print("no answer: %r" % e, flush=True)
            continue
        if out:
            sock.sendto(out, src)


main()
