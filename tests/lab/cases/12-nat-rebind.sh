# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_12: a NAT restarts and gives the phone another port. The next REGISTER moves the binding, and
# calls reach the phone through its new hole.

moved()
{
	[ "$(source_of_alice)" != "$BEFORE" ] && [ -n "$(source_of_alice)" ]
}

source_of_alice()
{
	edge_says "[r['source'] for r in d['registrations'] if 'alice' in r['aor']][0]" \
		show registrations
}

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 symmetric
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users alice bob
		cat <<-EOF
		[registration]
		min-expires = 10s
		phone-expires-udp = 12s
		EOF
	} | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10 regint=12)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice
	phone_registered bob
	BEFORE=$(source_of_alice)
	[ -n "$BEFORE" ] || fail "alice is not in show registrations"
	nat_forget natA
	wait_for 20 "alice's flow is still $BEFORE" moved
	note "alice moved from $BEFORE to $(source_of_alice)"
	edge_is "len([r for r in d['registrations'] if 'alice' in r['aor']]) == 1" \
		show registrations || fail "the old flow is still there beside the new"
	phones_prove bob alice sip:alice@192.168.50.1
}
