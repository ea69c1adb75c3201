# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The first address of a PBX is dead: mute (it takes packets and says nothing), not there (no
# such host), or without a listener (ICMP, and a refused connection); the call is answered by
# the next one within 5 s. A second peer of the [route] answers when all of the first are dead.
# Who answers when he has been given up is acknowledged and ended.

# answered NAME NUMBER SECONDS: alice's call to NUMBER is up within SECONDS.
answered()
{
	local begin ms

	sipp_start "$1" trunk 198.51.100.60 answer
	sipp_voice "$1" trunk 198.51.100.60 1000 2
	phone_mark alice
	begin=$(date +%s%3N)
	phone_dial alice "sip:$2@198.51.100.10"
	wait_for 15 "$1: the call does not come up" phone_says alice 'Call established'
	ms=$(($(date +%s%3N) - begin))
	note "$1: answered after $ms ms"
	[ "$ms" -le "$3" ] || fail "$1: answered after $ms ms, expected $3 at most"
	phone_hangup alice
	ended "$1" 10 || fail "SIPp: $(tail -n 3 "$D/$1/errors")"
	ended "$1-voice" 15 || true
	wait_for 5 "$1: something is left" edge_quiet
}

case_main()
{
	local peer

	topo_base
	topo_wan_host trunk 60
	topo_wan_host mute 61
	topo_wan_host shut 62
	topo_wan_host slow 63
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users alice
		cat <<-EOF
		[peer mute]
		options-ping = off
		target = sip:198.51.100.61:5060, sip:198.51.100.60:5060

		[peer absent]
		options-ping = off
		target = sip:198.51.100.77:5060, sip:198.51.100.60:5060

		[peer shut]
		options-ping = off
		target = sip:198.51.100.62:5060, sip:198.51.100.60:5060

		[peer shuttcp]
		options-ping = off
		target = sip:198.51.100.62:5060;transport=tcp, sip:198.51.100.60:5060

		[peer dead]
		options-ping = off
		target = sip:198.51.100.61:5060
		try-timeout = 1s

		[peer good]
		options-ping = off
		target = sip:198.51.100.60:5060

		[peer slow]
		options-ping = off
		target = sip:198.51.100.63:5060, sip:198.51.100.60:5060

		[route mute]
		to = ^1
		peer = mute

		[route absent]
		to = ^2
		peer = absent

		[route shut]
		to = ^3
		peer = shut

		[route shuttcp]
		to = ^4
		peer = shuttcp

		[route two]
		to = ^5
		peer = dead, good

		[route late]
		to = ^6
		peer = slow
		EOF
	} | edge_conf
	spawn deaf mute "$PY" -c "import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('198.51.100.61', 5060))
time.sleep(120)"
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	answered mute 1 5000
	answered absent 2 5000
	answered shut 3 2000
	answered shuttcp 4 5000
	for peer in shut shuttcp; do
		grep "hop is down peer=$peer " "$D/culvertd.log" | grep -q 'why="connection refused"' ||
			fail "$peer: the log does not say why"
	done
	answered two 5 2500
	sipp_start slow slow 198.51.100.63 late-answer
	answered late 6 5000
	ended slow 15 || fail "the late answer: $(tail -n 3 "$D/slow/errors")"
}
