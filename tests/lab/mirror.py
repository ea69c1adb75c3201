# SPDX-License-Identifier: BSD-3-Clause
"""Two ends of a circle: parties that send back to the edge what they get from it.

mirror.py back ADDR EDGE MODE   answers each INVITE by one of its own to EDGE, and passes
                                the final answer back; prints a line for each
mirror.py call ADDR EDGE NUMBER ID [HEADER]...  calls, prints the final status and the seconds
                                it took
mirror.py oversize ADDR EDGE NUMBER BYTES  the same with an INVITE that large
mirror.py odd-via ADDR EDGE NUMBER  the same; its Via says TCP, the packets are UDP
mirror.py take ADDR             rings no bell: prints each request it gets by UDP and by TCP, with
                                its length, then its headers, and answers 486

MODE, what stands in place of a back-to-back user agent (new Call-ID, tag, Via, Contact, and
Max-Forwards 70 in all but proxy):
  proxy   adds a Via, takes one off Max-Forwards
  keep    keeps every other header
  bare    keeps nothing but From, To and the body
  number  as keep, but each time to another number
Ends after half a minute.
"""
import re
import select
import socket
import sys
import time

SECONDS = 30
OURS = r"(via|v|from|f|to|t|call-id|i|cseq|contact|m|max-forwards|content-length|l|route|record-route)$"


def split(data):
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    return lines[0], [tuple(p.strip() for p in x.split(":", 1)) for x in lines[1:] if ":" in x], body


def field(headers, *names):
    return next((v for n, v in headers if n.lower() in names), "")


def message(first, headers, body=""):
    lines = [first] + ["%s: %s" % h for h in headers]
    return "\r\n".join(lines + ["Content-Length: %d" % len(body), "", body]).encode()


def sdp(addr, mark):
    return ("v=0\r\no=- %d 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n"
            % (mark, addr, addr))


def answer(first, headers, status):
    keep = [h for h in headers if re.match(r"(via|v|from|f|to|t|call-id|i|cseq)$", h[0], re.I)]
    keep = [(n, v + ";tag=m" if n.lower() in ("to", "t") and ";tag=" not in v else v) for n, v in keep]
    return message("SIP/2.0 " + status, keep)


class Mirror:
    def __init__(self, addr, edge, mode):
        self.addr, self.edge, self.mode, self.n = addr, (edge, 5060), mode, 0
        self.asked = {}  # our branch -> the request it came from
        self.seen = {}  # their branch -> our last answer
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((addr, 5060))
        self.sock.settimeout(0.2)

    def send(self, data):
        self.sock.sendto(data, self.edge)

    def back(self, first, headers, body):
        self.n += 1
        branch = "z9hG4bK%s-%s-%d" % (self.addr, self.mode, self.n)
        user = re.search(r"sips?:([^@;>]*)@", first).group(1)
        if self.mode == "number":
            user = "%s%d" % (user, self.n % 10)
        via = [("Via", "SIP/2.0/UDP %s:5060;branch=%s" % (self.addr, branch))]
        if self.mode == "proxy":
            hops = int(field(headers, "max-forwards")) - 1
            new = via + [h if h[0].lower() != "max-forwards" else (h[0], str(hops)) for h in headers
                         if h[0].lower() not in ("content-length", "l")]
        else:
            new = via + [("From", re.sub(r";tag=[^;]*", ";tag=%s%d" % (self.mode, self.n), field(headers, "from", "f"))),
                         ("To", field(headers, "to", "t")), ("CSeq", "1 INVITE"),
                         ("Call-ID", "%s-%d@%s" % (self.mode, self.n, self.addr)), ("Max-Forwards", "70"),
                         ("Contact", "<sip:m@%s:5060>" % self.addr)]
            if self.mode == "bare":
                new += [("Content-Type", "application/sdp")]
            else:
                new += [h for h in headers if not re.match(OURS, h[0], re.I)]
        self.asked[branch] = (first, headers, new)
        print("back %d %s" % (self.n, user), flush=True)
        self.send(message("INVITE sip:%s@%s SIP/2.0" % (user, self.edge[0]), new, body))

    def response(self, first, headers):
        status = first.split(" ", 1)[1]
        branch = re.search(r"branch=([^;,]+)", field(headers, "via", "v")).group(1)
        if status[0] == "1" or branch not in self.asked:
            return
        asked, theirs, new = self.asked[branch]
        ack = [h for h in new if re.match(r"(from|f|call-id|i|max-forwards)$", h[0], re.I)]
        via = [h for h in new if h[0] == "Via"][:1]
        self.send(message("ACK %s SIP/2.0" % ("sip:x@" + self.edge[0]), via + ack + [
            ("To", field(headers, "to", "t")), ("CSeq", field(new, "cseq").split()[0] + " ACK")]))
        final = answer(asked, theirs, status)
        key = re.search(r"branch=([^;,]+)", field(theirs, "via", "v")).group(1)
        if not self.seen[key].startswith(b"SIP/2.0 " + status.encode()):
            print("final %s" % status, flush=True)
        self.seen[key] = final
        self.send(final)

    def run(self):
        print("ready", flush=True)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                data = self.sock.recv(65535)
            except socket.timeout:
                continue
            first, headers, body = split(data)
            branch = re.search(r"branch=([^;,\s]+)", field(headers, "via", "v"))
            if first.startswith("SIP/2.0"):
                self.response(first, headers)
            elif first.startswith("ACK") or not branch:
                continue
            elif not first.startswith("INVITE"):
                self.send(answer(first, headers, "200 OK"))
            elif branch.group(1) in self.seen:
                self.send(self.seen[branch.group(1)])
            else:
                self.seen[branch.group(1)] = answer(first, headers, "100 Trying")
                self.send(self.seen[branch.group(1)])
                self.back(first, headers, body)


