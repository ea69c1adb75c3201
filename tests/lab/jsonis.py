# SPDX-License-Identifier: BSD-3-Clause
"""jsonis.py EXPRESSION: reads JSON on standard input as d, prints EXPRESSION; success if true."""
import json
import sys


def main():
    try:
        d = json.load(sys.stdin)
        value = eval("(%s)" % sys.argv[1], {"d": d})
    except (ValueError, KeyError, IndexError, TypeError) as e:
        sys.exit("jsonis: %s: %r" % (sys.argv[1], e))
    print(value)
    sys.exit(0 if value else 1)


main()
