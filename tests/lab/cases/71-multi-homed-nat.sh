# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# CG-10, cg_10: NATs with two outside addresses, so that a phone's sound comes from another one than
# its signalling. Where both lie in one nat-systems entry they count as one, and the sound passes
# both ways; in two entries they don't: dropped, counted, and the doctor says what to write.

far_says()
{
	edge_says "[s['$1'] for s in d['media'][0]['streams'] if s['side'] == 'far'][0]" show media
}

source_of()
{
	edge_says "[r['source'] for r in d['registrations'] if r['aor'].startswith('$1@')][0]" \
		show registrations
}

# nat_two_faces NAME OCTET OCTET INSIDE SEED
nat_two_faces()
{
	topo_natbox "$1" "$2" "$4" map=ei filter=ei pool=random preserve=no idle=60s \
		"address=198.51.100.$3" "seed=$5"
	ip -n "$P-net" route add "198.51.100.$3/32" dev "n$2"
}

case_main()
{
	local sip media

	topo_base
	topo_lan_host lan1 21
	nat_two_faces natA 32 35 10.1.1 "${SEED_A:-1}"
	topo_nat_host natA a1 10.1.1.11
	nat_two_faces natB 40 48 10.2.2 "${SEED_B:-1}"
	topo_nat_host natB b1 10.2.2.11
	edge_users alice bob carol | edge_conf
	sed -i '/^\[network\]/a nat-systems = 198.51.100.32-198.51.100.35, 198.51.100.40, 198.51.100.48' \
		"$D/culvert.conf"
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start carol b1 700 "$(phone_account carol 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice bob carol

	phones_call bob alice sip:alice@192.168.50.1
	phones_talk bob alice
	sip=$(source_of alice)
	media=$(far_says remote)
	note "alice signals from $sip and talks from $media"
	[ "${sip%:*}" != "${media%:*}" ] || fail "this NAT took one address for both: $sip, $media"
	phones_part bob alice
	phones_hear bob alice

	phones_call bob carol sip:carol@192.168.50.1
	CALL=$(edge_says "d['calls'][0]['id']" show calls)
	wait_for 5 "carol's sound is not dropped" edge_is \
		"any(s['foreign'] > 100 for s in d['media'][0]['streams'] if s['side'] == 'far')" show media
	[ "$(far_says latched)" = False ] || fail "carol was latched to $(far_says remote)"
	edge_ctl explain "$CALL" >"$D/explain"
	has 'dropped.*where it doesn.t speak' "$D/explain" || fail "explain does not count them"
	edge_is "d['verdict'] == 'other-source' and 'nat-systems' in d['findings'][0]['advice']" \
		doctor call "$CALL" || fail "the doctor says $(edge_says d doctor call "$CALL")"
	phones_part bob carol
}
