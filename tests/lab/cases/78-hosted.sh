# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# etc/hosted.conf: a provider's edge with public addresses only, phones on one, two PBX nodes on
# the other. The first node is dead: registrations and calls go to the second.

case_main()
{
	topo_base
	ip -n "$P-edge" addr add 203.0.113.33/28 dev lan0
	new_ns node2
	plug node2 eth0 lan
	ip -n "$P-node2" addr add 203.0.113.41/28 dev eth0
	topo_wan_host pub 21
	topo_two_nats
	kam_start node2 203.0.113.41 alice bob carol
	edge_sample hosted.conf -e 's/203\.0\.113\.10/198.51.100.10/' -e 's/example\.com/example.test/'
	edge_start

	local proxy='outbound="sip:198.51.100.10"'
	phone_start alice a1 440 "$(phone_account alice example.test "$proxy")"
	phone_start bob b1 1000 "$(phone_account bob 198.51.100.10)"
	phone_start carol pub 1000 "$(phone_account carol example.test "$proxy")"
	phone_registered alice bob carol
	edge_is "[h['state'] for h in d['peers'][0]['hops']] == ['down', 'up']" show peers ||
		fail "the first node should be down: $(edge_says d show peers)"
	kam_dump >"$D/bindings"
	[ "$(grep -c 'Address: sip:.*@203\.0\.113\.33' "$D/bindings")" -eq 3 ] ||
		fail "the PBX should hold three Contacts at the edge's inner address"

	phones_prove alice bob sip:bob@example.test
	wait_for 5 "first call left something" edge_quiet
	phones_prove carol alice sip:alice@example.test
}
