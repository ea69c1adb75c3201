# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: instance plain
#
# CG-14, cg_14: in the middle of a call a NAT gives a phone's media another port, and a phone is
# carried from one NAT to another, whether its registrations bear a +sip.instance or not. Both hear
# and are heard again within 2 s, and explain says by which proof. A third host that sprays with
# the phone's own SSRC all the while gets nothing and injects nothing.

SSRC=5eed0007

far_says()
{
	edge_says "[s['$1'] for s in d['media'][0]['streams'] if s['side'] == 'far'][0]" show media
}

moved()
{
	[ "$(far_says remote)" != "$1" ]
}

# Sound both ways from now on: WIRE of the phone behind the NAT, its HOST, what it says.
sounds_again()
{
	wire "$1-after" "$2"
	wire "lan1-$1" lan1
	wait_for 8 "nothing reaches $1 after the move" wire_full "$1-after"
	wait_for 8 "nothing reaches bob after the move" wire_full "lan1-$1"
	stop_together "$1-after" "lan1-$1"
	wire_sounds "$1-after" 1000 440 700
	wire_sounds "lan1-$1" "$3" 1000
}

# The NAT needs room and drops the mapping of alice's RTP port.
rebound()
{
	local was inside

	phones_call alice bob sip:bob@198.51.100.10
	phones_talk alice bob
	was=$(far_says remote)
	natbox natA --json show mappings natA >"$D/table.json"
	inside=$("$PY" "$LAB/jsonis.py" \
		"[m['inside'] for m in d['mappings'] if m['outside'] == '$was'][0]" <"$D/table.json")
	natbox natA drop natA "$inside" >>"$D/steps" || fail "the NAT can't drop $inside"
	wait_for 2 "alice's sound is still expected from $was" moved "$was"
	note "alice's RTP moved from $was to $(far_says remote), proof: $(far_says proof)"
	[ "$(far_says proof)" = rebound ] || fail "proof: $(far_says proof)"
	sounds_again alice a1 440
	edge_ctl explain "$(edge_says "d['calls'][0]['id']" show calls)" >"$D/explain"
	has 'its NAT gave it another port' "$D/explain" || fail "explain does not say why"
	phones_part alice bob
}

carried()
{
	phone_mark bob
	mkdir -p "$D/mover"
	spawn spray attacker "$PY" "$LAB/spray.py" 198.51.100.10 20000 20049 1000 14 "$SSRC"
	wait_for 5 "no attack" has spraying "$D/spray.log"
	spawn carol net "$PY" "$LAB/mover.py" "$WITH" 198.51.100.10 carol sip:bob@198.51.100.10 700 "$SSRC" \
		"$D/mover" "$P-a2=10.1.1.12" "$P-c1=10.3.3.11"
	wait_for 10 "carol does not talk: $(tail -n 2 "$D/carol.log")" has '^talking' "$D/carol.log"
	wait_for 8 "bob hears nothing" heard_enough bob
	: >"$D/mover/go"
	wait_for 8 "carol does not move: $(tail -n 2 "$D/carol.log")" has '^moved' "$D/carol.log"
	wire lan1-carol lan1
	wait_for 8 "nothing reaches bob after the move" wire_full lan1-carol
	stop lan1-carol || true
	wire_sounds lan1-carol 700 1000 440
	note "carol's RTP comes from $(far_says remote), proof: $(far_says proof)"
	[ "$(far_says proof)" = run ] || fail "proof: $(far_says proof)"
	case $(far_says remote) in
	198.51.100.33:*) ;;
	*) fail "carol's sound is expected from $(far_says remote)" ;;
	esac
	alive spray || fail "the attack ended before the call"
	edge_ctl explain "$(edge_says "d['calls'][0]['id']" show calls)" >"$D/explain"
	has 'the same SSRC, and its numbers go on' "$D/explain" || fail "explain does not say why"
	has 'dropped.*without proof' "$D/explain" || fail "explain does not count the attack"
	: >"$D/mover/end"
	ended carol 8 || fail "carol: $(tail -n 2 "$D/carol.log")"
	note "carol $(grep silent "$D/carol.log")"
	"$PY" "$LAB/tone.py" "$D/mover/before.wav" 1000 700 440 || fail "carol did not hear bob before"
	"$PY" "$LAB/tone.py" "$D/mover/after.wav" 1000 700 440 || fail "carol did not hear bob after"
	ended spray 15 || fail "the attacker received packets: $(tail -n 1 "$D/spray.log")"
}

injected()
{
	tcpdump -n -r "$D/edge.pcap" "udp[4:2] = 181 and ($1)" 2>/dev/null | wc -l
}

case_main()
{
	topo_base
	topo_wan_host attacker 66
	topo_lan_host lan1 21
	topo_natbox natA 31 10.1.1 map=ei filter=apd preserve=no idle=60s
	topo_nat_host natA a1 10.1.1.11
	topo_nat_host natA a2 10.1.1.12
	topo_natbox natC 33 10.3.3 map=apd filter=apd preserve=no idle=60s
	topo_nat_host natC c1 10.3.3.11
	{
		edge_users alice bob carol
		printf '[media]\nports = 20000-20049\n'
	} | edge_conf
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice bob
	rebound
	carried
	stop edge || true
	[ "$(injected 'src host 198.51.100.66')" -gt 5000 ] || fail "the attack did not reach the edge"
	[ "$(injected 'src host 192.168.50.1 or src host 198.51.100.10')" -eq 0 ] ||
		fail "packets of the attack were passed on"
}
