# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp
#
# A far-end phone calls a telephone number, which goes to the trunk (SIPp) on the WAN.

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

		[route out]
		from = phones
		to = ^9[0-9]+$
		peer = trunk
		EOF
	} | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	sipp_start trunk trunk 198.51.100.60 answer -t "${WITH:0:1}1"
	sipp_voice trunk trunk 198.51.100.60 1000 8
	phone_dial alice sip:9123@198.51.100.10
	wait_for 10 "the call does not come up" phone_says alice 'Call established'
	edge_relay far-end
	wait_for 12 "alice hears nothing" heard_enough alice
	phone_hangup alice
	ended trunk 10 || fail "SIPp: $(tail -n 3 "$D/trunk/errors")"
	ended trunk-voice 15 || fail "the trunk's voice: $(tail -n 1 "$D/trunk-voice.log")"
	sipp_heard trunk 440 1000
	phone_heard alice 1000 440
}
