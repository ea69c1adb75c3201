# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# One account on three phones: all ring for a call, the one that answers has it with sound both
# ways, the others are told that it was completed elsewhere. A caller who gives up and says why
# is quoted to all of them. Who calls his own account rings the other phones only.

rings()
{
	phone_says "$1" 'Incoming call'
}

case_main()
{
	local name

	topo_base
	topo_lan_host lan1 21
	topo_wan_host home 70
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.1.1 symmetric
	topo_nat_host natB b1 10.1.1.11
	topo_wan_host trunk 60
	{
		edge_users alice bob
		cat <<-EOF
		[peer trunk]
		options-ping = off
		target = sip:198.51.100.60:5060

		[route in]
		from = peer:trunk
		user = bob
		EOF
	} | edge_conf
	edge_start

	phone_start alice lan1 440 "$(phone_account alice 192.168.50.1)"
	phone_registered alice
	for name in cell:a1 desk:b1 home:home; do
		phone_start "${name%:*}" "${name#*:}" 1000 \
			"$(phone_account bob 198.51.100.10 answermode=manual)"
		phone_registered "${name%:*}"
	done
	wait_for 3 "three phones of bob" edge_is \
		"sum(r['aor'].startswith('bob@') for r in d['registrations']) == 3" \
		show registrations

	note "all ring, one answers"
	for name in alice cell desk home; do
		phone_mark "$name"
	done
	phone_dial alice sip:bob@192.168.50.1
	for name in cell desk home; do
		wait_for 5 "$name does not ring" rings "$name"
	done
	phone_ctl desk accept >>"$D/steps" || fail "desk can't answer"
	wait_for 5 "no call" phone_says alice 'Call established'
	wait_for 3 "cell rings on" phone_idle cell
	wait_for 3 "home rings on" phone_idle home
	wait_for 3 "no explanation" edge_explains
	phones_talk alice desk
	phones_part alice desk
	phone_heard alice 1000 440
	phone_heard desk 440 1000
	wait_for 5 "something is left" edge_quiet
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/edge.sip"
	seen_times 2 'Reason: SIP;cause=200;text="Call completed elsewhere"' "$D/edge.sip" ||
		fail "who did not answer is not told why"

	note "who gives up says why, and all are told"
	sipp_start trunk trunk 198.51.100.60 cancel-reason -s 4711 198.51.100.10:5060
	ended trunk 20 || fail "SIPp: $(tail -n 3 "$D/trunk/errors")"
	for name in cell desk home; do
		wait_for 5 "$name rings on" phone_idle "$name"
	done
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/edge.sip"
	seen_times 4 'Reason: SIP;cause=200;text="Answered by the other desk"' "$D/edge.sip" ||
		fail "the Reason is lost"

	note "bob calls his own account"
	for name in cell desk home; do
		phone_mark "$name"
	done
	phone_dial home sip:bob@198.51.100.10
	wait_for 5 "cell does not ring" rings cell
	wait_for 5 "desk does not ring" rings desk
	! rings home || fail "who calls rings himself"
	phone_ctl cell hangup >>"$D/steps"
	phone_ctl desk hangup >>"$D/steps"
	wait_for 5 "home hears nothing of the refusals" phone_says home '486'
	wait_for 5 "a refused call is left" edge_quiet
}

# The only call says which phone has it.
edge_explains()
{
	local id

	id=$(edge_says "d['calls'][0]['id']" show calls)
	edge_is "any(e['what'].startswith('target') and e['decision'] == 'answered'
		for e in d['explain'])" explain "$id" &&
		edge_is "any(s.get('target') == 3 for s in d['ladder'])" ladder "$id"
}
