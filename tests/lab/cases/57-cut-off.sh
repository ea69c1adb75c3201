# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A caller over TCP cancels and resets its connection in the same moment, forty times: what the
# edge writes to it fails in the middle of what it does, and it lives; the phone that rang is
# cancelled each time, and nothing is left.

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_wan_host trunk 60
	edge_conf <<-EOF
	[peer pbx]
	options-ping = off
	target = sip:198.51.100.5, sip:198.51.100.6

	[peer trunk]
	options-ping = off
	target = sip:198.51.100.60;transport=tcp

	[route in]
	from = peer:trunk
	peer = pbx
	EOF
	edge_start
	spawn pbx pbx "$PY" "$LAB/cutoff.py" callee 198.51.100.5 198.51.100.10 0
	wait_for 5 "the PBX does not start" has ready "$D/pbx.log"
	in_ns trunk timeout 60 "$PY" "$LAB/cutoff.py" caller 198.51.100.60 198.51.100.10 40 \
		>"$D/said" 2>&1 || fail "the caller: $(tail -n 1 "$D/said")"
	edge_survived
	wait_for 5 "not every ringing was cancelled" seen_times 40 '^cancelled' "$D/pbx.log"
	wait_for 40 "something is left: $(edge_says "d['gauges']" show stats)" edge_quiet
}
