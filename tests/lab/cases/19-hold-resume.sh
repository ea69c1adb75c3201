# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Requests inside a call reach a phone behind a NAT: the caller holds and resumes, then the
# callee does, and there is sound again after each. The relay keeps its ports.

ports_used()
{
	edge_says "d['gauges']['ports_used']" show stats
}

# sounds HOST HZ OTHER ROUND: what reaches the phone of HOST now is the tone HZ. Measured on
# its wire: baresip records nothing more once it was held.
sounds()
{
	local name=wire-$1-$4 said

	capture "$name" "$1" eth0 inbound and udp portrange 10000-10100
	wait_for 10 "nothing reaches $1 after the resume" grown "$D/$name.pcap"
	stop "$name" || true
	"$PY" "$LAB/pcaptext.py" "$D/$name.pcap" --wav "$D/$name.wav"
	said=$("$PY" "$LAB/tone.py" "$D/$name.wav" "$2" "$3") || fail "$1 should get $2 Hz: $said"
	note "$1 gets $2 Hz: $said"
}

# 3 s are 150 packets of 230 bytes
grown()
{
	[ "$(size_of "$1")" -ge 36000 ]
}

# pause_by WHO: holds, resumes; then both hear each other again.
pause_by()
{
	local before

	before=$(ports_used)
	note "$1 holds and resumes"
	phone_ctl "$1" hold >>"$D/steps" || fail "$1 can't hold"
	wait_for 5 "$1's hold is not answered" invites_answered $((INVITES + 1))
	phone_ctl "$1" resume >>"$D/steps" || fail "$1 can't resume"
	wait_for 5 "$1's resume is not answered" invites_answered $((INVITES + 2))
	INVITES=$((INVITES + 2))
	sounds a1 1000 440 "$1"
	sounds b1 440 1000 "$1"
	[ "$(ports_used)" = "$before" ] || fail "ports in use: $before before, $(ports_used) now"
}

# invites_answered N: a 200 to so many INVITEs was seen, on the legs of both phones.
invites_answered()
{
	[ "$("$PY" "$LAB/pcaptext.py" "$D/edge.pcap" | tr -d '\r' | awk '
		/^SIP\/2.0 200/ { ok = 1 }
		/^SIP\/2.0 [13-6]/ || /^[A-Z]+ sip:/ { ok = 0 }
		/^Call-ID:/ { id = $2 }
		ok && /^CSeq: [0-9]+ INVITE/ { seen[id $2] = 1 }
		END { for (i in seen) n++; print n + 0 }')" -ge $(($1 * 2)) ]
}

case_main()
{
	INVITES=1
	topo_base
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.2.2 symmetric
	topo_nat_host natB b1 10.2.2.11
	edge_users alice bob | edge_conf
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob b1 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	phones_call alice bob sip:bob@198.51.100.10
	phones_talk alice bob
	pause_by alice
	pause_by bob
	phones_part alice bob
	phone_heard alice 1000 440
	phone_heard bob 440 1000
}
