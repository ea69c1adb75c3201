# SPDX-License-Identifier: BSD-3-Clause
"""Empties the connection table of the network namespace it runs in (ctnetlink, no package)."""
import socket
import struct
import sys

NETLINK_NETFILTER = 12
CT_DELETE = (1 << 8) | 2  # subsystem ctnetlink, message delete; without a tuple: all
REQUEST_ACK = 1 | 4


def main():
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.settimeout(3)
    s.bind((0, 0))
    family = struct.pack("=BBH", socket.AF_INET, 0, 0)
    s.send(struct.pack("=IHHII", 16 + len(family), CT_DELETE, REQUEST_ACK, 1, 0) + family)
    err = struct.unpack_from("=i", s.recv(4096), 16)[0]
    if err:
        sys.exit("ctflush: errno %d" % -err)


main()
