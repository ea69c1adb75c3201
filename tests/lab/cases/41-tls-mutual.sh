# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# tls-verify = mutual: a phone with a certificate of the authority registers, one without and
# one with another authority's don't get as far as SIP.

case_main()
{
	local who

	topo_base
	for who in 21 22 23; do
		topo_wan_host "p$who" "$who"
	done
	cert_authority
	cert_authority strange
	cert edge IP:198.51.100.10
	cert alice DNS:alice.lab.test
	cert bob DNS:bob.lab.test strange
	edge_wan 'tls = 5061' "tls-cert = $D/tls/edge.pem" "tls-ca = $D/tls/ca.pem" \
		'tls-verify = mutual'
	edge_users alice bob carol | edge_conf
	edge_start

	tls_phone alice p21 440 "sip_certificate $D/tls/alice.pem"
	tls_phone bob p22 440 "sip_certificate $D/tls/bob.pem"
	tls_phone carol p23 440
	phone_registered alice
	wait_for 10 "no handshake was refused" edge_is "d['counters']['tls_failed'] >= 2" show stats
	edge_registration "'alice' in r['aor'] and r['transport'] == 'tls'" ||
		fail "alice should be there: $(edge_says d show registrations)"
	for who in bob carol; do
		! has '200 OK' "$D/$who.log" || fail "$who registered without a certificate of ours"
	done
	edge_is "d['counters']['registers'] == 2" show stats ||
		fail "a REGISTER got in: $(edge_says d show stats)"
}

tls_phone()
{
	phone_start "$1" "$2" "$3" "$(phone_account "$1" '198.51.100.10;transport=tls' \
		'outbound="sip:198.51.100.10:5061;transport=tls"')" "${@:4}"
}
