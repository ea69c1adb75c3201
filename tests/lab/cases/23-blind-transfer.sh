# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Blind transfer by a phone behind a NAT: alice calls bob on the LAN and hands him over to carol
# behind another NAT; bob and carol hear each other, alice is out. Embedded registrar.

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.2.2 symmetric
	topo_nat_host natB b1 10.2.2.11
	edge_users alice bob carol | edge_conf
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_start carol b1 440 "$(phone_account carol 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	phone_registered carol

	phones_call alice bob sip:bob@198.51.100.10
	phone_mark carol
	phone_ctl alice transfer sip:carol@198.51.100.10 >>"$D/steps" ||
		fail "alice can't transfer"
	wait_for 15 "carol gets no call" phone_says carol 'Call established'
	wait_for 10 "alice's call does not end" phone_idle alice
	wait_for 12 "carol hears nothing" heard_enough carol
	phones_part carol bob
	phone_heard carol 1000 440
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	has '^Refer-To: .*sip:carol@192\.168\.50\.1' "$D/sip" ||
		fail "bob is not told of carol at our address on his side"
}
