# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_08: routers that rewrite SIP and forget half of it, one of each kind, a real phone behind
# each: it registers, calls and is called, sound both ways; the edge says what it saw of the
# router, and nothing of one that leaves SIP alone.

KINDS=(plain via contact back sdp length text open)

# words KIND: what the box does. Ports are not kept, so that none fits by chance.
words()
{
	case $1 in
	plain) ;;
	via) echo alg=via ;;
	contact) echo alg=contact ;;
	back) echo alg=contact,back ;;
	sdp) echo alg=sdp ;;
	length) echo alg=sdp,length ;;
	text) echo alg=text ;;
	open) echo alg=via,contact ;;
	esac
}

# expect KIND: verdict, then what was rewritten, once it has called and was called.
expect()
{
	case $1 in
	plain) echo 'no|' ;;
	via) echo 'yes|Via' ;;
	contact | back) echo 'suspected|Contact' ;;
	sdp) echo 'suspected|SDP' ;;
	length) echo 'yes|SDP, Content-Length' ;;
	text | open) echo 'suspected|Via, Contact' ;;
	esac
}

# One process is all the boxes; each has its LAN and its host.
boxes()
{
	local kind n=0

	ip netns exec "$P-net" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.br0.proxy_arp=1
	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		new_ns "n$n"
		new_bridge "n$n"
		ip -n "$P-n$n" addr add "10.$n.1.1/24" dev br0
		echo "$kind inside=$P-n$n/in outside=$P-net/o$n address=198.51.100.$((30 + n))" \
			"map=apd filter=apd preserve=no idle=30s $(words "$kind")"
	done >"$D/boxes"
	spawn natbox net "${CULVERT_NATBOX:?}" -f "$D/boxes"
	wait_for 5 "natbox does not start" has '^ready' "$D/natbox.log"
	n=0
	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		ip -n "$P-net" route add "198.51.100.$((30 + n))/32" dev "o$n"
		ip -n "$P-n$n" route add default dev in
		ip netns exec "$P-n$n" sysctl -qw net.ipv4.ip_forward=1
		topo_nat_host "n$n" "h$n" "10.$n.1.11"
		topo_lan_host "l$n" $((20 + n))
	done
}

phones()
{
	local kind n=0

	phone_voices
	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		phone_start "$kind" "h$n" 440 "$(phone_account "$kind" 198.51.100.10)"
		phone_start "desk$n" "l$n" 1000 "$(phone_account "desk$n" 192.168.50.1)"
	done
	for kind in "${KINDS[@]}"; do
		phone_registered "$kind"
	done
}

# call_all FROM TO: every pair at once, named by these words: kind or desk.
call_all()
{
	local kind n=0 a b

	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		a=$kind b=desk$n
		[ "$1" = kind ] || { a=desk$n b=$kind; }
		rm -f "$D/$a"/rec/* "$D/$b"/rec/*
		phone_mark "$a"
		phone_mark "$b"
		if [ "$1" = kind ]; then
			phone_dial "$a" "sip:$b@198.51.100.10"
		else
			phone_dial "$a" "sip:$b@192.168.50.1"
		fi
	done
	n=0
	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		wait_for 15 "$kind has no call" phone_says "$kind" 'Call established'
		wait_for 5 "desk$n has no call" phone_says "desk$n" 'Call established'
	done
	edge_is "len(d['calls']) == 8 and all(c['reason'] == 'far-end' for c in d['calls'])" \
		show calls || fail "not all relayed: $(edge_says d show calls)"
	n=0
	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		phones_talk "$kind" "desk$n"
	done
	n=0
	for kind in "${KINDS[@]}"; do
		n=$((n + 1))
		phone_hangup "$kind"
		wait_for 5 "desk$n sees no end" phone_idle "desk$n"
		phones_hear "$kind" "desk$n"
	done
}

judge()
{
	local kind want got

	for kind in "${KINDS[@]}"; do
		want=$(expect "$kind")
		got=$(edge_says "d['sip_alg']['verdict'] + '|' + d['sip_alg']['rewritten']" \
			explain "$kind")
		note "$kind: alg $got"
		[ "$got" = "$want" ] || fail "behind '$kind' the edge says '$got', not '$want'"
	done
}

case_main()
{
	topo_base
	{
		edge_users "${KINDS[@]}" desk1 desk2 desk3 desk4 desk5 desk6 desk7 desk8
		echo '[ping]'
		echo 'interval = 3s'
	} | edge_conf
	boxes
	edge_start
	phones
	call_all kind desk
	wait_for 5 "calls left something" edge_quiet
	call_all desk kind
	judge
	edge_is "d['sip_alg']['canary'] == 'intact'" explain plain || fail "no canary came back"
	edge_is "d['sip_alg']['canary'] == 'altered'" explain via ||
		fail "the canary did not see it: $(edge_says "d['sip_alg']" explain via)"
	edge_registration "r['aor'].startswith('desk1@') and r['alg'] == 'no'" ||
		fail "a phone in the LAN is suspected"
	seen_times 1 'alg id=.*aor=via@.*alg=yes.*advice=' "$D/culvertd.log" || fail "no advice"
}
