# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a trunk sees of a PBX that is trusted, and the PBX of a trunk that isn't: identities pass
# only from who is believed, Privacy is done towards who isn't, a peer's own rules are applied,
# and who requires what we can't do hears of it.

dial()
{
	local host=$1 addr=$2 status=$3

	shift 3
	spawn "dial-$2" "$host" "$PY" "$LAB/mirror.py" call "$addr" 198.51.100.10 "$@"
	wait_for 10 "$2 gets no $status" has "^status $status" "$D/dial-$2.log"
	ended "dial-$2" 5 || fail "$2: $(tail -n 1 "$D/dial-$2.log")"
}

# sees HOST PATTERN..., hides HOST PATTERN...: of its last INVITE
last_invite()
{
	awk '/^udp INVITE/ { text = "" } { text = text "\n" $0 } END { print text }' "$D/$1.log" |
		grep '^INVITE'
}

sees()
{
	local host=$1 what

	shift
	for what; do
		last_invite "$host" | grep -q -i -e "$what" || fail "$host misses '$what'"
	done
}

hides()
{
	local host=$1 what

	shift
	for what; do
		! last_invite "$host" | grep -i -e "$what" || fail "$host is shown '$what'"
	done
}

case_main()
{
	local id

	topo_base
	topo_wan_host pbx 5
	topo_wan_host trunk 60
	topo_wan_host asker 61
	topo_wan_host other 62
	edge_conf <<-EOF
	[peer pbx]
	options-ping = off
	target = sip:198.51.100.5
	trust-identity = yes

	[peer trunk]
	options-ping = off
	target = sip:198.51.100.60
	from-user = 4930123456
	from-host = itsp.example
	to-host = itsp.example
	add-header = X-Account: 7, "main"
	remove-header = Alert-Info, user-agent

	[peer asker]
	options-ping = off
	target = sip:198.51.100.61
	trust-identity = yes

	[peer other]
	options-ping = off
	target = sip:198.51.100.62

	[route in]
	to = ^2
	peer = pbx

	[route out]
	to = ^1
	peer = trunk
	EOF
	edge_start
	spawn trunk trunk "$PY" "$LAB/mirror.py" take 198.51.100.60
	spawn pbx pbx "$PY" "$LAB/mirror.py" take 198.51.100.5
	wait_for 5 "the PBX does not start" has ready "$D/pbx.log"

	note "--- from who is trusted to who isn't"
	dial asker 198.51.100.61 486 100 a 'P-Asserted-Identity: <sip:boss@pbx>' \
		'Diversion: <sip:first@pbx>' 'User-Agent: pbx/1' 'Alert-Info: <http://x>' \
		'P-Charging-Vector: icid-value=1' 'X-Other: kept'
	sees trunk 'P-Asserted-Identity: <sip:boss@pbx>' 'Diversion: <sip:first@pbx>' 'X-Other: kept' \
		'From: <sip:4930123456@itsp.example>' 'To: <sip:100@itsp.example>' \
		'X-Account: 7, "main"'
	hides trunk 'User-Agent' 'Alert-Info' 'P-Charging'
	has '^ACK X-Account: 7' "$D/trunk.log" || note "the ACK of a refusal is the stack's own"

	note "--- the same, with Privacy"
	dial asker 198.51.100.61 486 100 b 'p-asserted-identity : <sip:boss@pbx>' \
		'Privacy: id;user' 'Diversion: <sip:first@pbx>' 'Organization: boss' 'Subject: boss'
	hides trunk boss 'Diversion' 'Privacy'
	sees trunk 'From: "Anonymous" <sip:4930123456@itsp.example>'

	note "--- from who isn't trusted"
	dial other 198.51.100.62 486 200 c 'P-Asserted-Identity: <sip:boss@pbx>, <tel:1>' \
		'REMOTE-PARTY-ID : <sip:boss@pbx>' 'Diversion: <sip:boss@pbx>' \
		'History-Info: <sip:boss@pbx>;index=1' 'X-Culvert-Trust: boss' 'X-Other: kept'
	hides pbx boss
	sees pbx 'X-Other: kept' 'From: <sip:c@198.51.100.62>'
	id=$(sed -n 's/.*call start call=\([^ ]*\).*/\1/p' "$D/culvertd.log" | tail -n 1)
	edge_ctl explain "$id" >"$D/explained"
	has 'scrubbed.*REMOTE-PARTY-ID' "$D/explained" || fail "explain says nothing: $(cat "$D/explained")"

	[ "$(grep -c 'decision=rewritten' "$D/explained")" -eq 1 ] || fail "explain says it twice"

	note "--- extensions"
	dial other 198.51.100.62 420 200 d 'Require: 100rel, gruu'
	dial other 198.51.100.62 420 200 e 'Proxy-Require: x-unheard-of'
	dial other 198.51.100.62 486 200 f 'Require: x-unheard-of' 'Proxy-Require: privacy'
	sees pbx 'Require: x-unheard-of'
	hides pbx 'Proxy-Require'
	dial other 198.51.100.62 500 100 g 'Privacy: moon;critical'
	dial other 198.51.100.62 440 200 h 'Max-Breadth: 0'
}
