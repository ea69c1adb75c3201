# SPDX-License-Identifier: BSD-3-Clause
"""The voice of a SIPp scenario: sends a G.711 mu-law tone from one UDP port, records what that
port hears.

rtptone.py --bind ADDR:PORT --tone HZ --record FILE.wav --seconds N
           [--to-file FILE | --to ADDR:PORT]

--to-file: a file with "ADDR PORT", waited for, written by the scenario from the SDP it got.
"""
import argparse
import os
import select
import socket
import sys
import time

import ulaw

RATE, FRAME = ulaw.RATE, ulaw.FRAME
FILE_WAIT_S = 15


def host_port(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def wait_file(path):
    end = time.monotonic() + FILE_WAIT_S
    while time.monotonic() < end:
        if os.path.exists(path):
            words = open(path).read().split()
            if len(words) == 2:
                return words[0], int(words[1])
        time.sleep(0.05)
    sys.exit("rtptone: nobody wrote %s" % path)


def talk(sock, to, args):
    heard, sources, sent = [], {}, 0
    start = time.monotonic()
    while time.monotonic() < start + args.seconds:
        due = start + sent * FRAME / RATE
        if time.monotonic() >= due:
            try:
                sock.sendto(ulaw.packet(sent, args.tone, args.ssrc), to)
            except OSError:
                pass  # refused by ICMP: go on talking, as phones do
            sent += 1
            continue
        ready = select.select([sock], [], [], max(due - time.monotonic(), 0))[0]
        if not ready:
            continue
        try:
            data, src = sock.recvfrom(2048)
        except OSError:
            continue
        if len(data) > 12 and data[0] >> 6 == 2 and data[1] & 0x7f == 0:
            sources[src[:2]] = sources.get(src[:2], 0) + 1
            heard.append(data[12:])
    return heard, sources, sent


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bind", required=True)
    p.add_argument("--tone", type=float, required=True)
    p.add_argument("--record", required=True)
    p.add_argument("--seconds", type=float, required=True)
    p.add_argument("--to")
    p.add_argument("--to-file")
    p.add_argument("--ssrc", type=lambda s: int(s, 0), default=0x1ab0001)
    args = p.parse_args()

    addr = host_port(args.bind)
    sock = socket.socket(socket.AF_INET6 if ":" in addr[0] else socket.AF_INET,
                         socket.SOCK_DGRAM)
    sock.bind(addr)
    to = host_port(args.to) if args.to else wait_file(args.to_file)
    heard, sources, sent = talk(sock, to, args)
    ulaw.write_wave(args.record, b"".join(heard))
    print("sent %d packets to %s:%d, heard %d from %s" % (sent, to[0], to[1], len(heard), sources))


main()
