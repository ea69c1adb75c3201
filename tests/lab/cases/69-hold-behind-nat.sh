# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# with: kept unkept
#
# RT-5, rt_05: a phone behind a NAT that forgets after 20 s is held for 35 s. With our keepalives
# the NAT's own table has its media port all the time, and the resume finds the same hole. Without
# them (rtp-keepalive = off) the table shows the hole gone, the phone's next packet gets another
# port, and the sound comes back all the same, for its numbers prove who it is.

# Where the edge sends the phone's sound to; of stream 0 and the end behind the NAT.
remote_of_alice()
{
	edge_says "[s['remote'] for s in d['media'][0]['streams'] if s['side'] == 'far'][0]" show media
}

proof_of_alice()
{
	edge_says "[s['proof'] for s in d['media'][0]['streams'] if s['side'] == 'far'][0]" show media
}

hole_is_open()
{
	natbox natA show mappings natA >"$D/table"
	has "outside=$1 " "$D/table"
}

hole_is_gone()
{
	! hole_is_open "$1"
}

held_or_not()
{
	edge_is "sum(s['method'] == 'INVITE' and s['way'] == 'out' and s.get('status') == 200
		for s in d['ladder']) == $1" ladder "$CALL"
}

# Half a minute and more, in which the NAT's own table is looked at every 5 s.
hold_for()
{
	local i hole=$1

	for i in $(seq "${HOLD_LOOKS:-7}"); do
		sleep 5
		[ "$WITH" = unkept ] || hole_is_open "$hole" ||
			fail "after $((i * 5)) s on hold the NAT has no hole at $hole any more"
	done
}

case_main()
{
	local hole

	topo_base
	topo_lan_host lan1 21
	topo_natbox natA 31 10.1.1 map=ei filter=apd preserve=no refresh=both "idle=${NAT_IDLE:-20s}"
	topo_nat_host natA a1 10.1.1.11
	{
		edge_users alice bob
		printf '[ping]\ninterval = 8s\n'
		[ "$WITH" = kept ] || printf '[media]\nrtp-keepalive = off\n'
	} | edge_conf
	edge_start
	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice bob
	phones_call bob alice sip:alice@192.168.50.1
	CALL=$(edge_says "d['calls'][0]['id']" show calls)
	phones_talk bob alice
	hole=$(remote_of_alice)
	hole_is_open "$hole" || fail "the table does not know $hole"

	phone_ctl bob hold >>"$D/steps" || fail "bob can't hold"
	wait_for 5 "the hold is not answered" held_or_not 2
	hold_for "$hole"
	if [ "$WITH" = kept ]; then
		edge_is "d['counters']['media_keepalives'] >= 2" show stats ||
			fail "no keepalives were counted"
	else
		hole_is_gone "$hole" || fail "this NAT keeps holes open by itself: $hole"
	fi

	phone_ctl bob resume >>"$D/steps" || fail "bob can't resume"
	wait_for 5 "the resume is not answered" held_or_not 3
	wire lan1-after lan1
	wire a1-after a1
	wait_for 8 "nothing reaches alice after the hold" wire_full a1-after
	wait_for 8 "nothing reaches bob after the hold" wire_full lan1-after
	stop_together a1-after lan1-after
	wire_sounds a1-after 1000 440
	wire_sounds lan1-after 440 1000
	note "before: $hole, now: $(remote_of_alice), proof: $(proof_of_alice)"
	if [ "$WITH" = kept ]; then
		[ "$(remote_of_alice)" = "$hole" ] || fail "alice moved from $hole to $(remote_of_alice)"
	else
		case $(proof_of_alice) in
		run | rebound) ;;
		*) fail "alice is believed for '$(proof_of_alice)'" ;;
		esac
	fi
	phones_part bob alice
}
