# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# etc/lan-wan.conf: a PBX on the LAN, phones on both sides, a trunk outside. A WAN phone and a
# LAN phone call each other (cg_01, cg_02): each is shown the edge's address on its own side, RTP
# and RTCP reach both. The trunk calls the PBX, and the PBX a number behind the trunk.

# hears_edge HOST ADDRESS: RTP and RTCP that came to HOST, all from ADDRESS.
hears_edge()
{
	local kind

	for kind in rtp rtcp; do
		wait_for 12 "cg_01: no $kind reaches $1" wire_any "$1-$kind"
		[ "$(tcpdump -n -r "$D/$1-$kind.pcap" "not src host $2" 2>/dev/null | wc -l)" -eq 0 ] ||
			fail "cg_01: $1 gets $kind from elsewhere than $2"
	done
}

listen_at()
{
	capture "$1-rtp" "$1" eth0 'inbound and udp portrange 10000-10101 and udp[9] & 0x7f = 0'
	capture "$1-rtcp" "$1" eth0 'inbound and udp portrange 10000-10101 and udp[9] >= 200'
	capture "$1-sip" "$1" eth0 'udp port 5060'
}

both_ways()
{
	edge_is "sorted(c['reason'] for c in d['calls']) == ['lan-wan', 'none:same-side']" \
		show calls || fail "cg_01: one relay is needed: $(edge_says d show calls)"
	hears_edge pub 198.51.100.10
	hears_edge lan1 192.168.50.1
}

# shown HOST ADDRESS OTHER: the descriptions that HOST saw name its own address and ADDRESS.
shown()
{
	"$PY" "$LAB/pcaptext.py" "$D/$1-sip.pcap" >"$D/$1.sip"
	has "^c=IN IP4 $2" "$D/$1.sip" || fail "cg_01: $1 is not shown $2"
	! has "$3" "$D/$1.sip" || fail "$1 is shown $(grep -m 1 "$3" "$D/$1.sip")"
}

# one_call NAME HOST ADDRESS TO EDGE AT: a call by SIPp, which the party AT takes.
one_call()
{
	sipp_start "$1" "$2" "$3" call -s "$4" "$5:5060"
	wait_for 10 "no call from $1 at $6" has '^INVITE ' "$D/$6.log"
	ended "$1" 15 || fail "SIPp: $(tail -n 3 "$D/$1/errors")"
}

case_main()
{
	topo_base
	topo_lan_host lpbx 5
	topo_lan_host lan1 21
	topo_wan_host pub 22
	topo_wan_host trunk 60
	kam_start lpbx 192.168.50.5 bob carol
	edge_sample lan-wan.conf -e 's/192\.168\.1\./192.168.50./' \
		-e 's/203\.0\.113\.10/198.51.100.10/' -e 's/example\.com/example.test/' \
		-e 's/198\.51\.100\.20/198.51.100.60/' -e 's,198\.51\.100\.16/28,198.51.100.48/28,'
	spawn trunk-in trunk "$PY" "$LAB/uas.py" 198.51.100.60 trunk
	edge_start

	phone_start carol pub 440 "$(phone_account carol 198.51.100.10)"
	phone_start bob lan1 1000 \
		"$(phone_account bob example.test 'outbound="sip:192.168.50.1"')"
	phone_registered carol bob
	listen_at pub
	listen_at lan1
	WHILE_UP=both_ways phones_prove carol bob sip:bob@198.51.100.10
	wait_for 5 "first call left something" edge_quiet
	WHILE_UP=both_ways phones_prove bob carol sip:carol@example.test
	shown pub 198.51.100.10 '192\.168\.50\.21'
	shown lan1 192.168.50.1 '198\.51\.100\.22'
	phones_stop
	stop kamailio || true

	one_call out lpbx 192.168.50.5 4930123456 192.168.50.1 trunk-in
	stop trunk-in || true
	spawn pbx-in lpbx "$PY" "$LAB/uas.py" 192.168.50.5 pbx
	one_call in trunk 198.51.100.60 4930123456 198.51.100.10 pbx-in
}
