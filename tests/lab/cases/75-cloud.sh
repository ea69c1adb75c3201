# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# etc/cloud.conf: the edge has one interface with a private address behind a 1:1 NAT, the PBX is
# on the internet. Phones behind NATs and a public one call each other; nothing that leaves
# names the private address, and voice carries the DSCP of [media] both ways (cg_18).

relay()
{
	edge_is "any(c['reason'] == 'far-end' for c in d['calls'])" show calls ||
		fail "a far end should be relayed: $(edge_says d show calls)"
}

# Packets of voice from the edge's address that reach HOST, and those marked EF among them.
marked()
{
	local host=$1 all ef

	all=$(tcpdump -n -r "$D/$host.pcap" 2>/dev/null | wc -l)
	ef=$(tcpdump -n -r "$D/$host.pcap" 'ip[1] & 0xfc == 0xb8' 2>/dev/null | wc -l)
	note "$host got $all packets of voice, $ef of them EF"
	[ "$all" -ge 100 ] || fail "cg_18: $host got $all packets of voice"
	[ "$all" -eq "$ef" ] || fail "cg_18: $((all - ef)) packets to $host are not marked EF"
}

case_main()
{
	topo_segment
	topo_edge_behind cloud 40 10.77.0 10 one-to-one
	topo_wan_host pbx 5
	topo_wan_host pub 21
	topo_two_nats
	kam_start pbx 198.51.100.5 alice bob carol
	edge_sample cloud.conf -e 's/10\.0\.0\.10/10.77.0.10/' -e 's/203\.0\.113\.10/198.51.100.40/' \
		-e 's/example\.com/example.test/'
	edge_start

	local proxy='outbound="sip:198.51.100.40"'
	phone_start alice a1 440 "$(phone_account alice example.test "$proxy")"
	phone_start bob b1 1000 "$(phone_account bob example.test "$proxy")"
	phone_start carol pub 1000 "$(phone_account carol example.test "$proxy")"
	phone_registered alice bob carol
	kam_dump >"$D/bindings"
	[ "$(grep -c 'Address: sip:.*@198\.51\.100\.40' "$D/bindings")" -eq 3 ] ||
		fail "the PBX should hold three Contacts at the public address"

	capture wire net br0 'udp port 5060'
	capture a1 a1 eth0 'inbound and udp portrange 10000-10100 and udp[9] & 0x7f = 0'
	capture pub pub eth0 'inbound and udp portrange 10000-10100 and udp[9] & 0x7f = 0'
	WHILE_UP=relay phones_prove alice carol sip:carol@example.test
	marked a1
	marked pub
	wait_for 5 "first call left something" edge_quiet
	WHILE_UP=relay phones_prove bob alice sip:alice@example.test

	stop wire || true
	"$PY" "$LAB/pcaptext.py" "$D/wire.pcap" >"$D/sip"
	has '^INVITE ' "$D/sip" || fail "nothing was captured on the wire"
	! has '10\.77\.0\.' "$D/sip" ||
		fail "the private address left: $(grep -m 1 '10\.77\.0\.' "$D/sip")"
}
