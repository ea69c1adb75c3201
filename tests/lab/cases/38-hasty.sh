# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A re-INVITE while another one of the same side is open is told when to come again; the first
# goes on, here to a 491 of the other side, and the call with it (SIPp on both ends).

listens()
{
	[ -n "$(in_ns "$1" ss -lnuH 'sport = :5060')" ]
}

case_main()
{
	local wait

	topo_base
	topo_wan_host trunk 60
	topo_wan_host pbx 61
	edge_conf <<-EOF
	[media]
	relay = always

	[peer trunk]
	target = sip:198.51.100.60:5060
	options-ping = off

	[peer pbx]
	target = sip:198.51.100.61:5060
	options-ping = off

	[route all]
	from = peer:trunk
	peer = pbx
	EOF
	edge_start

	sipp_start pbx pbx 198.51.100.61 hasty-answer
	wait_for 5 "SIPp listens" listens pbx
	sipp_start trunk trunk 198.51.100.60 hasty-call -s 100 198.51.100.10:5060
	ended trunk 20 || fail "caller: $(tail -n 3 "$D/trunk/errors")"
	ended pbx 10 || fail "callee: $(tail -n 3 "$D/pbx/errors")"
	wait=$(cat "$D/trunk/media")
	note "Retry-After: $wait"
	[ "$wait" -le 10 ] || fail "come again after $wait s"
	wait_for 5 "the call stays" edge_quiet
}
