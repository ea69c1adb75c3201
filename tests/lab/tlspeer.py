# SPDX-License-Identifier: BSD-3-Clause
"""tlspeer.py ADDRESS:PORT [CERT]: a trunk on a stream, TLS with a certificate, that answers one
call without a voice of its own, and says what it saw: the Via, the BYE, the end."""
import re
import socket
import ssl
import sys


def head(text, name):
    return re.findall(r"(?im)^(%s:.*)\r$" % name, text)


def message(sock, buf):
    """One whole message off the stream, and what is left."""
    while True:
        end = buf.find(b"\r\n\r\n")
        if end >= 0:
            text = buf[:end + 4].decode()
            need = end + 4 + int(re.search(r"(?im)^(?:Content-Length|l)\s*:\s*(\d+)", text)[1])
            if len(buf) >= need:
                return text, buf[need:]
        d = sock.recv(65536)
        if not d:
            return None, b""
        buf += d


def answer(text, status, me, extra="", body=""):
    lines = ["SIP/2.0 " + status] + head(text, "Via") + head(text, "From")
    to = head(text, "To")[0]
    lines += [to if "tag=" in to else to + ";tag=trunk"] + head(text, "Call-ID") + head(text, "CSeq")
    lines += ["Contact: <sip:trunk@%s>" % me] + ([extra] if extra else [])
    return ("\r\n".join(lines + ["Content-Length: %d" % len(body)]) + "\r\n\r\n" + body).encode()


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    ear = socket.create_server((host, int(port)))
    ear.settimeout(30)
    print("listening", flush=True)
    sock, _ = ear.accept()
    sock.settimeout(30)
    if len(sys.argv) > 2:
        ctx = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ctx.load_cert_chain(sys.argv[2])
        sock = ctx.wrap_socket(sock, server_side=True)
    sdp = "\r\n".join(["v=0", "o=t 1 1 IN IP4 " + host, "s=-", "c=IN IP4 " + host, "t=0 0",
                       "m=audio 9000 RTP/AVP 0", ""])
    buf = b""
    while True:
        text, buf = message(sock, buf)
        if text is None:
            print("closed", flush=True)
            return
        print(text.split(" ", 1)[0], head(text, "Via")[0], flush=True)
        me = "%s;transport=%s" % (sys.argv[1], "tls" if len(sys.argv) > 2 else "tcp")
        if text.startswith("INVITE "):
            sock.sendall(answer(text, "200 OK", me, "Content-Type: application/sdp", sdp))
        elif not text.startswith("ACK "):
            sock.sendall(answer(text, "200 OK", me))


main()
