# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A third host sprays RTP over the whole port range from before the INVITE until after the
# call. Nothing of it is passed on, nothing is sent to it, and the audio is intact.

case_main()
{
	local passed

	topo_base
	topo_wan_host attacker 66
	topo_two_nats
	{
		edge_users alice bob
		cat <<-EOF
		[media]
		ports = 20000-20049
		EOF
	} | edge_conf
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob b1 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob

	spawn spray attacker "$PY" "$LAB/spray.py" 198.51.100.10 20000 20049 2000 9
	wait_for 5 "no attack" has spraying "$D/spray.log"
	phones_prove alice bob sip:bob@198.51.100.10
	alive spray || fail "the attack ended before the call"
	ended spray 15 || fail "the attacker received packets: $(tail -n 1 "$D/spray.log")"
	stop edge || true

	passed=$("$PY" "$LAB/pcaptext.py" "$D/edge.pcap" --count-ssrc deadbeef)
	[ "$passed" -gt 5000 ] || fail "only $passed packets of the attack reached the edge"
	passed=$("$PY" "$LAB/pcaptext.py" "$D/edge.pcap" --count-ssrc deadbeef \
		--from 198.51.100.10)
	[ "$passed" -eq 0 ] || fail "$passed packets of the attack were passed on"
	passed=$(tcpdump -n -r "$D/edge.pcap" 'udp and dst host 198.51.100.66' 2>/dev/null | wc -l)
	[ "$passed" -eq 0 ] || fail "$passed packets went to the attacker"
}
