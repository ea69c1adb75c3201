# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# [peer] refer = answer: blind and attended transfers of a trunk that takes no REFER, played by a
# script, with relayed media.

case_main()
{
	topo_base
	topo_wan_host trunks 61
	in_ns trunks ip addr add 198.51.100.62/24 dev eth0
	in_ns trunks ip addr add 198.51.100.63/24 dev eth0
	edge_conf <<-EOF
	[peer alice]
	options-ping = off
	target = sip:198.51.100.61
	relay = always

	[peer bob]
	options-ping = off
	target = sip:198.51.100.62
	relay = always
	refer = answer

	[peer carol]
	options-ping = off
	target = sip:198.51.100.63

	[route two]
	to = ^2$
	peer = bob

	[route three]
	from = peer:alice
	to = ^3$
	peer = carol
	EOF
	edge_start
	spawn answered trunks "$PY" "$LAB/answered.py" 198.51.100.61 198.51.100.62 \
		198.51.100.63 198.51.100.10
	ended answered 60 || fail "the transfer: $(tail -n 4 "$D/answered.log" | tr '\n' ' ')"
	wait_for 5 "a call is left" edge_quiet
}
