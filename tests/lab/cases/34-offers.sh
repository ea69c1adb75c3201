# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Offers in every place (SIPp on both ends): none in the INVITE, hold and its end by re-INVITE and
# UPDATE, a re-INVITE without one, the hold of old, one that is refused. The ports that the edge
# names never change. Then a blind transfer with its NOTIFYs.

# one_port FILE: all lines of FILE name one port.
one_port()
{
	[ "$(grep -c . "$1")" -eq "$2" ] && [ "$(awk '{ print $NF }' "$1" | sort -u | wc -l)" -eq 1 ]
}

# pair NAME-CALL NAME-ANSWER: both scenarios to their end.
pair()
{
	sipp_start "$2" pbx 198.51.100.61 "$2"
	sipp_start "$1" trunk 198.51.100.60 "$1" -s 100 198.51.100.10:5060
	ended "$1" 30 || fail "$1: $(tail -n 3 "$D/$1/errors")"
	ended "$2" 10 || fail "$2: $(tail -n 3 "$D/$2/errors")"
	wait_for 5 "the call of $1 stays" edge_quiet
}

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_wan_host pbx 61
	edge_conf <<-EOF
	[media]
	relay = always

	[peer trunk]
	target = sip:198.51.100.60:5060
	options-ping = off

	[peer pbx]
	target = sip:198.51.100.61:5060
	options-ping = off

	[route all]
	from = peer:trunk
	peer = pbx
	EOF
	edge_start

	pair offers-call offers-answer
	one_port "$D/offers-call/media" 6 || fail "ports: $(cat "$D/offers-call/media")"
	one_port "$D/offers-answer/media" 6 || fail "ports: $(cat "$D/offers-answer/media")"
	pair refer-call refer-answer
	has 'sip:300@' "$D/refer-answer/media" || fail "target: $(cat "$D/refer-answer/media")"
}
