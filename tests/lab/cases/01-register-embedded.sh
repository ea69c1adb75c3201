# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A phone behind a NAT registers with the embedded registrar, which knows that it is at the far
# end; a wrong password is refused and leaves nothing.

case_main()
{
	topo_base
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat_host natA a2 10.1.1.12
	edge_users alice mallory | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	wait_for 3 "show registrations does not have alice at the far end" edge_registration \
		"r['aor'].startswith('alice@') and r['side'] == 'far'"
	edge_registration "r['source'].startswith('198.51.100.31:') and r['transport'] == 'udp'" ||
		fail "source or transport: $(edge_says "d" show registrations)"
	edge_registration "0 < r['expires'] <= 60" || fail "expires: $(edge_says d show registrations)"

	phone_start mallory a2 1000 "$(phone_account mallory 198.51.100.10 auth_pass=wrong)"
	wait_for 10 "mallory got no 40x" has '40[13] \|401\|403' "$D/mallory.log"
	! has '200 OK' "$D/mallory.log" || fail "a wrong password was accepted"
	! edge_registration "'mallory' in r['aor']" || fail "mallory is registered"

	# TERM unregisters
	stop alice || true
	wait_for 5 "alice's registration outlives her" edge_no_bindings
}
