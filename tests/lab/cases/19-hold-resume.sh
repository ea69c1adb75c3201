# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# Requests inside a call reach a phone behind a NAT: the caller holds and resumes, then the
# callee does. Who is held falls silent, and after the resume both hear each other again. The
# relay keeps its ports.

ports_used()
{
	edge_says "d['gauges']['ports_used']" show stats
}

# silent WIRE HOST: nothing comes for as long as it takes to be sure.
silent()
{
	wire "$1" "$2"
	! poll 2 wire_any "$1" || fail "voice reaches $2 although its phone holds"
	stop "$1" || true
}

# pause_by WHO HOST: holds, resumes; then both hear each other again.
pause_by()
{
	local before

	before=$(ports_used)
	note "$1 holds and resumes"
	phone_ctl "$1" hold >>"$D/steps" || fail "$1 can't hold"
	wait_for 5 "$1's hold is not answered" invites_answered $((INVITES + 1))
	silent "held-$1" "$2"
	phone_ctl "$1" resume >>"$D/steps" || fail "$1 can't resume"
	wait_for 5 "$1's resume is not answered" invites_answered $((INVITES + 2))
	INVITES=$((INVITES + 2))
	wire "a1-$1" a1
	wire "b1-$1" b1
	wait_for 10 "nothing reaches alice after the resume" wire_full "a1-$1"
	wait_for 10 "nothing reaches bob after the resume" wire_full "b1-$1"
	stop_together "a1-$1" "b1-$1"
	wire_sounds "a1-$1" 1000 440
	wire_sounds "b1-$1" 440 1000
	[ "$(ports_used)" = "$before" ] || fail "ports in use: $before before, $(ports_used) now"
}

# invites_answered N: so many times a 200 to an INVITE went out.
invites_answered()
{
	edge_is "sum(s['method'] == 'INVITE' and s['way'] == 'out' and s.get('status') == 200
		for s in d['ladder']) == $1" ladder "$CALL"
}

case_main()
{
	INVITES=1
	topo_base
	topo_two_nats
	edge_over "$WITH"
	edge_users alice bob | edge_conf
	edge_start
	phone_over "$WITH" alice a1 440 198.51.100.10
	phone_over "$WITH" bob b1 1000 198.51.100.10
	phone_registered alice bob
	edge_has_over "$WITH" alice bob
	phones_call alice bob sip:bob@198.51.100.10
	CALL=$(edge_says "d['calls'][0]['id']" show calls)
	phones_talk alice bob
	pause_by alice a1
	pause_by bob b1
	phones_part alice bob
	phones_hear alice bob
}
