# SPDX-License-Identifier: BSD-3-Clause
"""pcaptext.py FILE [--port N] [--count-ssrc HEX] [--wav FILE] [--from ADDR]: payloads of a
capture, without the addresses of the packets themselves.

Prints the payload of every UDP and TCP packet to or from port N (default 5060) as text. With
--count-ssrc: prints how many UDP packets carry an RTP header with that source identifier. With
--wav: writes the sound of the G.711 mu-law packets. --from: only packets of one IPv4 sender.
"""
import argparse
import socket
import struct
import sys

import ulaw

HEAD = {1: 14, 113: 16, 276: 20}  # Ethernet, Linux cooked v1, v2


def packets(path):
    with open(path, "rb") as f:
        head = f.read(24)
        if len(head) < 24:
            return
        end = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        link = struct.unpack(end + "I", head[20:24])[0]
        skip = HEAD.get(link)
        if skip is None:
            sys.exit("pcaptext: link type %d" % link)
        while True:
            h = f.read(16)
            if len(h) < 16:
                return
            data = f.read(struct.unpack(end + "IIII", h)[2])
            yield data[skip:]


def transport(ip):
    """Protocol number and segment of an IP packet."""
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        total = struct.unpack(">H", ip[2:4])[0]
        return ip[9], ip[(ip[0] & 15) * 4:total]
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        return ip[6], ip[40:]
    return 0, b""


def payload(proto, seg):
    """Source port, destination port, payload; None when neither UDP nor TCP."""
    if proto == 17 and len(seg) >= 8:
        return struct.unpack(">HH", seg[:4]) + (seg[8:],)
    if proto == 6 and len(seg) >= 20:
        return struct.unpack(">HH", seg[:4]) + (seg[(seg[12] >> 4) * 4:],)
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file")
    p.add_argument("--port", type=int, default=5060)
    p.add_argument("--count-ssrc", type=lambda s: int(s, 16))
    p.add_argument("--from", dest="sender", type=socket.inet_aton)
    p.add_argument("--wav")
    args = p.parse_args()
    count, sound = 0, b""
    for ip in packets(args.file):
        proto, seg = transport(ip)
        got = payload(proto, seg)
        if not got:
            continue
        src, dst, data = got
        if args.sender is not None and ip[12:16] != args.sender:
            continue
        if args.count_ssrc is not None:
            count += (proto == 17 and len(data) >= 12 and data[0] >> 6 == 2
                      and struct.unpack(">I", data[8:12])[0] == args.count_ssrc)
        elif args.wav:
            if proto == 17 and len(data) > 12 and data[0] >> 6 == 2 and data[1] & 0x7f == 0:
                sound += data[12:]
        elif args.port in (src, dst):
            # a datagram is a whole message: the next one begins on a line of its own
            sys.stdout.write(data.decode("utf-8", "replace") + ("\n" if proto == 17 else ""))
    if args.count_ssrc is not None:
        print(count)
    if args.wav:
        ulaw.write_wave(args.wav, sound)


main()
