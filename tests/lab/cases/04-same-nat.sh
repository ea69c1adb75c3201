# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_03 Two phones behind one NAT: no relay, they talk directly inside their LAN; only RTCP comes
# by the edge.

direct()
{
	edge_relay none:same-nat
	edge_is "d['counters']['relays_made'] == 0" show stats || fail "a relay was made"
}

case_main()
{
	topo_base
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat_host natA a2 10.1.1.12
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob a2 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	WHILE_UP=direct phones_prove alice bob sip:bob@198.51.100.10
	[ "$(tcpdump -r "$D/edge.pcap" -n 'udp portrange 10000-10100 and udp[9] & 0x7f = 0' \
		2>/dev/null | wc -l)" -eq 0 ] ||
		fail "audio came to the edge"
}
