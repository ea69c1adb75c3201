# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# The lamp of a busy phone (BLF) and picking up what rings there: bob behind a NAT watches alice
# behind another at a PBX on the WAN; carol on the LAN calls her; bob's INVITE with Replaces names
# the call as his lamp does, and the PBX knows it. Then he and carol hear each other. The parties
# are a script: neither baresip nor linphonec watches lamps.

case_main()
{
	local who

	topo_base
	topo_wan_host pbx 5
	topo_lan_host lan1 21
	topo_two_nats
	edge_over "$WITH"
	edge_pbx "sip:198.51.100.5;transport=$WITH" | edge_conf
	edge_start
	mkdir -p "$D/bob" "$D/carol"
	spawn pickup pbx "$PY" "$LAB/pickup.py" "$WITH" "$D/tls/edge.pem" "$D" "$P"
	sipp_voice bob b1 10.2.2.11 440 4
	sipp_voice carol lan1 192.168.50.21 1000 4
	for who in bob carol; do
		ended "$who-voice" 20 ||
			fail "no voice at $who: $(tail -n 2 "$D/pickup.log" | tr '\n' ' ')"
	done
	touch "$D/heard"
	ended pickup 20 || fail "the pickup: $(tail -n 4 "$D/pickup.log" | tr '\n' ' ')"
	sipp_heard bob 1000 440
	sipp_heard carol 440 1000
	wait_for 5 "a call is left" edge_quiet
	edge_is "d['gauges']['subscriptions'] == 0" show stats || fail "the lamp is left"
}
