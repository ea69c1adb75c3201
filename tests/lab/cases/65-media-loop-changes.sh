# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_16: a loop through a PBX that makes two calls of each and keeps out of the media. Hold and
# resume go through and nothing opens again; the PBX puts one end through to music, and takes it
# back; then it ends the caller's half alone.

unfolded()
{
	edge_is "len(d['calls']) == 2 and all(c['reason'] == 'none:loop' for c in d['calls'])" \
		show calls
}

folded()
{
	edge_is "len(d['calls']) == 2 and all(c['reason'] == 'lan-wan' for c in d['calls'])" \
		show calls
}

explained()
{
	local id

	for id in $(edge_says "' '.join(c['id'] for c in d['calls'])" show calls); do
		edge_ctl explain "$id" | tail -n 6
	done
}

pbx_does()
{
	note "the PBX: $1"
	: >"$D/pbx.do/$1"
}

# gets WIRE HOST HZ OTHER: what reaches the phone of HOST.
gets()
{
	wire "$1" "$2"
	wait_for 10 "nothing reaches $2" wire_full "$1"
	stop "$1" || true
	wire_sounds "$1" "$3" "$4"
}

hold_and_resume()
{
	phone_ctl alice hold >>"$D/steps" || fail "alice can't hold"
	wait_for 5 "the hold does not reach the PBX" seen_times 2 '^INVITE' "$D/pbx.log"
	wire held lan2
	! poll 2 wire_any held || fail "voice reaches bob although alice holds"
	stop held || true
	unfolded || fail "folded by a hold: $(edge_says d show calls)"
	phone_ctl alice resume >>"$D/steps" || fail "alice can't resume"
	wait_for 5 "the resume does not reach the PBX" seen_times 3 '^INVITE' "$D/pbx.log"
	gets resumed-a lan1 1000 440
	gets resumed-b lan2 440 1000
	unfolded || fail "folded by a resume: $(edge_says d show calls)"
}

music_and_back()
{
	spawn music pbx "$PY" "$LAB/rtptone.py" --bind 198.51.100.5:9000 --tone 700 \
		--record "$D/music.wav" --seconds 20 --to-file "$D/pbx.do.to"
	pbx_does music
	wait_for 5 "nothing is folded" folded
	# the PBX says nothing to alice: until we do she sends to bob
	wait_for 5 "alice is not told" has 'restated call=.* end=A' "$D/culvertd.log"
	gets music-b lan2 700 440
	edge_is "d['parked'] == 0 and d['count'] == 2" show media ||
		fail "parked: $(edge_says d show media)"
	pbx_does back
	poll 5 unfolded || fail "not unfolded again: $(explained)"
	stop music || true
	gets back-b lan2 440 700
	gets back-a lan1 1000 440
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_lan_host lan1 21
	topo_lan_host lan2 22
	mkdir "$D/pbx.do"
	edge_pbx sip:198.51.100.5:5060 | edge_conf
	edge_start
	spawn pbx pbx "$PY" "$LAB/b2bua.py" 198.51.100.5 198.51.100.10 "$D/pbx.do"
	wait_for 5 "the PBX does not start" has ready "$D/pbx.log"
	local proxy='outbound="sip:192.168.50.1"'
	phone_start alice lan1 440 "$(phone_account alice example.test "$proxy")"
	phone_start bob lan2 1000 "$(phone_account bob example.test "$proxy")"
	phone_registered alice bob
	phones_call alice bob sip:bob@example.test
	wait_for 2 "not unfolded" unfolded
	phones_talk alice bob
	hold_and_resume
	music_and_back

	phone_mark alice
	pbx_does leave
	wait_for 5 "alice's call does not end" phone_idle alice
	wait_for 3 "bob's ports are not open again" \
		edge_is "d['parked'] == 0 and d['count'] == 1" show media
	edge_is "d['calls'][0]['reason'] == 'lan-wan'" show calls || fail "bob's call is folded"
	pbx_does part
	wait_for 5 "bob's call does not end" phone_idle bob
}
