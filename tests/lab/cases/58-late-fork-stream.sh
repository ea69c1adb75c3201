# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Trunks on TCP and on TLS behind which two places answer a call: the late answer, whose
# Contact points at a third host, is acknowledged and ended over the trunk's own connection,
# and that host hears nothing. A call that is cancelled while it rings has its 487 acknowledged.

trunk_conf()
{
	printf '[peer t%s]\ntarget = sip:198.51.100.%s;transport=%s\noptions-ping = off\n' \
		"$3" "$2" "$1"
	printf '[route r%s]\nfrom = phones\nto = ^%s[0-9]+$\npeer = t%s\n\n' "$3" "$3" "$3"
}

# both_calls NAME NUMBER
both_calls()
{
	phone_mark alice
	phone_dial alice "sip:$2@198.51.100.10"
	wait_for 10 "$1: the late answer is not ended" has 'late place ended' "$D/$1.log"
	wait_for 5 "$1: no call" phone_says alice 'Call established'
	phone_hangup alice
	wait_for 5 "$1: no BYE" has 'call ended' "$D/$1.log"
	phone_dial alice "sip:$2@198.51.100.10"
	wait_for 10 "$1: does not ring" has ringing "$D/$1.log"
	phone_hangup alice
	wait_for 5 "$1: $(tail -n 1 "$D/$1.log")" has '^cancelled' "$D/$1.log"
	wait_for 5 "$1: something is left" edge_quiet
}

case_main()
{
	topo_base
	topo_wan_host tcp 60
	topo_wan_host tls 62
	topo_wan_host phone 61
	topo_wan_host victim 66
	cert_authority
	cert edge IP:198.51.100.10
	cert trunk IP:198.51.100.62
	edge_wan 'tls = 5061' "tls-cert = $D/tls/edge.pem" "tls-ca = $D/tls/ca.pem" \
		'tls-verify = yes'
	{
		edge_users alice
		trunk_conf tcp 60 7
		trunk_conf tls 62 8
	} | edge_conf
	edge_start

	capture victim victim eth0 udp
	spawn tcp tcp "$PY" "$LAB/latefork.py" tcp 198.51.100.60 198.51.100.10
	spawn tls tls "$PY" "$LAB/latefork.py" tls 198.51.100.62 198.51.100.10 "$D/tls/trunk.pem"
	wait_for 5 "the trunk does not start" has listening "$D/tls.log"
	phone_start alice phone 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	both_calls tcp 7123
	both_calls tls 8123
	! grep -aq SIP/2.0 "$D/victim.pcap" || fail "a third host heard of it"
}