def call(addr, edge, number, name, *headers, proto="UDP", size=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((addr, 5060))
    sock.settimeout(1)
    via = ("Via", "SIP/2.0/%s %s:5060;rport;branch=z9hG4bK%s" % (proto, addr, name))
    frm, to = ("From", "<sip:c@%s>;tag=%s" % (addr, name)), ("To", "<sip:%s@%s>" % (number, edge))
    uri = "sip:%s@%s" % (number, edge)
    body = sdp(addr, sum(name.encode()))
    head = [via, frm, to, ("Call-ID", name), ("CSeq", "1 INVITE"), ("Contact", "<sip:c@%s:5060>" % addr),
            ("Max-Forwards", "70"), ("Content-Type", "application/sdp")]
    head += [tuple(h.split(": ", 1)) for h in headers]
    data = message("INVITE %s SIP/2.0" % uri, head, body)
    if len(data) < size:
        data = message("INVITE %s SIP/2.0" % uri, head + [("X-Much", "x" * (size - len(data) - 10))], body)
    start = time.monotonic()
    sent = 0
    while time.monotonic() < start + SECONDS:
        if sent == 0 or (sent < 4 and sent >= 0 and time.monotonic() > start + sent):
            sock.sendto(data, (edge, 5060))
            sent += 1
        try:
            first, headers, _ = split(sock.recv(65535))
        except socket.timeout:
            continue
        if not first.startswith("SIP/2.0"):
            sock.sendto(answer(first, headers, "200 OK"), (edge, 5060))  # the edge looks whether we are there
            continue
        sent = 4  # it is heard
        if first.split()[1][0] == "1":
            continue
        sock.sendto(message("ACK %s SIP/2.0" % uri, [via, frm, ("To", field(headers, "to", "t")),
                                                     ("Call-ID", name), ("CSeq", "1 ACK"),
                                                     ("Max-Forwards", "70")]), (edge, 5060))
        print("status %s after %.1f s" % (first.split()[1], time.monotonic() - start), flush=True)
        return
    print("no final answer", flush=True)


def take(addr):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((addr, 5060))
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((addr, 5060))
    tcp.listen(5)
    streams = {}
    print("ready", flush=True)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for s in select.select([udp, tcp] + list(streams), [], [], 0.2)[0]:
            if s is tcp:
                streams[tcp.accept()[0]] = b""
                continue
            if s is udp:
                data, src = udp.recvfrom(65535)
                took("udp", data, lambda d, src=src: udp.sendto(d, src))
                continue
            more = s.recv(65535)
            streams[s] += more
            while b"\r\n\r\n" in streams[s]:
                head = streams[s].index(b"\r\n\r\n") + 4
                size = re.search(rb"\r\n(?:Content-Length|l)\s*:\s*(\d+)", streams[s][:head], re.I)
                whole = head + int(size.group(1) if size else 0)
                if len(streams[s]) < whole:
                    break
                took("tcp", streams[s][:whole], s.sendall)
                streams[s] = streams[s][whole:]
            if not more:
                del streams[s]
                s.close()


def took(how, data, reply):
    first, headers, body = split(data)
    whole = field(headers, "content-length", "l") == str(len(body))
    print("%s %s %d %s" % (how, first.split()[0], len(data), "whole" if whole else "cut"))
    for h in headers:
        print("%s %s: %s" % ((first.split()[0],) + h))
    sys.stdout.flush()
    if not first.startswith(("SIP/2.0", "ACK")):
        reply(answer(first, headers, "486 Busy Here"))


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "back":
        Mirror(*args).run()
    elif what == "take":
        take(args[0])
    elif what == "oversize":
        call(args[0], args[1], args[2], "large-" + args[2], size=int(args[3]))
    elif what == "odd-via":
        call(args[0], args[1], args[2], "odd-" + args[2], proto="TCP")
    else:
        call(*args)


main()
