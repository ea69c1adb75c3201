# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: tcp tls
# long
#
# A real phone (baresip) behind a NAT asks its PBX for waiting messages, and is told how many
# there are, then that there are more; when it goes it says so to the PBX. Not over UDP, and not
# in every run: on a busy machine baresip 1.0 loops when it has registered, subscribes thousands
# of times and reads nothing any more; case 25 has a script for that.

case_main()
{
	local port=5060

	[ "$WITH" != tls ] || port=5061
	topo_base
	topo_wan_host pbx 5
	topo_nat natB 32 10.2.2 symmetric
	topo_nat_host natB b1 10.2.2.11
	edge_over "$WITH"
	edge_pbx "sip:198.51.100.5;transport=$WITH" | edge_conf
	edge_start
	mkdir -p "$D/pbx-do"
	spawn pbx pbx "$PY" "$LAB/plainsip.py" pbx "$WITH" "$D/tls/edge.pem" 198.51.100.5 \
		"$D/pbx-do" 198.51.100.10
	wait_for 5 "the PBX does not start" has ready "$D/pbx.log"
	phone_start bob b1 1000 "$(phone_account bob "example.test;transport=$WITH" \
		"outbound=\"sip:198.51.100.10:$port;transport=$WITH\"" mwi=yes)" 'module_app mwi.so'
	phone_registered bob
	wait_for 10 "bob hears nothing of waiting messages" has '^Voice-Message: 1/0' "$D/bob.log"
	edge_is "d['gauges']['subscriptions'] == 1" show stats ||
		fail "subscriptions: $(edge_says "d['gauges']['subscriptions']" show stats)"
	touch "$D/pbx-do/notify"
	wait_for 5 "bob hears nothing of new messages" has '^Voice-Message: 7/0' "$D/bob.log"
	seen_times 2 'answer 200 NOTIFY' "$D/pbx.log" || fail "bob's answer does not reach the PBX"
	[ "$(grep -c '^SUBSCRIBE' "$D/pbx.log")" -eq 1 ] || fail "bob subscribes again and again"
	phones_stop
	wait_for 5 "bob's end does not reach the PBX" seen_times 2 '^SUBSCRIBE' "$D/pbx.log"
	wait_for 5 "the subscription outlives bob" edge_is "d['gauges']['subscriptions'] == 0" \
		show stats
}
