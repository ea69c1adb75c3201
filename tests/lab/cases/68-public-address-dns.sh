# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Complaint 23: the address that the edge shows is what a name stands for. The name gets another address:
# the edge follows when the record has aged, requests show the new one, and a trunk is registered
# anew with it. The edge starts though the name server is silent, and follows when it answers;
# --check refuses a name that stands for nothing, with its line.

zone()
{
	printf 'edge.test A 5 %s\n' "$1" >"$D/zone.new"
	mv "$D/zone.new" "$D/zone"
}

shows()
{
	edge_is "any(p['name'] == 'wan' and p['advertise'] == '$1' for p in d['points'])" \
		show networks
}

trunk_is_at()
{
	[ "$(kam_dump | grep -o 'Address: sip:ct[0-9a-f]*@[0-9.]*' | sed 's/.*@//')" = "$1" ]
}

case_main()
{
	local rc=0 line

	topo_base
	topo_inside
	topo_public 40
	topo_wan_host itsp 5
	topo_wan_host dns 53
	kam_start itsp 198.51.100.5 trunk1
	edge_wan 'advertise = dns:edge.test'
	edge_conf <<-EOC
	[peer itsp]
	target = sip:198.51.100.5:5060
	domains = example.test
	options-ping = off
	register = yes
	username = trunk1
	password = secret-trunk1
	EOC
	sed -i -e 's/^address = 198.51.100.10/address = 10.9.0.2/' \
		-e 's/^lan = .*/&\ndns = 198.51.100.53/' "$D/culvert.conf"
	line=$(grep -n '^advertise' "$D/culvert.conf" | cut -d : -f 1)

	note "nobody answers"
	edge_start
	has 'own-address-unknown listen=wan source=dns:edge.test' "$D/culvertd.log" ||
		fail "it does not say that nobody answered"
	shows 10.9.0.2 || fail "before an answer it should show its own address"
	zone 198.51.100.40
	spawn dns dns "$PY" "$LAB/dnsd.py" 198.51.100.53 "$D/zone"
	wait_for 20 "it does not follow the name" shows 198.51.100.40
	wait_for 6 "the trunk has no Contact with the name's address" trunk_is_at 198.51.100.40

	note "the name moves"
	topo_public 41
	zone 198.51.100.41
	wait_for 40 "it does not follow the name" shows 198.51.100.41
	has 'own-address-changed listen=wan old=198.51.100.40 new=198.51.100.41 source=dns:edge.test' \
		"$D/culvertd.log" || fail "the change is not in the log"
	wait_for 6 "the trunk still has the old Contact" trunk_is_at 198.51.100.41

	note "a reload keeps it"
	edge_ctl reload >>"$D/steps" || fail "reload"
	shows 198.51.100.41 || fail "a reload lost the address"
	edge_ctl show networks >>"$D/steps"
	edge_finish

	note "a check"
	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/culvert.conf" >"$D/said" 2>&1 ||
		fail "a good name is refused: $(head -n 1 "$D/said")"
	has '198\.51\.100\.41' "$D/said" || fail "--check does not say what the name stands for"
	printf 'other.test A 5 192.0.2.1\n' >"$D/zone"
	in_ns edge timeout 20 "$CULVERTD" --check -c "$D/culvert.conf" >"$D/said" 2>&1 || rc=$?
	[ "$rc" -eq 1 ] || fail "a name that stands for nothing: status $rc"
	grep -q "^$D/culvert.conf:$line: .*edge.test" "$D/said" ||
		fail "no message of line $line: $(head -n 1 "$D/said")"
}
