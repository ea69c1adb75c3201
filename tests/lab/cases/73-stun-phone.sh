# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cg_09, amb_17: a phone that asks a STUN server writes its NAT's address into SDP, with a port
# that isn't the one we see, since this NAT takes another towards everybody. Another one writes
# public addresses everywhere; its NAT is in nat-systems. Both are relayed and latched, and
# nobody is taken for a router that rewrites SIP.

stun_server()
{
	topo_wan_host stun 71
	cat >"$D/turn.conf" <<-EOT
	listening-ip=198.51.100.71
	listening-port=3478
	stun-only
	no-auth
	no-cli
	no-tls
	no-dtls
	log-file=stdout
	pidfile=$D/turn.pid
	EOT
	spawn turn stun turnserver -c "$D/turn.conf"
	wait_for 10 "the STUN server does not start" \
		in_ns stun timeout 2 turnutils_stunclient 198.51.100.71
}

relayed()
{
	edge_relay far-end
}

# offers ADDRESS: some INVITE names it for its media.
offers()
{
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	has "^c=IN IP4 $1" "$D/sip"
}

case_main()
{
	command -v turnutils_stunclient >/dev/null || skip "coturn is not installed"
	topo_base
	stun_server
	topo_lan_host lan1 21
	topo_natbox natA 31 10.1.1 map=apd filter=apd preserve=no idle=30s
	topo_nat_host natA a1 10.1.1.11
	topo_natbox natB 32 10.2.2 map=apd filter=apd preserve=no idle=30s alg=via,contact,sdp
	topo_nat_host natB b1 10.2.2.11
	edge_users alice bob desk | edge_conf
	sed -i 's,^lan = .*,&\nnat-systems = 198.51.100.32/31,' "$D/culvert.conf"
	edge_start

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10 medianat=stun \
		'stunserver="stun:198.51.100.71"')" 'module stun.so'
	phone_start bob b1 700 "$(phone_account bob 198.51.100.10)"
	phone_start desk lan1 1000 "$(phone_account desk 192.168.50.1)"
	phone_registered alice bob desk
	edge_is "d['side'] == 'far' and any('nat-systems 198.51.100.32/31' in e['evidence']
		for e in d['explain'])" explain bob || fail "bob: $(edge_says d explain bob)"

	WHILE_UP=relayed phones_prove alice desk sip:desk@198.51.100.10
	offers 198.51.100.31 || fail "alice did not ask the STUN server: nothing is proved"
	wait_for 5 "first call left something" edge_quiet
	WHILE_UP=relayed phones_prove desk alice sip:alice@192.168.50.1
	wait_for 5 "second call left something" edge_quiet
	WHILE_UP=relayed phones_prove bob desk sip:desk@198.51.100.10
	offers 198.51.100.32 || fail "bob's SDP is not public: nothing is proved"
	wait_for 5 "third call left something" edge_quiet
	WHILE_UP=relayed phones_prove alice bob sip:bob@198.51.100.10
	edge_registration "r['aor'].startswith('alice@') and r['alg'] == 'no'" ||
		fail "STUN is taken for an ALG: $(edge_says d explain alice)"
}
