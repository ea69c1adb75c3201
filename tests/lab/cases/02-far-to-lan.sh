# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A far-end phone calls a phone on the LAN, and is called back by it.

relay()
{
	edge_relay far-end lan-wan
}

case_main()
{
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
	edge_registration "'bob' in r['aor'] and r['side'] == 'lan'" || fail "bob is not on the LAN"

	WHILE_UP=relay phones_prove alice bob sip:bob@198.51.100.10
	edge_survived
	wait_for 5 "first call left something" edge_quiet
	WHILE_UP=relay phones_prove bob alice sip:alice@192.168.50.1
}
