# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: tcp tls
#
# Calls reach a phone on a stream only over the connection that it made itself, although its
# Contact can be reached; when that is closed they fail. One connection carries all that goes to
# the PBX. Keepalives are answered.

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_wan_host p1 41
	edge_over "$WITH"
	edge_pbx "sip:198.51.100.5;transport=$WITH" | edge_conf
	edge_start
	spawn parties pbx "$PY" "$LAB/ownconn.py" "$WITH" "$D/tls/edge.pem" "$P"
	ended parties 60 || fail "connections: $(tail -n 4 "$D/parties.log" | tr '\n' ' ')"
	wait_for 5 "a call is left" edge_quiet
}
