# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_16: two phones on the LAN call each other at a PBX on the WAN: two calls of the edge, out
# and back. Each phone is told the other's real LAN address, the PBX sees only ours, no socket
# of the edge is open for media, and its numbers stay taken until the calls end.

folded()
{
	edge_is "len(d['calls']) == 2 and all(c['reason'] == 'none:loop' and not c['relay']
		for c in d['calls'])" show calls
}

media_sockets()
{
	in_ns edge ss -Hanu 'sport >= :16384 and sport <= :32767'
}

no_sockets()
{
	[ -z "$(media_sockets)" ]
}

while_up()
{
	folded || fail "not unfolded: $(edge_says d show calls)"
	edge_is "d['parked'] == 2 and d['count'] == 0" show media ||
		fail "not parked: $(edge_says d show media)"
	poll 2 no_sockets || fail "sockets are open: $(media_sockets)"
	edge_is "d['gauges']['ports_used'] == 4" show stats || fail "its numbers are not kept"
}

# told WIRE ADDRESS: all descriptions that reached this host name this address for media.
told()
{
	"$PY" "$LAB/pcaptext.py" "$D/$1.pcap" >"$D/$1.sip"
	[ "$(grep '^c=IN' "$D/$1.sip" | tr -d '\r' | sort -u)" = "c=IN IP4 $2" ] ||
		fail "$1: $(grep '^c=IN' "$D/$1.sip" | sort -u), expected $2"
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_lan_host lan1 21
	topo_lan_host lan2 22
	kam_start pbx 198.51.100.5 alice bob
	edge_pbx sip:198.51.100.5:5060 | edge_conf
	edge_start
	local proxy='outbound="sip:192.168.50.1"'
	phone_start alice lan1 440 "$(phone_account alice example.test "$proxy")"
	phone_start bob lan2 1000 "$(phone_account bob example.test "$proxy")"
	phone_registered alice bob
	capture to-alice lan1 eth0 'inbound and udp port 5060'
	capture to-bob lan2 eth0 'inbound and udp port 5060'
	capture to-pbx pbx eth0 'inbound and udp port 5060'

	export WHILE_UP=while_up
	phones_prove alice bob sip:bob@example.test
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob alice sip:alice@example.test
	stop_together to-alice to-bob to-pbx
	told to-alice 192.168.50.22
	told to-bob 192.168.50.21
	told to-pbx 198.51.100.10
}
