# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A phone over TLS behind a NAT: calls, and is called over its own connection. HUP in the middle
# of a call shows the new certificate to others while the phone's connection and its voice stand;
# a bad file changes nothing.

cert_renewed()
{
	[ "$(cert_shown lan1 198.51.100.10:5061)" = "subject=CN = $1" ]
}

renew()
{
	cp "$D/tls/$1.pem" "$D/tls/now.pem"
	kill -HUP "$(pid_of culvertd)"
}

# In the middle of a call; the voice that comes after it is measured.
renew_in_call()
{
	cert_renewed first || fail "the first certificate isn't shown"
	renew second
	wait_for 5 "the new certificate isn't shown" cert_renewed second
	wire after a1
	wait_for 10 "no voice after the reload" wire_full after
	stop after || true
	wire_sounds after 1000 440
}

case_main()
{
	topo_base
	topo_lan_host lan1 21
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	cert_authority
	cert first DNS:edge.lab.test,IP:198.51.100.10
	cert second DNS:edge.lab.test,IP:198.51.100.10
	echo nonsense >"$D/tls/broken.pem"
	cp "$D/tls/first.pem" "$D/tls/now.pem"
	edge_wan 'tls = 5061' "tls-cert = $D/tls/now.pem"
	edge_users alice bob | edge_conf
	edge_start

	phone_start alice a1 440 \
		"$(phone_account alice '198.51.100.10;transport=tls' 'outbound="sip:198.51.100.10:5061;transport=tls"')"
	phone_start bob lan1 1000 "$(phone_account bob 192.168.50.1)"
	phone_registered alice
	phone_registered bob
	edge_registration "'alice' in r['aor'] and r['transport'] == 'tls' and r['side'] == 'far'" ||
		fail "alice should be at the far end over TLS: $(edge_says d show registrations)"
	in_ns edge ss -Htln | awk '{ print $4 }' >"$D/listens"
	[ "$(grep -vc '^127.0.0.1:\|^\[::1\]:' "$D/listens")" -eq 3 ] ||
		fail "listens outside: $(tr '\n' ' ' <"$D/listens")"

	WHILE_UP=renew_in_call phones_prove alice bob 'sip:bob@198.51.100.10'
	wait_for 5 "first call left something" edge_quiet
	renew broken
	wait_for 5 "nothing is said of the broken file" has 'reload.*now.pem\|now.pem.*reload' \
		"$D/culvertd.log"
	cert_renewed second || fail "a refused reload changed the certificate"

	phones_prove bob alice sip:alice@192.168.50.1
	[ "$(edge_says "d['counters']['streams_cut']" show stats)" = 0 ] || fail "a stream was cut"

	# its connection dies with it: nothing says goodbye
	kill -KILL "$(pid_of alice)"
	poll 5 edge_unreachable alice || fail "the binding outlives its connection"
	rm -f "$D/pids/alice"
}

# The binding's flow is gone, so a call to it fails at once.
edge_unreachable()
{
	! edge_registration "'$1' in r['aor']"
}
