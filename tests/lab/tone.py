# SPDX-License-Identifier: BSD-3-Clause
"""tone.py FILE HZ OTHER...: is FILE a recording of the tone HZ, and of no OTHER tone?

Success when at least 2 s hold HZ and no block holds another of the tones (a port that was
fed its own output, or the wrong leg).
"""
import math
import struct
import sys
import wave

BLOCKS_A_SECOND = 5
NEEDED = 2 * BLOCKS_A_SECOND
LOUD = 1e5  # mean square; a tone at half scale has about 1e8


def samples(path):
    with wave.open(path) as w:
        rate, count, chans = w.getframerate(), w.getnframes(), w.getnchannels()
        raw = w.readframes(count)
        if w.getsampwidth() != 2:
            sys.exit("%s: not 16 bit" % path)
    return rate, struct.unpack("<%dh" % (len(raw) // 2), raw)[::chans]


def share(block, hz, rate):
    """Goertzel: share of the block's energy at hz."""
    k, a, p = 2 * math.cos(2 * math.pi * hz / rate), 0.0, 0.0
    for v in block:
        a, p = v + k * a - p, a
    return 2 * (a * a + p * p - k * a * p) / (len(block) * sum(v * v for v in block) + 1)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    path, hz, others = sys.argv[1], float(sys.argv[2]), [float(f) for f in sys.argv[3:]]
    try:
        rate, x = samples(path)
    except (OSError, EOFError, wave.Error) as e:
        sys.exit("%s: %s" % (path, e))
    size = rate // BLOCKS_A_SECOND
    blocks = [x[i:i + size] for i in range(0, len(x) - size, size)]
    loud = [b for b in blocks if sum(v * v for v in b) / size > LOUD]
    good = sum(share(b, hz, rate) > 0.8 for b in loud)
    alien = sum(any(share(b, f, rate) > 0.1 for f in others) for b in loud)
    print("%.1f s recorded, %.1f s of it hold %g Hz, %d of %d blocks another tone"
          % (len(x) / rate, good / BLOCKS_A_SECOND, hz, alien, len(loud)))
    sys.exit(0 if good >= NEEDED and alien == 0 else 1)


main()
