# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A PBX on the LAN; its users are at the far end and on the LAN.

case_main()
{
	topo_base
	topo_lan_host lpbx 5
	topo_lan_host lan1 21
	topo_two_nats
	kam_start lpbx 192.168.50.5 alice bob carol
	edge_pbx sip:192.168.50.5:5060 | edge_conf
	edge_start

	local proxy='outbound="sip:198.51.100.10"'
	phone_start alice a1 440 "$(phone_account alice example.test "$proxy")"
	phone_start bob b1 1000 "$(phone_account bob example.test "$proxy")"
	# carol is next to the PBX and does not know of the edge
	phone_start carol lan1 1000 \
		"$(phone_account carol example.test 'outbound="sip:192.168.50.5"')"
	phone_registered alice
	phone_registered bob
	phone_registered carol
	kam_dump >"$D/bindings"
	[ "$(grep -c 'Address: sip:.*192\.168\.50\.1[:;>]\|Address: sip:.*192\.168\.50\.1$' \
		"$D/bindings")" -eq 2 ] || fail "two Contacts should name the edge's LAN address"

	phones_prove alice bob sip:bob@example.test
	wait_for 5 "first call left something" edge_quiet
	phones_prove alice carol sip:carol@example.test
	wait_for 5 "second call left something" edge_quiet
	phones_prove carol alice sip:alice@example.test
}
