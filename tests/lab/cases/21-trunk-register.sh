# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A trunk that wants a REGISTER and a digest from us (Kamailio). A far-end phone of the embedded
# registrar calls a subscriber of the trunk through it, and is called by it. The edge answers
# the trunk's challenges itself, and nobody else's: a phone and another peer that name the
# trunk's realm get nothing. At the end the registration is taken back.

peer_is()
{
	edge_is "any(p['name'] == 'itsp' and $1 for p in d['peers'])" show peers
}

trunk_bound()
{
	kam_dump | grep -q 'Address: sip:ct[0-9a-f]*@198\.51\.100\.10'
}

trunk_unbound()
{
	! trunk_bound
}

case_main()
{
	topo_base
	topo_wan_host itsp 5
	topo_wan_host sub 42
	topo_wan_host rogue 66
	topo_wan_host mallory 67
	topo_nat natA 31 10.1.1 symmetric
	topo_nat_host natA a1 10.1.1.11
	kam_start itsp 198.51.100.5 trunk1 bob
	{
		edge_users alice mallory
		cat <<-EOC
		[peer itsp]
		target = sip:198.51.100.5:5060
		domains = example.test
		register = yes
		username = trunk1
		password = secret-trunk1

		[peer rogue]
		target = sip:198.51.100.66:5060
		options-ping = off

		[route out]
		from = phones
		to = ^9
		peer = itsp
		strip = 1

		[route rogue]
		from = phones
		to = ^8
		peer = rogue

		[route in]
		from = peer:itsp
		to = ^trunk1$
		user = alice
		EOC
	} | edge_conf
	edge_start

	wait_for 10 "not registered: $(edge_says d show peers)" peer_is \
		"p['register'] == 'registered' and 3000 < p['expires_s'] <= 3600 and p['status'] == 200"
	trunk_bound || fail "the trunk holds no Contact of the edge"
	edge_ctl show peers >"$D/peers"
	! has secret "$D/peers" || fail "show peers shows a password"

	phone_start alice a1 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob sub 1000 "$(phone_account bob example.test 'outbound="sip:198.51.100.5"')"
	phone_registered alice
	phone_registered bob

	note "out through the trunk"
	phones_prove alice bob sip:9bob@198.51.100.10
	wait_for 5 "the call out left something" edge_quiet
	"$PY" "$LAB/pcaptext.py" "$D/edge.pcap" >"$D/sip"
	has '^Proxy-Authorization: .*username="trunk1"' "$D/sip" ||
		fail "the trunk's challenge was not answered"
	! has '407' "$D/alice.log" || fail "the trunk's challenge reached the phone"

	note "in from the trunk"
	phones_prove bob alice sip:trunk1@example.test
	wait_for 5 "the call in left something" edge_quiet

	note "a phone and a peer that ask for the trunk's password"
	capture mallory mallory eth0
	capture rogue rogue eth0
	spawn hostile mallory "$PY" "$LAB/hostile.py" --me 198.51.100.67 --edge 198.51.100.10 \
		--realm example.test --account mallory secret-mallory
	wait_for 10 "mallory can't register" has ready "$D/hostile.log"
	spawn other rogue "$PY" "$LAB/hostile.py" --me 198.51.100.66 --edge 198.51.100.10 \
		--realm example.test
	wait_for 5 "no rogue" has ready "$D/other.log"
	phone_mark alice
	phone_dial alice sip:mallory@198.51.100.10
	wait_for 5 "mallory was not called" has INVITE "$D/hostile.log"
	phone_dial alice sip:81@198.51.100.10
	wait_for 5 "the rogue was not called" has INVITE "$D/other.log"
	wait_for 5 "alice hears of no challenge" phone_says alice '407'
	wait_for 10 "alice hangs" phone_idle alice
	stop hostile || true

	note "the same for a BYE of the edge's"
	spawn byer mallory "$PY" "$LAB/hostile.py" --me 198.51.100.67 --edge 198.51.100.10 \
		--realm example.test --account mallory secret-mallory --answer
	wait_for 10 "mallory can't register" has ready "$D/byer.log"
	phone_mark alice
	phone_dial alice sip:mallory@198.51.100.10
	wait_for 10 "no call to mallory" phone_says alice 'Call established'
	phone_hangup alice
	wait_for 5 "mallory got no BYE" has BYE "$D/byer.log"
	stop byer || true
	stop other || true
	for who in mallory rogue; do
		stop "$who" || true
		"$PY" "$LAB/pcaptext.py" "$D/$who.pcap" >"$D/$who.sip"
		has '^Proxy-Authenticate:' "$D/$who.sip" || fail "$who did not challenge"
		! has 'username="trunk1"' "$D/$who.sip" || fail "$who got the trunk's credentials"
	done
	has 'username="mallory"' "$D/mallory.sip" || fail "the search for credentials finds none"
	! has 'secret-trunk1' "$D/culvertd.log" || fail "the log holds the password"

	note "the end"
	phones_stop
	trunk_bound || fail "the registration is gone before the end"
	edge_survived
	edge_mallory_gone
	edge_stop
	wait_for 3 "the trunk still holds our Contact" trunk_unbound
}

# mallory doesn't unregister: an administrator does. The challenged calls wait 32 s to be asked
# again.
edge_mallory_gone()
{
	edge_ctl reg del mallory@198.51.100.10 >>"$D/steps" || edge_ctl show registrations
	wait_for 40 "left over: $(edge_says "d['gauges']" show stats)" edge_quiet
}
