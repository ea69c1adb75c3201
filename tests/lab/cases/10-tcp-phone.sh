# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A phone over TCP behind a NAT: calls, and is called over its own connection.

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice '198.51.100.10;transport=tcp')"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice
	phone_registered bob
	edge_registration "'alice' in r['aor'] and r['transport'] == 'tcp' and r['side'] == 'far'" ||
		fail "alice should be at the far end over TCP: $(edge_says d show registrations)"
	phones_prove alice bob 'sip:bob@198.51.100.10;transport=tcp'
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob alice sip:alice@192.168.50.1
}
