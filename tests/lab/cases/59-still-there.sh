# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A relayed call whose voice stops in both directions: real phones are asked by OPTIONS within
# the call, answer, and keep it. Then both vanish without a word: nobody answers, the call ends
# long before the hold time-out, and explain says who was gone.

hush()
{
	in_ns "$1" nft 'add table inet hush
		add chain inet hush out { type filter hook output priority 0; }
		add rule inet hush out udp sport 10000-10100 drop'
}

id_of_call()
{
	edge_ctl --json show calls |
		"$PY" -c 'import json, sys; print(json.load(sys.stdin)["calls"][0]["id"])'
}

# asked ID WHAT DECISION
asked()
{
	edge_ctl explain "$1" | grep -q "what=\"$2\" decision=$3"
}

case_main()
{
	local id

	topo_base
	topo_wan_host alice 60
	topo_wan_host bob 61
	{
		edge_users alice bob
		printf '[media]\nrelay = always\nidle-timeout = 2s\n'
	} | edge_conf
	edge_start
	phone_start alice alice 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob bob 700 "$(phone_account bob 198.51.100.10);answermode=auto"
	phone_registered alice
	phone_registered bob
	phone_dial alice sip:bob@198.51.100.10
	wait_for 10 "no call" phone_says alice 'Call established'
	id=$(id_of_call)
	hush alice
	hush bob
	wait_for 10 "A was not asked" asked "$id" 'probe of A' alive
	wait_for 5 "B was not asked" asked "$id" 'probe of B' alive
	phone_hangup alice
	wait_for 5 "the call does not end" edge_quiet
	in_ns alice nft flush ruleset
	in_ns bob nft flush ruleset

	phone_dial alice sip:bob@198.51.100.10
	wait_for 10 "no second call" edge_is "d['calls'][0]['state'] == 'answered'" show calls
	id=$(id_of_call)
	ip -n "$P-alice" link set eth0 down
	ip -n "$P-bob" link set eth0 down
	wait_for 45 "a call of two that are gone stands" edge_quiet
	edge_ctl explain "$id" | grep -q 'decision=gone' ||
		fail "explain: $(edge_ctl explain "$id")"
	has 'why=dialog-lost' "$D/culvertd.log" || fail "the log does not say why"
	ip -n "$P-alice" link set eth0 up
	ip -n "$P-bob" link set eth0 up
}
