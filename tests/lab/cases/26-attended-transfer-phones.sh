# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# Attended transfer by real phones (linphonec): alice behind a NAT talks to bob behind another,
# holds him, asks carol on the LAN, and joins the two; carol's phone gets an INVITE with Replaces
# that names its own call. What rings does so reliably (100rel), and its PRACK is answered.

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_two_nats
	edge_over "$WITH"
	edge_users alice bob carol | edge_conf
	edge_start
	linphone_start "$WITH" alice a1 440 198.51.100.10
	linphone_start "$WITH" bob b1 1000 198.51.100.10
	linphone_start "$WITH" carol lan1 700 192.168.50.1
	linphones_transfer sip:bob@198.51.100.10 sip:carol@198.51.100.10
	[ "$WITH" != tls ] || return 0
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	has '^Replaces:' "$D/sip" || fail "nobody was asked to replace a call"
}
