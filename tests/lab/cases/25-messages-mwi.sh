# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# A PBX tells a phone behind a NAT how many voice messages wait (message-summary), and goes on
# to do so through its new hole after the NAT forgot it; text messages pass both ways; those of
# a stranger reach nobody. The parties are a script; a real phone's subscription is in 28.

# party NAME ROLE HOST ADDRESS: one of the scripts.
party()
{
	mkdir -p "$D/$1-do"
	spawn "$1" "$3" "$PY" "$LAB/plainsip.py" "$2" "$WITH" "$D/tls/edge.pem" "$4" "$D/$1-do" \
		198.51.100.10
}

asked()
{
	touch "$D/$1-do/$2"
}

# did NAME WHAT: asks, and waits until it began to.
did()
{
	asked "$@"
	wait_for 5 "$1 does not $2" test ! -e "$D/$1-do/$2"
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_wan_host bad 66
	topo_nat natB 32 10.2.2 symmetric
	topo_nat_host natB b1 10.2.2.11
	edge_over "$WITH"
	edge_pbx "sip:198.51.100.5;transport=$WITH" | edge_conf
	edge_start
	party pbx pbx pbx 198.51.100.5
	party bob phone b1 10.2.2.11

	wait_for 5 "the PBX does not start" has ready "$D/pbx.log"
	asked bob register
	wait_for 5 "bob can't register" has 'answer 200 REGISTER' "$D/bob.log"
	asked bob message
	wait_for 5 "bob's message does not reach the PBX" \
		has 'MESSAGE sip:carol@example.test hello carol' "$D/pbx.log"
	wait_for 5 "bob's message is not answered" has 'answer 200 MESSAGE' "$D/bob.log"
	asked pbx message
	wait_for 5 "bob gets no message" has '^MESSAGE .*hello bob' "$D/bob.log"
	wait_for 5 "the PBX's message is not answered" has 'answer 200 MESSAGE' "$D/pbx.log"

	asked bob subscribe
	wait_for 5 "bob hears nothing of waiting messages" has 'NOTIFY .*Voice-Message: 1' "$D/bob.log"
	edge_is "d['gauges']['subscriptions'] == 1" show stats ||
		fail "subscriptions: $(edge_says "d['gauges']['subscriptions']" show stats)"
	nat_forget natB
	[ "$WITH" = udp ] || did bob reconnect
	asked bob register
	wait_for 5 "bob can't register again" seen_times 2 'answer 200 REGISTER' "$D/bob.log"
	asked pbx notify
	wait_for 5 "the NOTIFY does not follow bob" has 'NOTIFY .*Voice-Message: 7' "$D/bob.log"
	asked pbx notify-last
	wait_for 5 "the end of the subscription does not reach bob" \
		has 'NOTIFY .*Voice-Message: 0' "$D/bob.log"
	wait_for 5 "the subscription outlives its end" \
		edge_is "d['gauges']['subscriptions'] == 0" show stats

	party bad phone bad 198.51.100.66
	asked bad message
	wait_for 5 "a stranger's message is not refused" has 'answer 403 MESSAGE' "$D/bad.log"
	asked bad subscribe
	wait_for 5 "a stranger's SUBSCRIBE is not refused" has 'answer 403 SUBSCRIBE' "$D/bad.log"
	[ "$(grep -c '^MESSAGE' "$D/pbx.log")" -eq 1 ] || fail "a stranger's message reached the PBX"

	asked bob unregister
	wait_for 5 "bob's registration outlives him" edge_no_bindings
}
