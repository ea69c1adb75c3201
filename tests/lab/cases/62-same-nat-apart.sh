# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_03 Two phones behind one NAT that keeps them apart, as a WLAN that isolates its stations
# does: in the call the edge finds out and relays, both hear each other; the next call there
# begins with a relay.

# Nothing passes between the two.
isolate()
{
	in_ns a1 nft -f - <<-EOF
	table ip apart {
		chain in { type filter hook input priority 0; ip saddr 10.1.1.12 drop; }
		chain out { type filter hook output priority 0; ip daddr 10.1.1.12 drop; }
	}
	EOF
}

relayed()
{
	edge_is "d['calls'][0]['reason'] == 'far-end' and d['calls'][0]['relay']" show calls
}

explained()
{
	edge_is "any('$1' in e['evidence'] for e in d['explain'])" \
		explain "$(edge_says "d['calls'][0]['id']" show calls)" >/dev/null
}

case_main()
{
	topo_base
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat_host natA a2 10.1.1.12
	isolate
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob a2 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	wire atalice a1
	wire atbob a2
	phones_call alice bob sip:bob@198.51.100.10
	edge_relay none:same-nat
	wait_for 10 "the call was not taken over" relayed
	explained 'same NAT, but' || fail "not explained: $(edge_says d show calls)"
	wait_for 8 "alice gets nothing" wire_full atalice
	wait_for 8 "bob gets nothing" wire_full atbob
	explained 'it agreed' || fail "the re-INVITEs are not explained"
	phones_part alice bob
	stop_together atalice atbob
	wire_sounds atalice 1000 440
	wire_sounds atbob 440 1000
	wait_for 5 "the first call left something" edge_quiet

	WHILE_UP=again phones_prove bob alice sip:alice@198.51.100.10
}

again()
{
	edge_relay far-end
	explained 'of the last hour' || fail "the second call does not say why it is relayed"
}
