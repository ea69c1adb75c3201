# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# An IPv6 phone calls an IPv4 phone, neither behind a NAT: only the family asks for a relay.

case_main()
{
	topo_base
	topo_wan6_host w6 41
	topo_wan_host w4 42
	{
		edge_users carol bob
		cat <<-EOF
		[listen wan6]
		address = 2001:db8:1::10
		side = wan
		EOF
	} | edge_conf
	edge_start

	phone_start carol w6 440 "$(phone_account carol '[2001:db8:1::10]')" \
		'sip_listen [::]:5060' 'net_af ipv6' 'net_prefer_ipv6 yes' 'prefer_ipv6 yes'
	phone_start bob w4 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered carol
	phone_registered bob
	phones_call carol bob 'sip:bob@[2001:db8:1::10]'
	phones_talk carol bob
	edge_relay family
	phones_part carol bob
	phone_heard carol 1000 440
	phone_heard bob 440 1000
	wait_for 5 "first call left something" edge_quiet
	phones_call bob carol sip:carol@198.51.100.10
	phones_talk bob carol
	phones_part carol bob
	phone_heard carol 1000 440
	phone_heard bob 440 1000
}
