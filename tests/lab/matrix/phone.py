# SPDX-License-Identifier: BSD-3-Clause
"""A real phone: baresip, steered by its control port, saying a tone and recording what it hears."""
import glob
import json
import math
import os
import socket
import struct
import time
import wave

RATE = 8000
CTRL_PORT = 4444
BLOCK = RATE // 5

CONFIG = """poll_method epoll
sip_listen {listen}:5060
call_local_timeout 30
call_max_calls 2
audio_source aufile,{voice}
audio_player aubridge,none
audio_alert aubridge,none
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_level no
audio_buffer 20-160
rtp_tos 184
rtp_ports 10000-10100
rtcp_mux no
jitter_buffer_delay 5-10
rtp_stats no
net_interface eth0
net_af {af}
statmode_default off
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:4444
snd_path {rec}
"""


def voice(path, hz, seconds):
    """Writes a tone at half scale."""
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        second = b"".join(struct.pack("<h", int(16000 * math.sin(2 * math.pi * hz * i / RATE)))
                          for i in range(RATE))
        for _ in range(seconds):  # hz is whole, so seconds fit together
            w.writeframes(second)


def share(block, hz):
    """Goertzel: share of a block's energy at hz."""
    k, a, p = 2 * math.cos(2 * math.pi * hz / RATE), 0.0, 0.0
    for v in block:
        a, p = v + k * a - p, a
    return 2 * (a * a + p * p - k * a * p) / (len(block) * sum(v * v for v in block) + 1)


def heard(path, hz):
    """Seconds of a recording that hold the tone, and loud blocks that hold another sound."""
    with wave.open(path) as w:
        raw = w.readframes(w.getnframes())
    x = struct.unpack("<%dh" % (len(raw) // 2), raw)
    blocks = [x[i:i + BLOCK] for i in range(0, len(x) - BLOCK, BLOCK)]
    loud = [b for b in blocks if sum(v * v for v in b) / BLOCK > 1e5]
    shares = [share(b, hz) for b in loud]
    good = sum(s > 0.8 for s in shares)
    alien = sum(s < 0.5 for s in shares)
    return good / 5.0, alien


class Phone:
    def __init__(self, net, host, directory, hz, family, addr):
        self.net, self.host, self.dir, self.hz = net, host, directory, hz
        self.family, self.addr = family, addr
        self.sock = self.proc = None
        self.buf = b""
        self.events = []
        os.makedirs(os.path.join(directory, "rec"), exist_ok=True)
        self.voice = os.path.join(directory, "voice.wav")

    def start(self, account, seconds):
        if not os.path.exists(self.voice):
            voice(self.voice, self.hz, seconds)
        listen = "[%s]" % self.addr if self.family == 6 else "0.0.0.0"
        for name, text in (("accounts", account + "\n"), ("contacts", ""),
                           ("config", CONFIG.format(
                               listen=listen, voice=self.voice,
                               af="ipv6" if self.family == 6 else "ipv4",
                               rec=os.path.join(self.dir, "rec")))):
            with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
                f.write(text)
        self.events = []
        self.buf = b""
        self.proc = self.net.spawn(self.host, os.path.join(self.dir, "log"), "baresip", "-f",
                                   self.dir)

    def attach(self, seconds):
        """Connects to its control port as soon as that is there."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.sock = self.net.connect(self.host, CTRL_PORT, 1)
                self.sock.setblocking(False)
                return
            except OSError:
                if time.monotonic() > end or self.proc.poll() is not None:
                    raise
                time.sleep(0.1)

    def is_registered(self):
        with open(os.path.join(self.dir, "log"), "rb") as f:
            return b"200 OK" in f.read()

    def command(self, name, params=""):
        text = json.dumps({"command": name, "params": params, "token": name}).encode()
        self.sock.setblocking(True)
        self.sock.settimeout(3)
        self.sock.sendall(b"%d:%s," % (len(text), text))
        self.sock.setblocking(False)

    def poll(self):
        """Takes in what it said since."""
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    break
                self.buf += data
        except (BlockingIOError, socket.timeout):
            pass
        while b":" in self.buf:
            n, _, rest = self.buf.partition(b":")
            if len(rest) < int(n) + 1:
                break
            m, self.buf = json.loads(rest[:int(n)]), rest[int(n) + 1:]
            if m.get("event"):
                self.events.append((time.monotonic(), m.get("type"), m.get("param", "")))

    def saw(self, kind):
        """When an event came; None: not yet."""
        for when, what, _ in self.events:
            if what == kind:
                return when
        return None

    def forget(self):
        self.poll()
        self.events = []
        for f in glob.glob(os.path.join(self.dir, "rec", "*.wav")):
            os.unlink(f)

    def recording(self):
        found = sorted(glob.glob(os.path.join(self.dir, "rec", "*dec.wav")))
        return found[-1] if found else None
