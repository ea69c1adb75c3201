# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# etc/inside-lan.conf: the edge and the PBX are in the local network, whose router forwards two
# ranges of ports to the edge's only interface. A phone outside calls one that registered
# through the edge's inner face, and one that registered at the PBX itself; each party is told
# the address that it can reach.

# said NAME PORT: what a capture holds of SIP, but for credentials: these are between a phone and
# the PBX, and nobody may write in them.
said()
{
	"$PY" "$LAB/pcaptext.py" --port "$2" "$D/$1.pcap" | grep -v '^Proxy-Authorization:' \
		>"$D/sip-$1"
}

case_main()
{
	topo_segment
	topo_edge_behind lan 40 192.168.50 10 forward
	topo_lan_host lpbx 5
	topo_lan_host lan1 21
	topo_lan_host lan2 22
	topo_nat natA 31 10.1.1 symmetric
	topo_nat_host natA a1 10.1.1.11
	kam_start lpbx 192.168.50.5 alice bob carol
	edge_sample inside-lan.conf -e 's/192\.168\.1\./192.168.50./' \
		-e 's/203\.0\.113\.10/198.51.100.40/' -e 's/example\.com/example.test/'
	edge_start

	phone_start alice a1 440 \
		"$(phone_account alice example.test 'outbound="sip:198.51.100.40"')"
	phone_start bob lan1 1000 \
		"$(phone_account bob example.test 'outbound="sip:192.168.50.10:5070"')"
	phone_start carol lan2 1000 \
		"$(phone_account carol example.test 'outbound="sip:192.168.50.5"')"
	phone_registered alice bob carol
	kam_dump >"$D/bindings"
	[ "$(grep -c 'Address: sip:.*@192\.168\.50\.10:5070' "$D/bindings")" -eq 2 ] ||
		fail "the PBX should hold two Contacts at the edge's inner face"
	edge_registration "r['aor'].startswith('bob@') and r['side'] == 'lan'" ||
		fail "bob is not on the LAN: $(edge_says d show registrations)"

	capture outside net br0 'udp port 5060'
	capture inside lan br0 'udp port 5060 or udp port 5070'
	phones_prove alice bob sip:bob@example.test
	wait_for 5 "first call left something" edge_quiet
	phones_prove bob alice sip:alice@example.test
	wait_for 5 "second call left something" edge_quiet
	phones_prove alice carol sip:carol@example.test
	wait_for 5 "third call left something" edge_quiet
	phones_prove carol alice sip:alice@example.test

	stop outside || true
	stop inside || true
	said outside 5060
	has '^c=IN IP4 198\.51\.100\.40' "$D/sip-outside" ||
		fail "alice was not told the public address for media"
	! has '192\.168\.50\.' "$D/sip-outside" ||
		fail "a local address left: $(grep -m 1 '192\.168\.50\.' "$D/sip-outside")"
	said inside 5070
	has '^c=IN IP4 192\.168\.50\.10' "$D/sip-inside" ||
		fail "inside, the edge's own address should be told for media"
	! has '198\.51\.100\.40' "$D/sip-inside" ||
		fail "the public address came in: $(grep -m 1 '198\.51\.100\.40' "$D/sip-inside")"
}
