# SPDX-License-Identifier: BSD-3-Clause
"""The result for people: a table of places by places, as text and as HTML."""
import html


def cell(row):
    """"ok 1 far-end" or "FAIL: why"; * when relays are not as expected."""
    if row is None:
        return "."
    if not row["ok"]:
        return "FAIL"
    return "%d%s" % (row["relays"], "" if row["relays"] == row["expected"] else "*")


def text(rows, places, mode, title):
    by = {(r["a"], r["b"]): r for r in rows if r["mode"] == mode}
    width = max(len(p) for p in places) + 1
    out = ["%s, mode %s: relays used from caller (row) to callee (column); "
           "* more or less than expected" % (title, mode),
           " " * width + " ".join(p.rjust(4) for p in places)]
    for a in places:
        out.append(a.ljust(width) +
                   " ".join(cell(by.get((a, b))).rjust(max(4, len(b))) for b in places))
    return "\n".join(out) + "\n"


def page(result, places, title):
    out = ["<!doctype html><meta charset=utf-8><title>%s</title>" % html.escape(title),
           "<style>body{font:14px sans-serif}td,th{border:1px solid #ccc;padding:3px 6px}"
           "table{border-collapse:collapse;margin:1em 0}.ok{background:#dfd}.odd{background:#ffd}"
           ".fail{background:#fbb}</style><h1>%s</h1>" % html.escape(title),
           "<p>%d cells, %d ok, %d with as many relays as expected." %
           (result["cells"], result["ok"], result["relays_as_expected"])]
    for mode in result["modes"]:
        by = {(r["a"], r["b"]): r for r in result["rows"] if r["mode"] == mode}
        out.append("<h2>%s</h2><table><tr><th>from \\ to" % html.escape(mode))
        out += ["<th>%s" % html.escape(p) for p in places]
        for a in places:
            out.append("<tr><th>%s" % html.escape(a))
            for b in places:
                r = by.get((a, b))
                if r is None:
                    out.append("<td>")
                    continue
                kind = "fail" if not r["ok"] else \
                    "ok" if r["relays"] == r["expected"] else "odd"
                tip = r["why"] or "%s, set up in %s ms" % (r["reason"], r["setup_ms"])
                out.append("<td class=%s title=\"%s\">%s" %
                           (kind, html.escape(tip, quote=True), html.escape(cell(r))))
        out.append("</table>")
    return "".join(out) + "\n"
