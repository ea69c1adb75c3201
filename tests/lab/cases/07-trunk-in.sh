# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp
#
# A trunk on the WAN (SIPp) calls a far-end phone of the embedded registrar.

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_nat natA 31 10.1.1 symmetric
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users alice
		cat <<-EOF
		[peer trunk]
		target = sip:198.51.100.60:5060;transport=$WITH
		options-ping = off
		EOF
	} | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	sipp_start trunk trunk 198.51.100.60 call -s alice 198.51.100.10:5060 -t "${WITH:0:1}1"
	sipp_voice trunk trunk 198.51.100.60 1000 4
	wait_for 10 "the call does not come up" phone_says alice 'Call established'
	edge_relay far-end
	ended trunk 20 || fail "SIPp: $(tail -n 3 "$D/trunk/errors")"
	ended trunk-voice 8 || fail "the trunk's voice: $(tail -n 1 "$D/trunk-voice.log")"
	wait_for 5 "alice does not see the end" phone_idle alice
	sipp_heard trunk 440 1000
	phone_heard alice 1000 440
}
