# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two far-end phones behind different NATs, one of them symmetric, with the very same private
# address at both ends; each calls the other.

relay()
{
	edge_relay far-end
}

case_main()
{
	topo_base
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.1.1 symmetric
	topo_nat_host natB b1 10.1.1.11
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob b1 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	WHILE_UP=relay phones_prove alice bob sip:bob@198.51.100.10
	wait_for 5 "first call left something" edge_quiet
	WHILE_UP=relay phones_prove bob alice sip:alice@198.51.100.10
}
