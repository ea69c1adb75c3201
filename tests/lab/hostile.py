# SPDX-License-Identifier: BSD-3-Clause
"""A party that asks the edge for the password of another: every request gets the challenge of
the trunk's realm.

hostile.py --me ADDR --edge ADDR --realm REALM [--account USER PASSWORD] [--answer]

With --account it registers at the edge first, as a phone; else it waits as a peer does. Prints
"ready". Each INVITE is answered with 407; with --answer with 200, and then the BYE with 407.
Prints the name of each request, and "credentials" when one carries any. Ends after 60 s.
"""
import argparse
import hashlib
import os
import re
import socket
import time


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def field(message, name):
    return re.findall(r"(?im)^%s: *(.*?)\r$" % name, message)


class Party:
    def __init__(self, args):
        self.args, self.edge = args, (args.edge, 5060)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((args.me, 5060))

    def receive(self, end):
        self.sock.settimeout(max(end - time.monotonic(), 0.01))
        try:
            return self.sock.recvfrom(65536)
        except OSError:
            return b"", None

    def register(self):
        user, password = self.args.account
        uri, proof = "sip:%s" % self.args.edge, ""
        for cseq in (1, 2):
            self.sock.sendto((
                "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bKr%d-%d;rport\r\n"
                "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=r\r\nTo: <sip:%s@%s>\r\n"
                "Call-ID: hostile%d@%s\r\nCSeq: %d REGISTER\r\nContact: <sip:%s@%s:5060>\r\n"
                "Expires: 300\r\n%sContent-Length: 0\r\n\r\n"
                % (uri, self.args.me, os.getpid(), cseq, user, self.args.edge, user,
                   self.args.edge, os.getpid(), self.args.me, cseq, user, self.args.me, proof)).encode(), self.edge)
            data, _ = self.receive(time.monotonic() + 5)
            answer = data.decode()
            if answer.startswith("SIP/2.0 200"):
                return True
            got = dict(re.findall(r'(\w+)="([^"]*)"', "".join(field(answer, "WWW-Authenticate"))))
            if not got:
                return False
            ha1 = md5("%s:%s:%s" % (user, got["realm"], password))
            ha2 = md5("REGISTER:" + uri)
            resp = md5("%s:%s:00000001:c:auth:%s" % (ha1, got["nonce"], ha2))
            proof = ('Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", '
                     'response="%s", qop=auth, nc=00000001, cnonce="c"\r\n'
                     % (user, got["realm"], got["nonce"], uri, resp))
        return False

    def reply(self, request, to, status, more="", body=""):
        tag = "" if "tag=" in field(request, "To")[0] else ";tag=h"
        self.sock.sendto((
            "SIP/2.0 %s\r\n%sFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
            "Contact: <sip:h@%s:5060>\r\n%sContent-Length: %d\r\n\r\n%s"
            % (status, "".join("Via: %s\r\n" % v for v in field(request, "Via")),
               field(request, "From")[0], field(request, "To")[0], tag,
               field(request, "Call-ID")[0], field(request, "CSeq")[0], self.args.me, more,
               len(body), body)).encode(), to)

    def serve(self):
        end = time.monotonic() + 60
        challenge = ('Proxy-Authenticate: Digest realm="%s", nonce="give-it-to-me", qop="auth"\r\n'
                     % self.args.realm)
        sdp = ("v=0\r\no=h 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
               "m=audio 9000 RTP/AVP 0\r\n" % (self.args.me, self.args.me))
        while time.monotonic() < end:
            data, to = self.receive(end)
            request = data.decode("utf-8", "replace")
            method = request.split(" ", 1)[0]
            if not to or method.startswith("SIP/"):
                continue
            print(method, flush=True)
            if field(request, "Authorization") or field(request, "Proxy-Authorization"):
                print("credentials", flush=True)
            if method == "INVITE" and self.args.answer:
                self.reply(request, to, "200 OK", "Content-Type: application/sdp\r\n", sdp)
            elif method in ("INVITE", "BYE"):
                self.reply(request, to, "407 Proxy Authentication Required", challenge)
            elif method != "ACK":
                self.reply(request, to, "200 OK")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--me", required=True)
    p.add_argument("--edge", required=True)
    p.add_argument("--realm", required=True)
    p.add_argument("--account", nargs=2)
    p.add_argument("--answer", action="store_true")
    party = Party(p.parse_args())
    if party.args.account and not party.register():
        raise SystemExit("can't register")
    print("ready", flush=True)
    party.serve()


main()
