# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The nine kinds of NAT of RFC 4787, each named rightly by a classifier that no one here wrote;
# and two phones behind NATs of the hardest kind, with other ports towards everybody, that hear
# each other.

# classify NAT: asks from behind it, what it is, as "MAPPING FILTERING" in letters.
classify()
{
	local host=$1 out map='?' filter='?'

	out=$(in_ns "$host" timeout 30 turnutils_natdiscovery -m -f 198.51.100.71 2>&1) || true
	printf '%s\n' "$out" >"$D/$host.said"
	case $out in
	*"NAT with Endpoint Independent Mapping"*) map=ei ;;
	*"NAT with Address and Port Dependent Mapping"*) map=apd ;;
	*"NAT with Address Dependent Mapping"*) map=ad ;;
	esac
	case $out in
	*"NAT with Endpoint Independent Filtering"*) filter=ei ;;
	*"NAT with Address and Port Dependent Filtering"*) filter=apd ;;
	*"NAT with Address Dependent Filtering"*) filter=ad ;;
	esac
	printf '%s %s\n' "$map" "$filter" >"$D/$host.kind"
}

stun_server()
{
	topo_wan_host stun 71
	ip -n "$P-stun" addr add 198.51.100.72/24 dev eth0
	cat >"$D/turn.conf" <<-EOF
	listening-ip=198.51.100.71
	listening-ip=198.51.100.72
	listening-port=3478
	alt-listening-port=3479
	stun-only
	no-auth
	no-cli
	no-tls
	no-dtls
	log-file=stdout
	pidfile=$D/turn.pid
	EOF
	spawn turn stun turnserver -c "$D/turn.conf"
	wait_for 10 "the STUN server does not start" \
		in_ns stun timeout 2 turnutils_stunclient 198.51.100.71
}

case_main()
{
	local map filter n=0 jobs=()

	command -v turnutils_natdiscovery >/dev/null || skip "coturn is not installed"
	topo_base
	stun_server
	for map in ei ad apd; do
		for filter in ei ad apd; do
			n=$((n + 1))
			topo_natbox "nat$n" "$((30 + n))" "10.$n.0" "map=$map" "filter=$filter" idle=30s
			topo_nat_host "nat$n" "h$n" "10.$n.0.11"
		done
	done
	for n in 1 2 3 4 5 6 7 8 9; do
		classify "h$n" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	n=0
	for map in ei ad apd; do
		for filter in ei ad apd; do
			n=$((n + 1))
			note "map=$map filter=$filter is called $(cat "$D/h$n.kind")"
			has '198.51.100.72' "$D/h$n.said" ||
				fail "the classifier had one address only: its word is worth nothing"
			has "^$map $filter\$" "$D/h$n.kind" ||
				fail "map=$map filter=$filter is called $(cat "$D/h$n.kind")"
		done
	done

	# both phones in the worst place: nat9 and a second one like it
	topo_natbox natB 45 10.20.0 map=apd filter=apd preserve=no idle=30s
	topo_nat_host natB b1 10.20.0.11
	edge_users alice bob | edge_conf
	edge_start
	phone_start alice h9 440 "$(phone_account alice 198.51.100.10)"
	phone_start bob b1 1000 "$(phone_account bob 198.51.100.10)"
	phone_registered alice
	phone_registered bob
	phones_call bob alice sip:alice@198.51.100.10
	phones_talk bob alice
	natbox natB show mappings natB >"$D/table"
	has '198.51.100.10:5060' "$D/table" || fail "the table does not know the edge's SIP port"
	phones_part bob alice
	phone_heard alice 1000 440
	phone_heard bob 440 1000
}
