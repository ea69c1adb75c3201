# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls to trunks on streams: one over TCP, one over TLS whose certificate is right, one whose
# certificate is another's. The edge connects, and one connection carries the whole call.

call_trunk()
{
	local name=$1 number=$2 via=$3

	phone_mark alice
	phone_dial alice "sip:$number@198.51.100.10"
	wait_for 10 "the call over $via does not come up" phone_says alice 'Call established'
	phone_hangup alice
	wait_for 5 "no BYE at $name" has "^BYE Via: SIP/2.0/$via 198.51.100.10:" "$D/$name.log"
	has "^ACK Via: SIP/2.0/$via" "$D/$name.log" || fail "no ACK at $name"
	wait_for 5 "the call over $via left something" edge_quiet
}

# trunk_conf TRANSPORT PORT DIGIT: numbers that begin with the digit go there.
trunk_conf()
{
	printf '[peer t%s]\ntarget = sip:198.51.100.60:%s;transport=%s\nfrom = 192.0.2.%s\noptions-ping = off\n' \
		"$3" "$2" "$1" "$3"
	printf '[route r%s]\nfrom = phones\nto = ^%s[0-9]+$\npeer = t%s\n\n' "$3" "$3" "$3"
}

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_wan_host phone 61
	cert_authority
	cert_authority strange
	cert edge IP:198.51.100.10
	cert good IP:198.51.100.60
	cert bad DNS:elsewhere.test
	edge_wan 'tls = 5061' "tls-cert = $D/tls/edge.pem" "tls-ca = $D/tls/ca.pem" \
		'tls-verify = yes'
	{
		edge_users alice
		trunk_conf tcp 5070 7
		trunk_conf tls 5071 8
		trunk_conf tls 5072 9
	} | edge_conf
	edge_start

	spawn tcp trunk "$PY" "$LAB/tlspeer.py" 198.51.100.60:5070
	spawn tls trunk "$PY" "$LAB/tlspeer.py" 198.51.100.60:5071 "$D/tls/good.pem"
	spawn bad trunk "$PY" "$LAB/tlspeer.py" 198.51.100.60:5072 "$D/tls/bad.pem"
	phone_start alice phone 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	call_trunk tcp 7123 TCP
	call_trunk tls 8123 TLS

	phone_mark alice
	phone_dial alice sip:9123@198.51.100.10
	wait_for 10 "the call to a stranger's certificate does not fail" \
		phone_says alice '50[0-9]\|408\|480'
	! has INVITE "$D/bad.log" || fail "an INVITE was told to a stranger"
	edge_is "d['counters']['tls_failed'] >= 1" show stats || fail "tls_failed did not count"
	wait_for 5 "the failed call left something" edge_quiet
}
