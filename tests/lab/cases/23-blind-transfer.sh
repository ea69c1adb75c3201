# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# Blind transfer by a phone behind a NAT: alice calls bob on the LAN and hands him over to carol
# behind another NAT; bob and carol hear each other, alice is out. Embedded registrar.

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_two_nats
	edge_over "$WITH"
	edge_users alice bob carol | edge_conf
	edge_start
	phone_over "$WITH" alice a1 440 198.51.100.10
	phone_over "$WITH" bob lan1 1000 192.168.50.1
	phone_over "$WITH" carol b1 700 198.51.100.10
	phone_registered alice bob carol
	edge_has_over "$WITH" alice bob carol

	phones_call alice bob sip:bob@198.51.100.10
	phones_talk alice bob
	phone_mark carol
	phone_ctl alice transfer sip:carol@198.51.100.10 >>"$D/steps" ||
		fail "alice can't transfer"
	wait_for 15 "carol gets no call" phone_says carol 'Call established'
	wait_for 10 "alice's call does not end" phone_idle alice
	phones_talk carol bob
	phones_part carol bob
	phones_hear carol bob
	[ "$WITH" != tls ] || return 0
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	has '^Refer-To: .*sip:carol@192\.168\.50\.1' "$D/sip" ||
		fail "bob is not told of carol at our address on his side"
}
