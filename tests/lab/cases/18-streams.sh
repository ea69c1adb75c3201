# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: tcp tls
#
# Clients on streams that cut connections, lie about lengths, stay mute or never end a line. The edge
# frames rightly, never takes a body for a request, and goes on serving.

case_main()
{
	topo_base
	topo_wan_host trunk 60
	edge_over "$WITH"
	edge_conf <<-EOF
	[peer trunk]
	target = sip:198.51.100.60:5060
	options-ping = off
	EOF
	edge_start
	in_ns trunk timeout 90 "$PY" "$LAB/streams.py" "$WITH" 198.51.100.60 198.51.100.10 >"$D/tried" || {
		cat "$D/tried"
		edge_survived
		fail "streams: $(grep -m 1 BAD "$D/tried")"
	}
	cat "$D/tried"
	edge_survived
}
