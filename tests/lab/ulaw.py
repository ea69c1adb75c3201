# SPDX-License-Identifier: BSD-3-Clause
"""G.711 mu-law: samples, packets of a tone, recordings."""
import math
import struct
import wave

RATE, FRAME = 8000, 160


def encode(v):
    sign = 0x80 if v < 0 else 0
    v = min(abs(v), 32635) + 132
    exp = max(v.bit_length() - 8, 0)
    return ~(sign | exp << 4 | v >> (exp + 3) & 15) & 0xff


def decode(u):
    u = ~u & 0xff
    v = (((u & 15) << 3) + 132 << (u >> 4 & 7)) - 132
    return -v if u & 0x80 else v


def packet(n, hz, ssrc):
    """The RTP packet number n of a tone."""
    first = n * FRAME
    tone = bytes(encode(int(16000 * math.sin(2 * math.pi * hz * (first + i) / RATE)))
                 for i in range(FRAME))
    mark = 0x80 if n == 0 else 0
    return struct.pack(">BBHII", 0x80, mark, n & 0xffff, first & 0xffffffff, ssrc) + tone


def write_wave(path, data):
    """Writes mu-law bytes as 16 bit samples."""
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes(b"".join(struct.pack("<h", decode(u)) for u in data))
