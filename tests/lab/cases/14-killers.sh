# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Requests that kill a SIP server made of this stack when it is used as it comes. They come from
# a trunk, so the edge treats them as calls. After each one it still answers, and in the end
# nothing is left.

killer()
{
	note "killer: $*"
	in_ns trunk "$PY" "$LAB/killers.py" --me 198.51.100.60 --edge 198.51.100.10 "$@" ||
		{ edge_survived; fail "killer $*: not served as it should be"; }
	answering
}

answering()
{
	edge_survived
	in_ns trunk "$PY" "$LAB/killers.py" --me 198.51.100.60 --edge 198.51.100.10 ping ||
		{ edge_survived; fail "the edge does not answer OPTIONS"; }
}

# A call whose caller can't be reached through its Contact; bob hangs up, so the edge must send
# the BYE.
unreachable()
{
	note "killer: Contact ${1:0:60}, BYE from our side"
	phone_mark bob
	spawn unreachable trunk "$PY" "$LAB/killers.py" --me 198.51.100.60 --edge 198.51.100.10 \
		contact bob "$1"
	if poll 10 has '^up' "$D/unreachable.log"; then
		wait_for 5 "bob's call is not up" phone_says bob 'Call established'
		phone_hangup bob
	fi
	ended unreachable 20 || fail "the caller: $(cat "$D/unreachable.log")"
	answering
	wait_for 45 "the call to an unreachable Contact stays" edge_quiet
}

case_main()
{
	local big

	topo_base
	topo_wan_host trunk 60
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users bob
		cat <<-EOF
		[peer trunk]
		target = sip:198.51.100.60:5060
		options-ping = off

		[route out]
		from = phones
		to = ^9[0-9]+$
		peer = trunk
		EOF
	} | edge_conf
	edge_start
	phone_start bob a1 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered bob
	answering

	killer via-zero nobody
	killer via-zero bob
	killer big-contact bob 64000
	killer big-contact bob 15000
	killer two-headers bob
	killer two-headers nobody

	spawn answerer trunk "$PY" "$LAB/killers.py" --me 198.51.100.60 --edge 198.51.100.10 \
		answer-two-headers
	wait_for 5 "no answerer" has waiting "$D/answerer.log"
	phone_mark bob
	phone_dial bob sip:9123@198.51.100.10
	wait_for 10 "no call over two Subject headers in a response" phone_says bob \
		'Call established'
	wait_for 5 "no ACK" has 'ACK came' "$D/answerer.log"
	phone_hangup bob
	ended answerer 15 || fail "two headers in responses: $(cat "$D/answerer.log")"
	answering
	wait_for 5 "bob hangs" phone_idle bob

	killer stun
	killer rtp
	killer stray
	unreachable '<sip:k@198.51.100.60:1>'
	unreachable '<sip:k@no-such-host.invalid>'
	unreachable '<sip:k@127.0.0.1:5060;transport=tcp>'
	big=$(printf 'a%.0s' $(seq 12000))
	unreachable "<sip:$big@198.51.100.60:5060>"
	unreachable "<sip:k@198.51.100.60:1;$big=$big>"
	wait_for 5 "something is left" edge_quiet
}
