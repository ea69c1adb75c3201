# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A call that rings at two phones behind a proxy (SIPp on both ends): the caller sees two early
# dialogs and one set of ports; the one that answers wins, the other's late 200 is acknowledged
# and ended. With early = one the caller sees one.

# all_for_whom: every PRACK, ACK and BYE bore the tag it was for, each PRACK the right RAck.
all_for_whom()
{
	[ "$(grep -c . "$1")" -eq 6 ] && awk '{
		rack = NF > 3 ? $2 " " $3 " " $4 : ""
		if (NF == 3 && $1 != $3) exit 1
		if (NF > 3 && ($1 != $6 || rack != $7 " " $8 " " $9)) exit 1
	}' "$1"
}

# forked NAME NUMBER HOST ADDRESS: one call to NUMBER, answered at HOST.
forked()
{
	sipp_start "$1-proxy" "$3" "$4" fork-answer
	sipp_start "$1" trunk 198.51.100.60 fork-call -s "$2" 198.51.100.10:5060
	ended "$1" 20 || fail "caller: $(tail -n 3 "$D/$1/errors")"
	ended "$1-proxy" 10 || fail "proxy: $(tail -n 3 "$D/$1-proxy/errors")"
	all_for_whom "$D/$1-proxy/media" || fail "for whom: $(cat "$D/$1-proxy/media")"
	wait_for 5 "the call stays" edge_quiet
}

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_wan_host pbx 61
	topo_wan_host old 62
	edge_conf <<-EOF
	[media]
	relay = always

	[peer trunk]
	target = sip:198.51.100.60:5060
	options-ping = off

	[peer pbx]
	target = sip:198.51.100.61:5060
	options-ping = off

	[peer old]
	target = sip:198.51.100.62:5060
	options-ping = off
	early = one

	[route one]
	from = peer:trunk
	to = ^2
	peer = old

	[route all]
	from = peer:trunk
	peer = pbx
	EOF
	edge_start

	forked all 100 pbx 198.51.100.61
	awk '{ exit !($1 != $2 && $2 == $3 && $4 == $6 && $5 == $7 && $7 == $9) }' "$D/all/media" ||
		fail "two early dialogs: $(cat "$D/all/media")"

	forked single 200 old 198.51.100.62
	awk '{ exit !($1 == $2 && $2 == $3 && $5 == $7 && $7 == $9) }' "$D/single/media" ||
		fail "one early dialog: $(cat "$D/single/media")"
}
