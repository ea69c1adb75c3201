# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: udp tcp tls
#
# Attended transfer between three trunks, played by a script: Refer-To with Replaces, and the
# INVITE that replaces. Each dialog has other names on the two sides of the edge; the one who is
# to be replaced is asked by the name that he knows. The same for a call that still rings.

# trunk NAME OCTET NUMBER: its section, and the number that leads there.
trunk()
{
	cat <<-EOF
	[peer $1]
	target = sip:198.51.100.$2;transport=$WITH
	options-ping = off

	[route $1]
	to = ^$3$
	peer = $1

	EOF
}

case_main()
{
	topo_base
	topo_wan_host trunks 61
	in_ns trunks ip addr add 198.51.100.62/24 dev eth0
	in_ns trunks ip addr add 198.51.100.63/24 dev eth0
	edge_over "$WITH"
	{
		trunk alice 61 1
		trunk bob 62 2
		trunk carol 63 3
	} | edge_conf
	edge_start
	spawn transfer trunks "$PY" "$LAB/transfer.py" "$WITH" "$D/tls/edge.pem" 198.51.100.61 \
		198.51.100.62 198.51.100.63 198.51.100.10
	ended transfer 60 || fail "the transfer: $(tail -n 4 "$D/transfer.log" | tr '\n' ' ')"
	wait_for 5 "a call is left" edge_quiet
}
