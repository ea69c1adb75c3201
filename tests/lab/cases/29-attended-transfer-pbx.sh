# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The same at a PBX on the WAN that isn't ours: every call passes the edge twice, on its way to
# the PBX and back; Replaces names it as the PBX knows it, then as carol's phone does.

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_lan_host lan1 21
	topo_two_nats
	kam_start pbx 198.51.100.5 alice bob carol
	edge_pbx sip:198.51.100.5:5060 | edge_conf
	edge_start
	linphone_start tcp alice a1 440 198.51.100.10 example.test
	linphone_start udp bob b1 1000 198.51.100.10 example.test
	linphone_start tcp carol lan1 700 192.168.50.1 example.test
	linphones_transfer sip:bob@example.test sip:carol@example.test
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	[ "$(grep '^Replaces:' "$D/sip" | cut -d ';' -f 1 | sort -u | wc -l)" -eq 2 ] ||
		fail "names: $(grep '^Replaces:' "$D/sip")"
}
