# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A host that is neither a registered phone nor a peer gets no call: not to a telephone number
# through the trunk, not to a phone, even when it claims to be one of our users.

case_main()
{
	topo_base
	topo_wan_host trunk 60
	topo_wan_host bad 66
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users alice bob
		cat <<-EOF
		[peer trunk]
		target = sip:198.51.100.60:5060
		options-ping = off

		[route out]
		from = phones
		to = ^9[0-9]+$
		peer = trunk
		EOF
	} | edge_conf
	edge_start
	capture trunk trunk eth0 udp port 5060
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_registered alice
	phone_start bob bad 1000 "$(phone_account bob 198.51.100.10 regint=0)"

	phone_mark alice
	for number in sip:9123@198.51.100.10 sip:alice@198.51.100.10; do
		phone_mark bob
		phone_dial bob "$number"
		wait_for 10 "a stranger's call to $number is not refused" phone_says bob \
			'session closed: 403'
	done
	! phone_says alice 'Incoming call' || fail "a stranger's call rang at alice"
	"$PY" "$LAB/pcaptext.py" "$D/trunk.pcap" >"$D/sip"
	! has '^INVITE' "$D/sip" || fail "a stranger's call reached the trunk"
}
