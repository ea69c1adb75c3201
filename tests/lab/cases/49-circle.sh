# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two PBX forward every call to each other through us: as proxies, as back-to-back user agents
# that keep our mark, as such that keep only the offer, and with another number each time. The
# circle is closed soon, its refusal comes back to the caller, no call is left; a call of its
# own is not disturbed meanwhile.

circle()
{
	local mode=$1 most=$2 n

	note "--- $mode"
	spawn "east-$mode" east "$PY" "$LAB/mirror.py" back 198.51.100.5 198.51.100.10 "$mode"
	spawn "west-$mode" west "$PY" "$LAB/mirror.py" back 198.51.100.6 198.51.100.10 "$mode"
	wait_for 5 "the mirrors don't start" has ready "$D/west-$mode.log"
	spawn "caller-$mode" caller "$PY" "$LAB/mirror.py" call 198.51.100.60 198.51.100.10 100 \
		"c-$mode"
	wait_for 10 "the circle does not end" has '^status 48[23]' "$D/caller-$mode.log"
	ended "caller-$mode" 5 || fail "the caller: $(tail -n 1 "$D/caller-$mode.log")"
	n=$(cat "$D/east-$mode.log" "$D/west-$mode.log" | grep -c '^back')
	note "sent back: $n times, $(cat "$D/caller-$mode.log")"
	[ "$n" -ge 2 ] || fail "it never went round"
	[ "$n" -le "$most" ] || fail "it went round $n times"
	wait_for 5 "calls are left: $(edge_says "d['gauges']" show stats)" edge_quiet
	stop "east-$mode" || true
	stop "west-$mode" || true
}

case_main()
{
	topo_base
	topo_wan_host east 5
	topo_wan_host west 6
	topo_wan_host caller 60
	topo_wan_host busy 61
	edge_conf <<-EOF
	[peer east]
	options-ping = off
	target = sip:198.51.100.5

	[peer west]
	options-ping = off
	target = sip:198.51.100.6

	[peer caller]
	options-ping = off
	target = sip:198.51.100.60

	[peer busy]
	options-ping = off
	target = sip:198.51.100.61

	[route start]
	from = peer:caller
	to = ^100
	peer = east

	[route other]
	from = peer:caller
	peer = busy

	[route there]
	from = peer:east
	peer = west

	[route back]
	from = peer:west
	peer = east
	EOF
	edge_start
	spawn busy busy "$PY" "$LAB/mirror.py" take 198.51.100.61
	circle proxy 4
	circle keep 4
	circle bare 4
	circle number 11
	edge_is "d['counters']['loops'] >= 3" show stats || fail "loops were not counted"
	has 'sip loop method=INVITE' "$D/culvertd.log" || fail "no line says so"
	spawn other caller "$PY" "$LAB/mirror.py" call 198.51.100.60 198.51.100.10 555 other
	wait_for 5 "a call of its own is refused" has '^status 486' "$D/other.log"
}
