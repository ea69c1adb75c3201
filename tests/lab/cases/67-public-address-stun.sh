# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Complaint 23: the edge stands behind a gateway and asks a STUN server (coturn) for its public address.
# Calls to and from a trunk work. Then the public address is another: the edge finds out, the
# trunk is told its new Contact and forgets the old one, and a call that stands gets a re-INVITE
# and sounds on both ways. Nobody outside ever sees the private address.

stun_server()
{
	topo_wan_host stun 71
	cat >"$D/turn.conf" <<-EOF
	listening-ip=198.51.100.71
	listening-port=3478
	stun-only
	no-auth
	no-cli
	no-tls
	no-dtls
	log-file=stdout
	pidfile=$D/turn.pid
	EOF
	spawn turn stun turnserver -c "$D/turn.conf"
	wait_for 10 "the STUN server does not start" \
		in_ns stun timeout 2 turnutils_stunclient 198.51.100.71
}

shows()
{
	edge_is "any(p['name'] == 'wan' and p['advertise'] == '$1' and p['source_state'] == 'ok'
		for p in d['points'])" show networks
}

trunk_is_at()
{
	[ "$(kam_dump | grep -o 'Address: sip:ct[0-9a-f]*@[0-9.]*' | sed 's/.*@//')" = "$1" ]
}

case_main()
{
	command -v turnutils_stunclient >/dev/null || skip "coturn is not installed"
	topo_base
	topo_inside
	topo_public 40
	topo_wan_host itsp 5
	topo_wan_host sub 42
	topo_lan_host lan1 21
	stun_server
	kam_start itsp 198.51.100.5 trunk1 bob
	edge_wan 'advertise = stun:198.51.100.71'
	{
		edge_users alice
		cat <<-EOC
		[peer itsp]
		target = sip:198.51.100.5:5060
		domains = example.test
		options-ping = off
		register = yes
		username = trunk1
		password = secret-trunk1

		[route out]
		from = phones
		to = ^9
		peer = itsp
		strip = 1

		[route in]
		from = peer:itsp
		to = ^trunk1$
		user = alice
		EOC
	} | edge_conf
	sed -i 's/^address = 198.51.100.10/address = 10.9.0.2/' "$D/culvert.conf"
	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/culvert.conf" >"$D/checked" 2>&1 ||
		fail "--check: $(head -n 1 "$D/checked")"
	has '198\.51\.100\.40' "$D/checked" || fail "--check does not say what the server said"
	capture outside itsp eth0
	edge_start
	shows 198.51.100.40 || fail "not asked at the start: $(edge_says d show networks)"
	wait_for 5 "the trunk has no Contact with the public address" trunk_is_at 198.51.100.40

	phone_start alice lan1 440 "$(phone_account alice 192.168.50.1)"
	phone_start bob sub 1000 "$(phone_account bob example.test 'outbound="sip:198.51.100.5"')"
	phone_registered alice
	phone_registered bob
	note "in from the trunk"
	phones_prove bob alice sip:trunk1@example.test
	note "out to the trunk, and the public address changes"
	phones_call alice bob sip:9bob@192.168.50.1
	phones_talk alice bob
	topo_public 41
	wait_for 36 "the edge does not find out" shows 198.51.100.41
	has 'own-address-changed listen=wan old=198.51.100.40 new=198.51.100.41' \
		"$D/culvertd.log" || fail "the change is not in the log"
	edge_is "[e['address'] for e in d['earlier']] == ['198.51.100.40']" show networks ||
		fail "the earlier address is forgotten"
	wait_for 6 "the trunk still has the old Contact: $(kam_dump | grep Address)" \
		trunk_is_at 198.51.100.41
	wait_for 5 "the call was not told: $(edge_says d explain "$(call_id)")" restated
	edge_is "any(e['what'] == 'address shown' and e['decision'] == '198.51.100.40' and
		'stun:198.51.100.71' in e['evidence'] for e in d['explain'])" \
		explain "$(call_id)" || fail "explain does not say what was shown"
	edge_ctl explain "$(call_id)" >"$D/explained"
	wire after-bob sub
	wire after-alice lan1
	wait_for 10 "bob gets nothing after the change" wire_full after-bob
	wait_for 10 "alice gets nothing after the change" wire_full after-alice
	phones_part bob alice
	stop after-bob || true
	stop after-alice || true
	wire_sounds after-bob 440 1000
	wire_sounds after-alice 1000 440
	phones_hear alice bob

	stop outside || true
	"$PY" "$LAB/pcaptext.py" "$D/outside.pcap" >"$D/outside.sip"
	has '^Contact: .*198\.51\.100\.41' "$D/outside.sip" || fail "no new Contact outside"
	has '^c=IN IP4 198\.51\.100\.41' "$D/outside.sip" || fail "no new SDP outside"
	has '^Via: .*198\.51\.100\.41' "$D/outside.sip" || fail "no new Via outside"
	! has '10\.9\.0\.2' "$D/outside.sip" || fail "the private address was shown outside"
}

call_id()
{
	edge_says "d['calls'][0]['id']" show calls
}

restated()
{
	edge_is "any(e['decision'] == 'restated' for e in d['explain'])" explain "$(call_id)"
}
