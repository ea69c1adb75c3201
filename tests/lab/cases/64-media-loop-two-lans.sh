# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_16: the same through two LANs that don't reach each other: exactly one relay remains, of
# the two calls' own ports all are parked.

one_relay()
{
	edge_is "sorted(c['reason'] for c in d['calls']) == ['lan-lan', 'none:loop'] and
		sum(c['relay'] for c in d['calls']) == 1" show calls
}

while_up()
{
	one_relay || fail "not one relay: $(edge_says d show calls)"
	edge_is "d['parked'] == 2 and d['count'] == 1" show media ||
		fail "not parked: $(edge_says d show media)"
	[ "$(in_ns edge ss -Hanu 'sport >= :16384 and sport <= :32767' | wc -l)" -eq 4 ] ||
		fail "more than one pair a side is open"
}

# A second LAN with one phone, and the edge's foot in it.
second_lan()
{
	new_ns lanb
	new_bridge lanb
	plug edge lan1 lanb
	ip -n "$P-edge" addr add 192.168.60.1/24 dev lan1
	new_ns far1
	plug far1 eth0 lanb
	ip -n "$P-far1" addr add 192.168.60.21/24 dev eth0
	ip -n "$P-far1" route add default via 192.168.60.1
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_lan_host lan1 21
	second_lan
	kam_start pbx 198.51.100.5 alice bob
	edge_pbx sip:198.51.100.5:5060 | edge_conf
	sed -i 's,^lan = .*,lan = 192.168.50.0/24\, 192.168.60.0/24\nlan-routes = none,' \
		"$D/culvert.conf"
	printf '\n[listen lanb]\naddress = 192.168.60.1\nside = lan\n' >>"$D/culvert.conf"
	edge_start
	phone_start alice lan1 440 \
		"$(phone_account alice example.test 'outbound="sip:192.168.50.1"')"
	phone_start bob far1 1000 \
		"$(phone_account bob example.test 'outbound="sip:192.168.60.1"')"
	phone_registered alice bob
	export WHILE_UP=while_up
	phones_prove alice bob sip:bob@example.test
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob alice sip:alice@example.test
}
