# SPDX-License-Identifier: BSD-3-Clause
"""ctl.py COMMAND [PARAMETER...]: one command to the baresip of this namespace (ctrl_tcp)."""
import json
import socket
import sys


def ask(command, params):
    req = json.dumps({"command": command, "params": params, "token": "t"}).encode()
    s = socket.create_connection(("127.0.0.1", 4444), 3)
    s.settimeout(3)
    s.sendall(b"%d:%s," % (len(req), req))
    buf = b""
    while len(buf) < 1 << 20:
        d = s.recv(65536)
        if not d:
            return None
        buf += d
        while b":" in buf:
            n, _, rest = buf.partition(b":")
            if len(rest) < int(n) + 1:
                break
            m, buf = json.loads(rest[:int(n)]), rest[int(n) + 1:]
            if m.get("response"):
                return m
    return None


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        m = ask(sys.argv[1], " ".join(sys.argv[2:]))
    except OSError as e:
        sys.exit("ctl: %s" % e)
    if not m:
        sys.exit("ctl: no answer")
    print(m.get("data", ""))
    sys.exit(0 if m.get("ok") else 1)


main()
