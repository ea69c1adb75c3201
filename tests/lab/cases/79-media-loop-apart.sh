# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_16: a loop through a PBX on the WAN between two phones behind one NAT that keeps them
# apart: they go direct on trial, in the call the edge finds out and relays once, both hear each
# other; the next call there begins with that relay.

# Nothing passes between the two.
isolate()
{
	in_ns a1 nft -f - <<-EOF
	table ip apart {
		chain in { type filter hook input priority 0; ip saddr 10.1.1.12 drop; }
		chain out { type filter hook output priority 0; ip daddr 10.1.1.12 drop; }
	}
	EOF
}

reasons()
{
	edge_is "sorted(c['reason'] for c in d['calls']) == sorted(['$1', 'none:loop'])" show calls
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat_host natA a2 10.1.1.12
	isolate
	kam_start pbx 198.51.100.5 alice bob
	edge_pbx sip:198.51.100.5:5060 | edge_conf
	edge_start
	local proxy='outbound="sip:198.51.100.10"'
	phone_start alice a1 440 "$(phone_account alice example.test "$proxy")"
	phone_start bob a2 1000 "$(phone_account bob example.test "$proxy")"
	phone_registered alice bob

	phones_call alice bob sip:bob@example.test
	wait_for 2 "not on trial" reasons none:same-nat
	wait_for 12 "it isn't noticed that they don't hear each other" reasons far-end
	wire a1 a1
	wire a2 a2
	wait_for 12 "nothing reaches alice" wire_full a1
	wait_for 12 "nothing reaches bob" wire_full a2
	stop_together a1 a2
	wire_sounds a1 1000 440
	wire_sounds a2 440 1000
	phones_part alice bob
	wait_for 5 "first call left something" edge_quiet

	phones_call bob alice sip:alice@example.test
	wait_for 2 "the next call is on trial again" reasons far-end
	phones_talk alice bob
	phones_part bob alice
	phones_hear alice bob
}
