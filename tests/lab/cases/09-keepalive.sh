# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_13: behind a NAT that forgets a silent flow after 30 s, a phone that says nothing for 70 s is still
# reachable: the edge keeps the hole open.

IDLE_S=70

hole_open()
{
	nat_has natA 'src=10.1.1.11' 'dst=198.51.100.10' 'dport=5060'
}

case_main()
{
	local end

	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted 30
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users alice bob
		cat <<-EOF
		[registration]
		phone-expires-udp = 600s
		EOF
	} | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10 regint=600)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice
	phone_registered bob
	capture inside a1 eth0 udp port 5060
	end=$((SECONDS + IDLE_S))
	while [ "$SECONDS" -lt "$end" ]; do
		hole_open || fail "the hole closed $((IDLE_S - end + SECONDS)) s after the start"
		sleep 1
	done
	"$PY" "$LAB/pcaptext.py" "$D/inside.pcap" >"$D/sip"
	! has '^REGISTER' "$D/sip" || fail "the phone refreshed by itself: nothing is proved"
	seen_times 2 '^OPTIONS' "$D/sip" || fail "less than 2 pings in $IDLE_S s"
	phones_prove bob alice sip:alice@192.168.50.1
}
