# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Blind transfer at a PBX on the WAN that isn't ours: the phone names the edge as its server, the
# PBX is told of a user of its own domain.

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_lan_host lan1 21
	topo_two_nats
	kam_start pbx 198.51.100.5 alice bob carol
	edge_conf <<-EOF
	[peer pbx]
	target = sip:198.51.100.5:5060
	domains = example.test
	EOF
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 \
		"$(phone_account bob example.test 'outbound="sip:192.168.50.1"')"
	phone_start carol b1 440 \
		"$(phone_account carol example.test 'outbound="sip:198.51.100.10"')"
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
	! has '^SIP/2.0 481' "$D/sip" || fail "somebody did not know a subscription"
	has '^Refer-To: .*sip:carol@example\.test' "$D/sip" ||
		fail "the PBX is not told of a user of its domain"
}
