# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A peer that is a name with two SRV records. Calls and REGISTERs go to the first PBX; it dies,
# they go to the second; it comes back, they come back. Then the name moves: the edge follows,
# and takes the new address for the peer. Records that lead to the edge itself, or to a family
# it doesn't listen on, count for nothing.

case_main()
{
	topo_base
	topo_wan_host dns 53
	topo_wan_host one 5
	topo_wan_host two 6
	topo_wan_host three 7
	topo_nat natA 31 10.1.1 symmetric
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.2.2 symmetric
	topo_nat_host natB b1 10.2.2.11
	zone '10 0 5060 one.pbx.test' '20 0 5060 two.pbx.test'
	mkdir -p "$D/bob-do" "$D/three-do"
	{
		edge_users alice
		cat <<-EOC
		[peer pbx]
		target = sip:pbx.test
		domains = example.test
		options-ping = 1s
		max-calls = 1

		[route out]
		from = phones
		to = ^9[0-9]+$
		peer = pbx
		EOC
	} | edge_conf
	sed -i 's/^lan = .*/&\ndns = 198.51.100.53/' "$D/culvert.conf"
	spawn dns dns "$PY" "$LAB/dnsd.py" 198.51.100.53 "$D/zone"
	wait_for 5 "the name server does not start" has ready "$D/dns.log"
	uas one 198.51.100.5
	uas two 198.51.100.6
	edge_start
	wait_for 5 "both PBXs should be up" hops_are "'198.51.100.5:5060 up', '198.51.100.6:5060 up'"

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	spawn bob b1 "$PY" "$LAB/plainsip.py" phone udp "" 10.2.2.11 "$D/bob-do" 198.51.100.10
	call_reaches one
	registers 1 one

	stop one || true
	wait_for 10 "a dead PBX should be down" \
		hops_are "'198.51.100.5:5060 down', '198.51.100.6:5060 up'"
	call_reaches two
	registers 2 two
	uas one 198.51.100.5
	wait_for 10 "a PBX that is back should be up" \
		hops_are "'198.51.100.5:5060 up', '198.51.100.6:5060 up'"
	call_reaches one

	spawn three three "$PY" "$LAB/plainsip.py" phone udp "" 198.51.100.7 \
		"$D/three-do" 198.51.100.10
	: >"$D/three-do/message"
	wait_for 5 "nobody's message should be refused" has 'answer 403 MESSAGE' "$D/three.log"
	zone '10 0 5060 two.pbx.test' '20 0 5060 three.pbx.test'
	wait_for 12 "the edge should follow the name" \
		hops_are "'198.51.100.6:5060 up', '198.51.100.7:5060 up'"
	edge_ctl reload >>"$D/steps" || fail "reload"
	hops_are "'198.51.100.6:5060 up', '198.51.100.7:5060 up'" || fail "a reload lost what stood"
	stop three || true
	spawn three three "$PY" "$LAB/plainsip.py" phone udp "" 198.51.100.7 \
		"$D/three-do" 198.51.100.10
	: >"$D/three-do/subscribe"
	wait_for 5 "the new address should be the peer's, whom no route takes further" \
		has 'answer 404 SUBSCRIBE' "$D/three.log"
	call_reaches two
	edge_ctl show peers >>"$D/steps"
	: >"$D/bob-do/unregister"
	wait_for 5 "bob can't leave" seen_times 3 'answer 200 REGISTER' "$D/bob.log"
}

# zone SRV SRV: the records of pbx.test from now on; for five seconds.
zone()
{
	{
		printf '_sip._udp.pbx.test SRV 5 %s\n' "$@"
		printf '_sip._udp.pbx.test SRV 5 5 0 5060 edge.pbx.test\n'
		printf '%s.pbx.test A 5 %s\n' one 198.51.100.5 two 198.51.100.6 \
			three 198.51.100.7 edge 198.51.100.10
		printf 'one.pbx.test AAAA 5 2001:db8:1::5\n'
	} >"$D/zone.new"
	mv "$D/zone.new" "$D/zone"
}

uas()
{
	spawn "$1" "$1" "$PY" "$LAB/uas.py" "$2" "$1"
	wait_for 5 "$1 does not start" has ready "$D/$1.log"
}

# hops_are TEXT: 'ADDRESS STATE', ... in their order.
hops_are()
{
	edge_is "[h['hop'] + ' ' + h['state'] for h in d['peers'][0]['hops']] == [$1]" show peers
}

# call_reaches NAME: a call is taken there, and counted.
call_reaches()
{
	phone_mark alice
	phone_dial alice sip:9123@198.51.100.10
	wait_for 10 "no call to $1" phone_says alice 'Call established'
	has '^INVITE ' "$D/$1.log" || fail "the call went elsewhere than to $1"
	edge_is "d['peers'][0]['calls'] == 1" show peers || fail "the call isn't counted"
	phone_hangup alice
	wait_for 5 "the call to $1 does not end" has '^BYE ' "$D/$1.log"
	wait_for 5 "the call to $1 left something" edge_quiet
	edge_is "d['peers'][0]['calls'] == 0" show peers || fail "the call still counts"
}

# registers N NAME: bob's Nth REGISTER is answered by NAME.
registers()
{
	: >"$D/bob-do/register"
	wait_for 8 "bob can't register" seen_times "$1" 'answer 200 REGISTER' "$D/bob.log"
	has '^REGISTER ' "$D/$2.log" || fail "bob's REGISTER went elsewhere than to $2"
}
