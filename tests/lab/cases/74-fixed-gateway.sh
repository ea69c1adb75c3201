# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_09, cg_13: a gateway behind a NAT of its own that never registers. It calls a phone; then it
# is silent for longer than its NAT remembers, and is called: only the edge's OPTIONS have kept
# the hole open. Both calls are relayed.

SILENT_S=18 # the NAT forgets after 6

hole_open()
{
	natbox natA find natA 10.1.1.11:5060 198.51.100.10:5060
}

relayed()
{
	edge_relay far-end
}

case_main()
{
	local end

	topo_base
	topo_lan_host lan1 21
	topo_natbox natA 31 10.1.1 map=apd filter=apd preserve=yes idle=6s
	topo_nat_host natA gate 10.1.1.11
	{
		edge_users alice
		cat <<-EOT
		[peer gate]
		target = sip:198.51.100.31:5060
		nat = yes
		options-ping = off

		[route out]
		from = phones
		to = ^7
		peer = gate

		[ping]
		interval = 2s
		EOT
	} | edge_conf
	edge_start

	phone_start alice lan1 440 "$(phone_account alice 192.168.50.1)"
	phone_start 700 gate 1000 "$(phone_account 700 198.51.100.10 regint=0)"
	phone_registered alice
	capture inside gate eth0 udp port 5060
	WHILE_UP=relayed phones_prove 700 alice sip:alice@198.51.100.10
	end=$((SECONDS + SILENT_S))
	while [ "$SECONDS" -lt "$end" ]; do
		hole_open >>"$D/holes" || fail "the hole closed"
		sleep 1
	done
	"$PY" "$LAB/pcaptext.py" "$D/inside.pcap" >"$D/sip"
	! has '^REGISTER' "$D/sip" || fail "the gateway registers: nothing is proved"
	seen_times 5 '^OPTIONS' "$D/sip" || fail "no keepalives reach the gateway"
	WHILE_UP=relayed phones_prove alice 700 sip:700@192.168.50.1
}
