# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# An IPv6 phone calls an IPv4 phone, neither behind a NAT: only the family asks for a relay.

relay()
{
	edge_relay family
}

case_main()
{
	topo_base
	topo_wan6_host w6 41
	topo_wan_host w4 42
	edge_over "$WITH"
	{
		edge_users carol bob
		cat <<-EOF
		[listen wan6]
		address = 2001:db8:1::10
		side = wan
		$EDGE_WAN
		EOF
	} | edge_conf
	edge_start

	phone_over "$WITH" carol w6 440 '[2001:db8:1::10]' \
		'sip_listen [::]:5060' 'net_af ipv6' 'net_prefer_ipv6 yes' 'prefer_ipv6 yes'
	phone_over "$WITH" bob w4 1000 198.51.100.10
	phone_registered carol bob
	edge_has_over "$WITH" carol bob
	WHILE_UP=relay phones_prove carol bob 'sip:bob@[2001:db8:1::10]'
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob carol sip:carol@198.51.100.10
}
