# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A session timer is agreed on through the edge (422 first), refreshed once, then both parties
# vanish (SIPp ends): 90 s later the edge has ended the call on both sides and freed its ports.

case_main()
{
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

	sipp_start small pbx 198.51.100.61 session-small
	sipp_start caller trunk 198.51.100.60 session-call -s 100 198.51.100.10:5060
	ended small 20 || fail "callee: $(tail -n 3 "$D/small/errors")"
	sipp_start callee pbx 198.51.100.61 session-answer
	ended caller 20 || fail "caller: $(tail -n 3 "$D/caller/errors")"
	ended callee 20 || fail "callee: $(tail -n 3 "$D/callee/errors")"
	wait_for 5 "no call" edge_is "len(d['calls']) == 1" show calls
	wait_for 100 "the call outlives its session" edge_quiet
	has 'why=session-expired' "$D/culvertd.log" || fail "it did not end by its session timer"
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/edge.sip"
	has '^BYE sip:0123456@198.51.100.60' "$D/edge.sip" || fail "no BYE for the caller"
	has '^BYE sip:198.51.100.61' "$D/edge.sip" || fail "no BYE for the callee"
}
