# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: rewrite path
#
# cg_19: a PBX on the WAN that isn't ours. One phone names the edge itself as its registrar, the other
# the PBX's domain with the edge as outbound proxy. Both authenticate to the PBX through the
# edge, which has no credentials, and call each other. The PBX finds them by a Contact of the edge,
# or, cg_11, by their own and the Path that it keeps.

pbx_by_rewrite()
{
	[ "$(grep -c 'Address: sip:.*198\.51\.100\.10' "$D/bindings")" -eq 2 ] ||
		fail "the PBX should hold two Contacts that name the edge"
	! has 'sip:[^;]*@10\.' "$D/bindings" || fail "the PBX sees a private address"
}

pbx_by_path()
{
	[ "$(grep -c 'Address: sip:.*@10\.' "$D/bindings")" -eq 2 ] ||
		fail "the PBX should hold the phones' own Contacts"
	[ "$(grep -c 'Path: <sip:cv.*@198\.51\.100\.10.*;lr>' "$D/bindings")" -eq 2 ] ||
		fail "the PBX should hold two Paths that name the edge"
	edge_is "any(p['path'] == 'taken' for p in d['peers'])" show peers ||
		fail "the Path came back unseen"
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_two_nats
	KAM_PATH=2 kam_start pbx 198.51.100.5 alice bob
	edge_pbx sip:198.51.100.5:5060 "contact = $WITH" | edge_conf
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob b1 1000 \
		"$(phone_account bob example.test 'outbound="sip:198.51.100.10"')"
	phone_registered alice
	phone_registered bob
	kam_dump >"$D/bindings"
	"pbx_by_$WITH"

	phones_prove alice bob sip:bob@198.51.100.10
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	seen_times 2 '^SIP/2.0 407' "$D/sip" || fail "no challenge of the PBX passed through"
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob alice sip:alice@example.test
}
