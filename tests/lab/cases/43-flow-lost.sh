# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A connection closes in the middle of a call: the phone that registers again keeps the call, the
# one that stays away is given up after half a minute, a trunk is connected to again.

case_main()
{
	topo_base
	topo_wan_host parties 61
	in_ns parties ip addr add 198.51.100.62/24 dev eth0
	in_ns parties ip addr add 198.51.100.63/24 dev eth0
	{
		edge_users phone
		cat <<-EOF
		[peer trunk]
		options-ping = off
		target = sip:198.51.100.62

		[peer stream]
		options-ping = off
		target = sip:198.51.100.63;transport=tcp
		EOF
	} | edge_conf
	edge_start
	spawn flowlost parties "$PY" "$LAB/flowlost.py" 198.51.100.61 198.51.100.62 \
		198.51.100.63 198.51.100.10
	ended flowlost 90 || fail "flows: $(tail -n 4 "$D/flowlost.log" | tr '\n' ' ')"
	has 'why=flow-lost' "$D/culvertd.log" || fail "the lost call is not logged as such"
	wait_for 5 "a call is left" edge_quiet
}
