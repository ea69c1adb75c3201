# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The instruments themselves, without the edge: two phones register at the PBX and hear each
# other; each kind of NAT is what it says; a silent hole closes after its time-out; a tone that
# is not there is not found. A laboratory that can't fail proves nothing.

# port_seen NAT HOST PORT DESTINATION: the outside port that NAT gave this flow.
port_seen()
{
	in_ns "$2" "$PY" -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', $3)); s.sendto(b'x', ('$4', 9999))"
	nat_table "$1" "dst=$4" "dport=9999" "sport=$3 " |
		sed -n 's/.* dport=\([0-9]*\) .*/\1/p' | head -n 1
}

mapping()
{
	local one two

	one=$(port_seen "$1" "$2" 7000 198.51.100.5)
	two=$(port_seen "$1" "$2" 7000 198.51.100.60)
	note "$1: port 7000 is seen as $one and $two"
	[ -n "$one$two" ] || fail "$1 does not translate"
	if [ "$one" = "$two" ]; then echo same; else echo differs; fi >"$D/mapping"
}

hole_closed()
{
	! nat_has natB sport=7000
}

case_main()
{
	topo_base
	topo_wan_host pbx 5
	topo_wan_host trunk 60
	topo_wan_host pbx2 61
	topo_wan_host w1 41
	topo_wan_host w2 42
	topo_nat natA 31 10.1.1 port-restricted 30
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.2.2 symmetric 3
	topo_nat_host natB b1 10.2.2.11

	mapping natA a1
	[ "$(cat "$D/mapping")" = same ] || fail "natA should keep one port"
	mapping natB b1
	[ "$(cat "$D/mapping")" = differs ] || fail "natB should change ports"
	nat_has natB sport=7000 || fail "no hole in natB"
	wait_for 8 "the hole of natB stays open" hole_closed
	nat_has natA sport=7000 || fail "the hole of natA closed too early"
	nat_forget natA
	! nat_has natA sport=7000 || fail "natA does not forget"

	kam_start pbx 198.51.100.5 alice bob
	local opts='outbound="sip:198.51.100.5";regint=60;answermode=auto;audio_codecs=PCMU'
	phone_start alice w1 440 \
		"<sip:alice@example.test>;auth_user=alice;auth_pass=secret-alice;$opts"
	phone_start bob w2 1000 "<sip:bob@example.test>;auth_user=bob;auth_pass=secret-bob;$opts"
	phone_registered alice
	phone_registered bob
	phones_prove alice bob sip:bob@example.test
	! "$PY" "$LAB/tone.py" "$(heard_by alice)" 440 1000 || fail "a tone that isn't there was found"

	# the two SIPp scenarios against each other, with their voices
	sipp_start callee trunk 198.51.100.60 answer
	sipp_voice callee trunk 198.51.100.60 1000 4
	sipp_start caller pbx2 198.51.100.61 call -s 9123 198.51.100.60:5060
	sipp_voice caller pbx2 198.51.100.61 440 4
	ended caller 20 || fail "SIPp caller: $(tail -n 3 "$D/caller/errors")"
	ended callee 5 || fail "SIPp callee: $(tail -n 3 "$D/callee/errors")"
	ended caller-voice 8 || fail "the caller's voice: $(tail -n 1 "$D/caller-voice.log")"
	ended callee-voice 8 || fail "the callee's voice: $(tail -n 1 "$D/callee-voice.log")"
	sipp_heard caller 1000 440
	sipp_heard callee 440 1000
}
