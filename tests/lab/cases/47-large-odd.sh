# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# An INVITE of 3 kB reaches a peer whole, over UDP as it came, although the peer has TCP too; to
# a peer with mtu it goes by TCP, a small one by UDP. A Via that names another transport than
# its packet came by is answered.

dial()
{
	local name=$1

	shift
	spawn "$name" caller "$PY" "$LAB/mirror.py" "$@"
	wait_for 10 "$name gets no answer" has '^status 486' "$D/$name.log"
	ended "$name" 5 || fail "$name: $(tail -n 1 "$D/$name.log")"
}

# got HOST TRANSPORT LEAST: one whole INVITE of that many bytes
got()
{
	awk -v how="$2" -v least="$3" '$2 == "INVITE" && $1 == how && $3 >= least && $4 == "whole" { n++ }
		$2 == "INVITE" && $1 != how { other++ }
		END { exit n == 1 && !other ? 0 : 1 }' "$D/$1.log" ||
		fail "$1 got: $(grep INVITE "$D/$1.log" | tr '\n' ',')"
}

case_main()
{
	topo_base
	topo_wan_host caller 60
	topo_wan_host plain 61
	topo_wan_host large 62
	topo_wan_host small 63
	edge_conf <<-EOF
	[peer caller]
	options-ping = off
	target = sip:198.51.100.60

	[peer plain]
	options-ping = off
	target = sip:198.51.100.61, sip:198.51.100.61;transport=tcp

	[peer large]
	options-ping = off
	target = sip:198.51.100.62, sip:198.51.100.62;transport=tcp
	mtu = 1300

	[peer small]
	options-ping = off
	target = sip:198.51.100.63, sip:198.51.100.63;transport=tcp
	mtu = 1300

	[route 1]
	to = ^1
	peer = plain

	[route 2]
	to = ^2
	peer = large

	[route 3]
	to = ^3
	peer = small
	EOF
	edge_start
	for host in plain:61 large:62 small:63; do
		spawn "${host%:*}" "${host%:*}" "$PY" "$LAB/mirror.py" take "198.51.100.${host#*:}"
		wait_for 5 "${host%:*} does not start" has ready "$D/${host%:*}.log"
	done
	dial c-plain oversize 198.51.100.60 198.51.100.10 100 3000
	got plain udp 3000
	wait_for 5 "no line says so" has 'large request .*peer=plain transport=udp' "$D/culvertd.log"
	edge_is "d['counters']['requests_large'] == 1" show stats || fail "it was not counted"
	dial c-large oversize 198.51.100.60 198.51.100.10 200 3000
	got large tcp 3000
	dial c-small call 198.51.100.60 198.51.100.10 300 little
	got small udp 400
	edge_is "d['counters']['requests_large'] == 1" show stats || fail "too many were counted"
	dial c-odd odd-via 198.51.100.60 198.51.100.10 301
	edge_is "d['counters']['vias_mended'] >= 1" show stats || fail "no Via was mended"
}
