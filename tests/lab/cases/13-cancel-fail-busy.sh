# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls that don't come up: the caller gives up, the callee is busy, there is no such user.
# None leaves a call, a stream or a port, and when the phones are gone and the stack's 32 s
# timers have run nothing is left at all.

rings()
{
	phone_says bob 'Incoming call'
}

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1 answermode=manual)"
	phone_registered alice
	phone_registered bob

	note "the caller gives up"
	phone_mark alice
	phone_mark bob
	phone_dial alice sip:bob@198.51.100.10
	wait_for 10 "bob does not ring" rings
	phone_hangup alice
	wait_for 5 "bob rings on" phone_idle bob
	wait_for 5 "alice hangs" phone_idle alice
	wait_for 5 "a cancelled call is left: $(edge_says d show calls)" edge_quiet

	note "the callee is busy"
	phone_mark alice
	phone_mark bob
	phone_dial alice sip:bob@198.51.100.10
	wait_for 10 "bob does not ring" rings
	phone_hangup bob
	wait_for 5 "alice gets no 486" phone_says alice '486'
	wait_for 5 "a refused call is left" edge_quiet

	note "no such user"
	phone_mark alice
	phone_dial alice sip:nobody@198.51.100.10
	wait_for 5 "alice gets no 404" phone_says alice '404'
	wait_for 5 "a call to nobody is left" edge_quiet

	note "everybody goes home"
	phones_stop
	wait_for 60 "something is left: $(edge_says "d['gauges']" show stats)" edge_empty
}
