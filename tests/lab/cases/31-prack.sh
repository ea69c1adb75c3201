# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Reliable provisional responses (SIPp on both ends): each leg numbers its own, a PRACK passes
# with its offer; a caller that requires them has them although the callee sends none; a PRACK is
# taken also when the callee answers meanwhile; a caller that never acknowledges is given up after
# 64*T1, the callee is cancelled (or, when it has answered, ended), nothing stays.

# rack_ok LINES: each PRACK names the number of the response and of the callee's own INVITE.
rack_ok()
{
	[ "$(grep -c . "$D/callee/media")" -eq "$1" ] && awk '{
		if ($1 " " $2 " " $3 != $5 " " $6 " " $7) exit 1
	}' "$D/callee/media"
}

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_wan_host pbx 61
	topo_wan_host trunk2 62
	topo_wan_host pbx2 63
	edge_conf <<-EOF
	[media]
	relay = always

	[peer trunk]
	target = sip:198.51.100.60:5060
	options-ping = off

	[peer pbx]
	target = sip:198.51.100.61:5060
	options-ping = off

	[peer trunk2]
	target = sip:198.51.100.62:5060
	options-ping = off

	[peer pbx2]
	target = sip:198.51.100.63:5060
	options-ping = off

	[route mute]
	from = peer:trunk2
	peer = pbx2

	[route in]
	from = peer:trunk
	peer = pbx
	EOF
	edge_start

	sipp_start callee pbx 198.51.100.61 prack-answer
	sipp_start caller trunk 198.51.100.60 prack-call -s 100 198.51.100.10:5060
	ended caller 20 || fail "caller: $(tail -n 3 "$D/caller/errors")"
	ended callee 10 || fail "callee: $(tail -n 3 "$D/callee/errors")"
	rack_ok 2 || fail "RAck: $(cat "$D/callee/media")"
	wait_for 5 "the first call stays" edge_quiet

	sipp_start plain pbx 198.51.100.61 answer
	sipp_start must trunk 198.51.100.60 prack-must -s 100 198.51.100.10:5060
	ended must 20 || fail "caller that requires: $(tail -n 3 "$D/must/errors")"
	ended plain 10 || fail "plain callee: $(tail -n 3 "$D/plain/errors")"
	wait_for 5 "the second call stays" edge_quiet

	sipp_start at-once pbx 198.51.100.61 prack-at-once
	sipp_start late trunk 198.51.100.60 prack-late -s 100 198.51.100.10:5060
	ended late 20 || fail "caller with a late PRACK: $(tail -n 3 "$D/late/errors")"
	ended at-once 10 || fail "its callee: $(tail -n 3 "$D/at-once/errors")"
	wait_for 5 "the call with a late PRACK stays" edge_quiet

	sipp_start given-up pbx 198.51.100.61 prack-given-up
	sipp_start never trunk 198.51.100.60 prack-never -s 100 198.51.100.10:5060
	sipp_start mute-answer pbx2 198.51.100.63 prack-mute-answer
	sipp_start mute trunk2 198.51.100.62 prack-mute -s 100 198.51.100.10:5060
	ended never 45 || fail "caller without PRACK: $(tail -n 3 "$D/never/errors")"
	ended given-up 10 || fail "its callee: $(tail -n 3 "$D/given-up/errors")"
	ended mute 45 || fail "caller without PRACK for an answer: $(tail -n 3 "$D/mute/errors")"
	ended mute-answer 10 || fail "its callee: $(tail -n 3 "$D/mute-answer/errors")"
	wait_for 5 "the call without PRACK stays" edge_quiet
}
