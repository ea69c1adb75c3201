# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_03 Two phones behind one NAT talk directly; their RTCP, which comes by us, says that they
# hear each other, and it stays so after the trial, on hold too.

proven()
{
	edge_is "d['calls'][0]['same_nat_trial'] == 'proven'" show calls
}

case_main()
{
	topo_base
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat_host natA a2 10.1.1.12
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob a2 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	phones_call alice bob sip:bob@198.51.100.10
	wait_for 12 "no report that they hear each other" proven
	edge_relay none:same-nat
	edge_is "d['media'][0]['kind'] == 'watch'" show media ||
		fail "no session that watches: $(edge_says d show media)"
	edge_is "all(s['rtcp_in'] > 0 and s['rtp_in'] == 0 for s in d['media'][0]['streams'])" \
		show media || fail "it isn't RTCP that comes: $(edge_says d show media)"
	phones_talk alice bob
	# nothing changes when the trial's time is over
	wait_for 10 "the call is too short" edge_is "d['calls'][0]['seconds'] >= 8" show calls
	proven || fail "the trial was not passed: $(edge_says d show calls)"
	edge_relay none:same-nat
	phones_part alice bob
	phones_hear alice bob
	wait_for 5 "something is left" edge_quiet
}
