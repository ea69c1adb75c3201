# SPDX-License-Identifier: BSD-3-Clause
"""spray.py ADDR LOW HIGH RATE SECONDS [SSRC]: RTP with the source identifier deadbeef, or SSRC, and
loud noise to every port of a range in turn, RATE packets a second. Counts what comes back. With
SSRC the packets are one byte longer than any other's, so that a capture can tell them apart."""
import random
import socket
import struct
import sys
import time


def main():
    addr, low, high = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rate, seconds = int(sys.argv[4]), float(sys.argv[5])
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 40000))
    s.setblocking(False)
    ssrc = int(sys.argv[6], 16) if len(sys.argv) > 6 else 0xdeadbeef
    size = 160 + (len(sys.argv) > 6)
    noise = bytes(random.Random(1).choice(b"\x00\x80") for _ in range(size))
    start, sent, back = time.monotonic(), 0, 0
    print("spraying", flush=True)
    while time.monotonic() < start + seconds:
        while sent < rate * (time.monotonic() - start):
            port = low + sent % (high - low + 1)
            head = struct.pack(">BBHII", 0x80, 0, sent & 0xffff, sent * 160 & 0xffffffff,
                               ssrc)
            try:
                s.sendto(head + noise, (addr, port))
            except OSError:
                pass  # ICMP of a closed port
            sent += 1
        try:
            while s.recv(2048):
                back += 1
        except OSError:
            pass
        time.sleep(0.002)
    print("sent %d, %d came back" % (sent, back))
    sys.exit(1 if back else 0)


main()
