# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# etc/lans.conf: an office, a branch behind a router of it, a plant, and phones outside (cg_02).
# Office and branch talk without us: descriptions pass untouched and no port is taken. The plant
# is relayed to each of them (lan-lan), and so is the outside.

none()
{
	edge_relay none:same-side
	edge_is "d['gauges']['ports_used'] == 0 and d['gauges']['streams'] == 0" show stats ||
		fail "cg_02: a direct call takes ports: $(edge_says "d['gauges']" show stats)"
}

apart()
{
	edge_relay lan-lan
}

outside()
{
	edge_relay far-end
}

# same_sdp HOST HOST: the offer that left the first is the offer that reached the second.
same_sdp()
{
	local host

	for host; do
		"$PY" "$LAB/pcaptext.py" "$D/$host.pcap" | tr -d '\r' |
			awk '/^INVITE / { i = 1 } i && /^v=0$/ { on = 1 } on && /^$/ { exit } on' \
			>"$D/$host.sdp"
		has '^c=IN IP4' "$D/$host.sdp" || fail "no offer was seen at $host"
	done
	cmp -s "$D/$1.sdp" "$D/$2.sdp" || fail "cg_02: the offer of $1 was changed on its way to $2"
}

case_main()
{
	topo_base
	topo_second_lan plant lan1 192.168.60
	topo_branch branch 10.20.0 2
	topo_lan_host lan1 21
	ip -n "$P-lan1" route add 10.20.0.0/24 via 192.168.50.2
	topo_nat_host branch br1 10.20.0.11
	topo_nat_host plant pl1 192.168.60.21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	edge_users alice bob carol dave >"$D/accounts.conf"
	edge_sample lans.conf -e 's/192\.168\.1\./192.168.50./g' -e 's/192\.168\.2\./192.168.60./g' \
		-e 's/203\.0\.113\.10/198.51.100.10/' -e "s,^#include = .*,include = $D/accounts.conf,"
	edge_start

	phone_start alice lan1 440 "$(phone_account alice 192.168.50.1)"
	phone_start bob br1 1000 "$(phone_account bob 192.168.50.1)"
	phone_start carol pl1 700 "$(phone_account carol 192.168.60.1)"
	phone_start dave a1 1000 "$(phone_account dave 198.51.100.10)"
	phone_registered alice bob carol dave

	capture lan1 lan1 eth0 'udp port 5060'
	capture br1 br1 eth0 'udp port 5060'
	WHILE_UP=none phones_prove alice bob sip:bob@192.168.50.1
	same_sdp lan1 br1
	wait_for 5 "first call left something" edge_quiet
	WHILE_UP=apart phones_prove alice carol sip:carol@192.168.50.1
	wait_for 5 "second call left something" edge_quiet
	WHILE_UP=apart phones_prove carol bob sip:bob@192.168.60.1
	wait_for 5 "third call left something" edge_quiet
	WHILE_UP=outside phones_prove dave carol sip:carol@198.51.100.10
}
