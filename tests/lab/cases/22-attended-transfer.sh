# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Attended transfer between three trunks, played by a script: Refer-To with Replaces, and the
# INVITE that replaces. Each dialog has other names on the two sides of the edge; the one who is
# to be replaced is asked by the name that he knows. The same for a call that still rings.

case_main()
{
	topo_base
	topo_wan_host trunks 61
	in_ns trunks ip addr add 198.51.100.62/24 dev eth0
	in_ns trunks ip addr add 198.51.100.63/24 dev eth0
	edge_conf <<-EOF
	[peer alice]
	target = sip:198.51.100.61
	options-ping = off

	[peer bob]
	target = sip:198.51.100.62
	options-ping = off

	[peer carol]
	target = sip:198.51.100.63
	options-ping = off

	[route one]
	to = ^1$
	peer = alice

	[route two]
	to = ^2$
	peer = bob

	[route three]
	to = ^3$
	peer = carol
	EOF
	edge_start
	spawn transfer trunks "$PY" "$LAB/transfer.py" 198.51.100.61 198.51.100.62 \
		198.51.100.63 198.51.100.10
	ended transfer 60 || fail "the transfer: $(tail -n 4 "$D/transfer.log" | tr '\n' ' ')"
	wait_for 5 "a call is left" edge_quiet
}
