# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# One account on a phone in the LAN, one behind a NAT outside and one with IPv6: all ring,
# each is offered the address of the edge that faces it, and whichever answers is heard. The
# LAN has no way to the outside, so an address of the other side would be silence. The caller
# stands outside, then in the LAN.

EARS=(desk cell six)

rings()
{
	phone_says "$1" 'Incoming call'
}

# answers CALLER PHONE URI: all ring, PHONE answers; voice both ways, the others fall silent.
answers()
{
	local name

	note "$1 calls, $2 answers"
	for name in "$1" "${EARS[@]}"; do
		phone_mark "$name"
		rm -f "$D/$name/rec"/*
	done
	phone_dial "$1" "$3"
	for name in "${EARS[@]}"; do
		wait_for 5 "$name does not ring" rings "$name"
	done
	phone_ctl "$2" accept >>"$D/steps" || fail "$2 can't answer"
	wait_for 5 "no call" phone_says "$1" 'Call established'
	wait_for 3 "ports of the other sides are kept" edge_is \
		"d['gauges']['ports_used'] == 2" show stats
	phones_talk "$1" "$2"
	phones_part "$1" "$2"
	phones_hear "$1" "$2"
	for name in "${EARS[@]}"; do
		wait_for 3 "$name rings on" phone_idle "$name"
	done
	wait_for 5 "something is left" edge_quiet
}

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_lan_host lan2 22
	ip -n "$P-lan1" route del default
	topo_wan_host alice 70
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_wan6_host w6 41
	{
		edge_users alice carol bob
		cat <<-EOF
		[listen wan6]
		address = 2001:db8:1::10
		side = wan
		EOF
	} | edge_conf
	edge_start

	phone_start alice alice 440 "$(phone_account alice 198.51.100.10)"
	phone_start carol lan2 440 "$(phone_account carol 192.168.50.1)"
	phone_start desk lan1 1000 "$(phone_account bob 192.168.50.1 answermode=manual)"
	phone_start cell a1 700 "$(phone_account bob 198.51.100.10 answermode=manual)"
	phone_start six w6 1000 "$(phone_account bob '[2001:db8:1::10]' answermode=manual)" \
		'sip_listen [::]:5060' 'net_af ipv6' 'net_prefer_ipv6 yes' 'prefer_ipv6 yes'
	phone_registered alice carol "${EARS[@]}"
	wait_for 3 "three phones of bob" edge_is \
		"sum(r['aor'].startswith('bob@') for r in d['registrations']) == 3" \
		show registrations

	answers alice desk sip:bob@198.51.100.10
	answers alice cell sip:bob@198.51.100.10
	answers alice six sip:bob@198.51.100.10
	answers carol desk sip:bob@192.168.50.1
	answers carol cell sip:bob@192.168.50.1
}
