# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two phones behind a forking proxy (SIPp) send early media from two addresses all the time. The
# caller hears, and is heard by, the one that announced its media last, then the one that
# answered, which is the other; it sends to one port throughout, and what was not heard is
# counted.

# voice NAME HOST ADDRESS HZ SECONDS FILE: talks to the address in FILE.
voice()
{
	mkdir -p "$D/$1"
	spawn "$1" "$2" "$PY" "$LAB/rtptone.py" --bind "$3:9000" --tone "$4" --seconds "$5" \
		--record "$D/$1/heard.wav" --to-file "$6"
}

# hears PHASE HZ OTHER: the caller talks for a while and hears one tone and not the other.
hears()
{
	wait_for 15 "phase $1" test -s "$D/trunk/media$1"
	voice "caller$1" trunk 198.51.100.60 1000 3 "$D/trunk/media"
	ended "caller$1" 10 || fail "voice: $(tail -n 1 "$D/caller$1.log")"
	sipp_heard "caller$1" "$2" "$3"
}

# packets NAME: how many it heard.
packets()
{
	sed -n 's/.* heard \([0-9]*\) from.*/\1/p' "$D/$1.log"
}

unheard()
{
	edge_is "d['media'][0]['streams'][1]['unheard'] >= $1" show media
}

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_wan_host pbx 61
	topo_wan_host one 63
	topo_wan_host two 64
	edge_conf <<-EOF
	[media]
	relay = always

	[peer trunk]
	target = sip:198.51.100.60:5060
	options-ping = off

	[peer pbx]
	target = sip:198.51.100.61:5060
	options-ping = off

	[route all]
	from = peer:trunk
	peer = pbx
	EOF
	edge_start

	sipp_start pbx pbx 198.51.100.61 fork-media-answer -key one 198.51.100.63 -key two 198.51.100.64
	sipp_start trunk trunk 198.51.100.60 fork-media-call -s 100 198.51.100.10:5060
	wait_for 10 "the INVITE" test -s "$D/pbx/media"
	voice one one 198.51.100.63 600 21 "$D/pbx/media"
	voice two two 198.51.100.64 1500 21 "$D/pbx/media"
	hears 1 600 1500
	hears 2 1500 600
	wait_for 5 "what isn't heard is counted" unheard 100
	hears 3 600 1500
	cmp "$D/trunk/media1" "$D/trunk/media2" || fail "another port for the second phone"
	cmp "$D/trunk/media1" "$D/trunk/media3" || fail "another port in the answer"

	ended trunk 20 || fail "caller: $(tail -n 3 "$D/trunk/errors")"
	ended pbx 10 || fail "proxy: $(tail -n 3 "$D/pbx/errors")"
	ended one 15 || fail "voice: $(tail -n 1 "$D/one.log")"
	ended two 15 || fail "voice: $(tail -n 1 "$D/two.log")"
	note "one heard $(packets one), two heard $(packets two)"
	[ "$(packets one)" -ge 250 ] || fail "the winner heard $(packets one) of 300"
	[ "$(packets two)" -le 150 ] || fail "the other heard $(packets two)"
	sipp_heard one 1000 600
	sipp_heard two 1000 1500
	wait_for 5 "the call stays" edge_quiet
}
