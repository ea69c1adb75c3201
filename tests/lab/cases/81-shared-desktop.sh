# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_17: a stream over TCP (T.120, "m=application 1503 tcp msdata") beside the sound of a call
# passes between LAN and WAN both ways; who is behind a NAT can't wait for a connection, so its
# stream is refused alone, or it is told to connect.

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_wan_host wan66 66
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	edge_conf <<-EOF
	[media]
	tcp-ports = 7000-7019
	[peer desk]
	target = sip:192.168.50.21
	options-ping = off
	[peer hub]
	target = sip:198.51.100.66
	options-ping = off
	[peer far]
	target = sip:198.51.100.31
	options-ping = off
	[route hub]
	to = ^2$
	peer = hub
	[route desk]
	to = ^1$
	peer = desk
	EOF
	edge_start
	"$PY" "$LAB/desk.py" "$P-" >>"$D/steps" 2>&1 || fail "$(tail -n 3 "$D/steps")"
	note "$(grep shares "$D/steps")"
	edge_is "all(v == 0 for k, v in d['gauges'].items() if k == 'tcp_ports_used')" show stats ||
		fail "TCP ports are left: $(edge_says "d['gauges']" show stats)"
}
