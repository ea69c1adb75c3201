# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The doctor names the fault of a call without sound: a firewall at a far phone's home lets
# SIP out and no media. The same phones talk well before that, and the doctor says so. Calls
# that ended are diagnosed, too.

first_call()
{
	edge_says "d['calls'][0]['id']" show calls
}

is_healthy()
{
	# sound in the first moments only says that it is early
	poll 6 edge_is "d['verdict'] == 'healthy'" doctor call "$(first_call)" ||
		fail "a call with sound is ill: $(edge_says d doctor call "$(first_call)")"
}

block_media()
{
	in_ns a1 nft -f - <<-EOF
	table inet home {
		chain out {
			type filter hook output priority 0
			udp dport 16384-32767 drop
		}
	}
	EOF
}

has_verdict()
{
	edge_is "d['verdict'] == 'never-sent' and d['findings'][0]['end'] == 'A' and
		'private' in d['findings'][0]['says'] and
		'firewall' in d['findings'][0]['advice']" doctor call "$1"
}

case_main()
{
	local id

	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	edge_users alice bob | edge_conf
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice
	phone_registered bob

	WHILE_UP=is_healthy phones_prove alice bob sip:bob@198.51.100.10
	wait_for 5 "first call left something" edge_quiet

	block_media
	phones_call alice bob sip:bob@198.51.100.10
	id=$(first_call)
	wait_for 6 "no verdict: $(edge_says d doctor call "$id")" has_verdict "$id"
	phones_part alice bob
	wait_for 5 "second call left something" edge_quiet
	has_verdict "$id" || fail "the call that ended has no verdict: $(edge_says d doctor call "$id")"
	note "$(edge_ctl doctor call "$id" | head -n 7)"
}
