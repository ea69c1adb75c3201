# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: tcp tls
# long
#
# A phone on a stream behind a NAT that forgets silent connections after two minutes says nothing
# for longer than that, and is still reachable: the edge keeps the hole open.

IDLE_S=150

hole_open()
{
	nat_has natA 'src=10.1.1.11' 'dst=198.51.100.10' "dport=$PORT" ESTABLISHED
}

registers()
{
	edge_says "d['counters']['registers']" show stats
}

case_main()
{
	local end before

	PORT=5060
	[ "$WITH" != tls ] || PORT=5061
	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	ip netns exec "$P-natA" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established=120
	edge_over "$WITH"
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice "198.51.100.10;transport=$WITH" \
		"outbound=\"sip:198.51.100.10:$PORT;transport=$WITH\"" regint=600)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1 regint=600)"
	phone_registered alice bob
	before=$(registers)
	end=$((SECONDS + IDLE_S))
	while [ "$SECONDS" -lt "$end" ]; do
		hole_open || fail "the hole closed $((IDLE_S - end + SECONDS)) s after the start"
		sleep 1
	done
	[ "$(registers)" = "$before" ] || fail "a phone refreshed by itself: nothing is proved"
	phones_prove bob alice sip:alice@192.168.50.1
}
