# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# No SIP or SDP text on one side of a call shows an address of the other side, and the two
# dialogs share no Call-ID.

hides()
{
	local file=$1 what

	shift
	for what; do
		! grep -n -m 3 -F -e "$what" "$D/$file" || fail "$what is seen in $file"
	done
}

call_ids()
{
	sed -n 's/^Call-ID: *\([^\r]*\)\r*$/\1/Ip' "$D/$1" | sort -u
}

case_main()
{
	local ids

	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	edge_users alice bob | edge_conf
	edge_start
	capture wan edge wan0 port 5060
	capture lan edge lan0 port 5060
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice
	phone_registered bob
	phones_prove alice bob sip:bob@198.51.100.10
	phones_call bob alice sip:alice@192.168.50.1
	phones_part alice bob

	"$PY" "$LAB/pcaptext.py" "$D/wan.pcap" >"$D/wan.sip"
	"$PY" "$LAB/pcaptext.py" "$D/lan.pcap" >"$D/lan.sip"
	seen_times 2 '^INVITE' "$D/wan.sip" || fail "the WAN side was not captured"
	seen_times 2 '^INVITE' "$D/lan.sip" || fail "the LAN side was not captured"
	# RFC 5576 source attributes pass as the phone wrote them: their cname is also in the phone's
	# RTCP, and a receiver compares the two
	grep -v '^a=ssrc:' "$D/wan.sip" >"$D/wan.sdp"
	grep -v '^a=ssrc:' "$D/lan.sip" >"$D/lan.sdp"
	hides wan.sdp 192.168.50.
	hides lan.sdp 10.1.1. 198.51.100.31
	# From and To may keep the name that was dialled; nothing else names the other interface
	grep -v -i -e '^From:' -e '^To:' -e '^f:' -e '^t:' "$D/lan.sdp" >"$D/lan.rest"
	hides lan.rest 198.51.100.
	call_ids wan.sip >"$D/wan.ids"
	call_ids lan.sip >"$D/lan.ids"
	ids=$(comm -12 "$D/wan.ids" "$D/lan.ids")
	[ -z "$ids" ] || fail "a Call-ID is on both sides: $ids"
}
