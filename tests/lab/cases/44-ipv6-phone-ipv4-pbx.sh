# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A phone that has only IPv6 registers over TCP at a PBX that has only IPv4 and TCP, and calls a
# phone there, which is next to the PBX and doesn't know of the edge; then it is called.

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_wan6_host w6 41
	topo_wan_host w4 42
	kam_start pbx 198.51.100.5 carol bob
	{
		edge_pbx 'sip:198.51.100.5;transport=tcp'
		cat <<-EOF
		[listen wan6]
		address = 2001:db8:1::10
		side = wan
		EOF
	} | edge_conf
	edge_start

	phone_start carol w6 440 \
		"$(phone_account carol 'example.test;transport=tcp' \
			'outbound="sip:[2001:db8:1::10];transport=tcp"')" \
		'sip_listen [::]:5060' 'net_af ipv6' 'net_prefer_ipv6 yes' 'prefer_ipv6 yes'
	phone_start bob w4 1000 "$(phone_account bob 'example.test;transport=tcp' \
		'outbound="sip:198.51.100.5;transport=tcp"')"
	phone_registered carol bob
	edge_has_over tcp carol
	kam_dump >"$D/bindings"
	has 'Address: sip:.*198\.51\.100\.10.*transport=tcp' "$D/bindings" ||
		fail "the PBX should hold a Contact at the edge's IPv4 address, over TCP"
	! has '2001:db8' "$D/bindings" || fail "the PBX sees an IPv6 address"

	phones_prove carol bob sip:bob@example.test
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob carol sip:carol@example.test
}
