# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The network of the laboratory: namespaces, bridges and NAT gateways. A case calls only the
# functions for the hosts it wants. Knows no program that runs on them.
#
#            ┌───────────────── net: 198.51.100.0/24, 2001:db8:1::/64 ─────────────────┐
#            │                                                                         │
#  ┌─────────┴──────────┐  ┌─────────┐  ┌────────┐  ┌──────────┐    ┌──────────────────┴───┐
#  │ edge               │  │ pbx  .5 │  │ trunk  │  │ attacker │    │ natA .31     natB .32│
#  │ wan 198.51.100.10  │  └─────────┘  │   .60  │  │      .66 │    │ port-restricted or   │
#  │     2001:db8:1::10 │               └────────┘  └──────────┘    │ symmetric, each with │
#  │ lan 192.168.50.1   │                                           │ its UDP time-out     │
#  └─────────┬──────────┘                                           └───┬──────────────┬───┘
#            │ 192.168.50.0/24, no forwarding                10.1.1.0/24│              │10.2.2.0/24
#    ┌───────┼──────────┐                                     ┌─────────┤              │
#    │       │          │                                     │         │              │
#  ┌─┴──┐ ┌──┴─┐ ┌──────┴─┐                                ┌──┴─┐    ┌──┴─┐         ┌──┴─┐
#  │lan1│ │lan2│ │lpbx .5 │                                │ a1 │    │ a2 │         │ b1 │
#  │ .21│ │ .22│ │        │                                │ .11│    │ .12│         │ .11│
#  └────┘ └────┘ └────────┘                                └────┘    └────┘         └────┘
#
# Neither the edge nor the segment forwards packets: what crosses from one side of the edge to
# the other went through culvertd, and a private address is unreachable from the segment.

new_ns()
{
	ip netns add "$P-$1"
	ip -n "$P-$1" link set lo up
	ip netns exec "$P-$1" sysctl -qw net.ipv4.ip_forward=0 \
		net.ipv6.conf.all.forwarding=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.accept_ra=0
}

new_bridge()
{
	ip -n "$P-$1" link add br0 type bridge
	ip -n "$P-$1" link set br0 up
	# bridged frames are no business of this host's packet filter
	ip netns exec "$P-$1" sh -c '[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] ||
		sysctl -qw net.bridge.bridge-nf-call-iptables=0 || true'
}

# plug HOST DEVICE SWITCH: a cable from HOST's DEVICE into the bridge of namespace SWITCH.
plug()
{
	ip link add "$2" netns "$P-$1" type veth peer name "v-$1" netns "$P-$3"
	ip -n "$P-$3" link set "v-$1" master br0 up
	ip -n "$P-$1" link set "$2" up
}

# The Internet alone.
topo_segment()
{
	new_ns net
	new_bridge net
	ip -n "$P-net" addr add 198.51.100.1/24 dev br0
	ip -n "$P-net" addr add 2001:db8:1::1/64 dev br0 nodad
}

# The Internet and the host of the edge, with a foot in both networks.
topo_base()
{
	topo_segment
	new_ns lan
	new_bridge lan

	new_ns edge
	plug edge wan0 net
	ip -n "$P-edge" addr add 198.51.100.10/24 dev wan0
	ip -n "$P-edge" addr add 2001:db8:1::10/64 dev wan0 nodad
	ip -n "$P-edge" route add default via 198.51.100.1
	plug edge lan0 lan
	ip -n "$P-edge" addr add 192.168.50.1/24 dev lan0
	ip -n "$P-edge" addr add fd50::1/64 dev lan0 nodad
}

# topo_edge_behind NAME OCTET INSIDE HOST KIND: the host of the edge, INSIDE.HOST, with its one
# foot behind a router NAME, outside 198.51.100.OCTET, inside INSIDE.1/24. KIND: one-to-one, the
# router hands it whatever comes; forward, only UDP 5060 and the ports of media.
topo_edge_behind()
{
	local name=$1 inside=$3 host=$3.$4 what='udp dport { 5060, 16384-32767 }'

	case $5 in
	one-to-one) what= ;;
	forward) ;;
	*) fail "no such kind of router: $5" ;;
	esac

	new_ns "$name"
	plug "$name" wan0 net
	ip -n "$P-$name" addr add "198.51.100.$2/24" dev wan0
	ip -n "$P-$name" route add default via 198.51.100.1
	new_bridge "$name"
	ip -n "$P-$name" addr add "$inside.1/24" dev br0
	ip netns exec "$P-$name" nft -f - <<-EOF
	table ip lab {
		chain prerouting {
			type nat hook prerouting priority -100; policy accept;
			iifname "wan0" $what dnat to $host
		}
		chain postrouting {
			type nat hook postrouting priority 100; policy accept;
			oifname "wan0" masquerade
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			iifname "br0" accept
			ct status dnat accept
			ct state established,related accept
		}
		chain input {
			type filter hook input priority 0; policy accept;
			iifname "wan0" drop
		}
	}
	EOF
	ip netns exec "$P-$name" sysctl -qw net.ipv4.ip_forward=1
	new_ns edge
	plug edge eth0 "$name"
	ip -n "$P-edge" addr add "$host/24" dev eth0
	ip -n "$P-edge" route add default via "$inside.1"
}

# topo_wan_host NAME OCTET: 198.51.100.OCTET and 2001:db8:1::OCTET.
topo_wan_host()
{
	new_ns "$1"
	plug "$1" eth0 net
	ip -n "$P-$1" addr add "198.51.100.$2/24" dev eth0
	ip -n "$P-$1" addr add "2001:db8:1::$2/64" dev eth0 nodad
	ip -n "$P-$1" route add default via 198.51.100.1
}

# topo_wan6_host NAME OCTET: IPv6 only.
topo_wan6_host()
{
	new_ns "$1"
	plug "$1" eth0 net
	ip -n "$P-$1" addr add "2001:db8:1::$2/64" dev eth0 nodad
	ip -n "$P-$1" -6 route add default via 2001:db8:1::1
}

# topo_lan_host NAME OCTET: 192.168.50.OCTET, the edge as default gateway (it won't forward).
topo_lan_host()
{
	new_ns "$1"
	plug "$1" eth0 lan
	ip -n "$P-$1" addr add "192.168.50.$2/24" dev eth0
	ip -n "$P-$1" route add default via 192.168.50.1
}

# topo_second_lan NAME DEVICE INSIDE: another network the edge has a foot in, INSIDE.1/24.
topo_second_lan()
{
	new_ns "$1"
	new_bridge "$1"
	plug edge "$2" "$1"
	ip -n "$P-edge" addr add "$3.1/24" dev "$2"
}

# topo_branch NAME INSIDE OCTET: a private network INSIDE.0/24 behind a router at
# 192.168.50.OCTET of the LAN, with routes, no NAT, to and fro.
topo_branch()
{
	new_ns "$1"
	plug "$1" lan0 lan
	new_bridge "$1"
	ip -n "$P-$1" addr add "192.168.50.$3/24" dev lan0
	ip -n "$P-$1" addr add "$2.1/24" dev br0
	ip -n "$P-$1" route add default via 192.168.50.1
	ip netns exec "$P-$1" sysctl -qw net.ipv4.ip_forward=1
	ip -n "$P-edge" route add "$2.0/24" via "192.168.50.$3"
}

# topo_nat NAME OCTET INSIDE KIND [SECONDS]: a gateway, outside 198.51.100.OCTET, inside
# INSIDE.1/24. KIND is port-restricted (one port for all destinations) or symmetric (another
# port for each). SECONDS: how long it remembers a silent UDP flow.
topo_nat()
{
	local name=$1 octet=$2 inside=$3 kind=$4 idle=${5:-} how

	case $kind in
	port-restricted) how='masquerade' ;;
	symmetric) how='masquerade fully-random' ;;
	*) fail "no such kind of NAT: $kind" ;;
	esac

	new_ns "$name"
	plug "$name" wan0 net
	ip -n "$P-$name" addr add "198.51.100.$octet/24" dev wan0
	ip -n "$P-$name" route add default via 198.51.100.1
	new_bridge "$name"
	ip -n "$P-$name" addr add "$inside.1/24" dev br0

	# Unasked packets are dropped before they make an entry: an entry of theirs would
	# move the port of a later outward packet (Linux maps by entry, not by endpoint).
	ip netns exec "$P-$name" nft -f - <<-EOF
	table ip lab {
		chain postrouting {
			type nat hook postrouting priority 100; policy accept;
			oifname "wan0" $how
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			iifname "br0" accept
			ct state established,related accept
		}
		chain input {
			type filter hook input priority 0; policy accept;
			iifname "wan0" drop
		}
	}
	EOF
	ip netns exec "$P-$name" sysctl -qw net.ipv4.ip_forward=1
	[ -z "$idle" ] || ip netns exec "$P-$name" sysctl -qw \
		net.netfilter.nf_conntrack_udp_timeout="$idle" \
		net.netfilter.nf_conntrack_udp_timeout_stream="$idle"
}

# topo_natbox NAME OCTET INSIDE KEY=VALUE...: the same gateway made by culvert-natbox, which can
# be every kind of NAT; the words are culvert-natbox's. Several may be made; ask them by
# natbox NAME ... .
topo_natbox()
{
	local name=$1 octet=$2 inside=$3

	shift 3
	new_ns "$name"
	new_bridge "$name"
	ip -n "$P-$name" addr add "$inside.1/24" dev br0
	# the segment finds the address behind the box by the router's ARP
	ip netns exec "$P-net" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.br0.proxy_arp=1
	spawn "natbox-$name" net "${CULVERT_NATBOX:?}" -s "$D/natbox-$name.sock" "$name" \
		"inside=$P-$name/in" "outside=$P-net/n$octet" "address=198.51.100.$octet" "$@"
	wait_for 5 "natbox $name does not start" has '^ready' "$D/natbox-$name.log"
	ip -n "$P-net" route add "198.51.100.$octet/32" dev "n$octet"
	ip -n "$P-$name" route add default dev in
	ip netns exec "$P-$name" sysctl -qw net.ipv4.ip_forward=1
}

# natbox NAME COMMAND...: asks one of them.
natbox()
{
	local name=$1

	shift
	"${CULVERTCTL:?}" -s "$D/natbox-$name.sock" "$@"
}

# topo_inside: the edge has no foot on the segment any more: its side towards it is 10.9.0.2,
# behind a gateway that gives it one public address, both ways (1:1). Then topo_public.
topo_inside()
{
	ip -n "$P-edge" link del wan0
	new_ns gw
	new_bridge gw
	ip -n "$P-gw" addr add 10.9.0.1/24 dev br0
	plug gw wan0 net
	plug edge dmz0 gw
	ip -n "$P-edge" addr add 10.9.0.2/24 dev dmz0
	ip -n "$P-edge" route add default via 10.9.0.1
	ip netns exec "$P-gw" sysctl -qw net.ipv4.ip_forward=1
}

# topo_public OCTET: its public address is 198.51.100.OCTET from now on; the one before is gone,
# and the gateway has forgotten every flow.
topo_public()
{
	ip -n "$P-gw" addr flush dev wan0
	ip -n "$P-gw" addr add "198.51.100.$1/24" dev wan0
	ip -n "$P-gw" route add default via 198.51.100.1
	ip netns exec "$P-gw" nft -f - <<-EOF
	table ip lab
	delete table ip lab
	table ip lab {
		chain prerouting {
			type nat hook prerouting priority -100; policy accept;
			iifname "wan0" ip daddr 198.51.100.$1 dnat to 10.9.0.2
		}
		chain postrouting {
			type nat hook postrouting priority 100; policy accept;
			oifname "wan0" snat to 198.51.100.$1
		}
	}
	EOF
	nat_forget gw
}

# topo_nat_host NAT NAME ADDRESS: a host in the LAN behind NAT.
topo_nat_host()
{
	new_ns "$2"
	plug "$2" eth0 "$1"
	ip -n "$P-$2" addr add "$3/24" dev eth0
	ip -n "$P-$2" route add default via "${3%.*}.1"
}

# topo_two_nats: a1 behind natA, and b1 behind natB, which takes another port for each party.
topo_two_nats()
{
	topo_nat natA 31 10.1.1 port-restricted
	topo_nat_host natA a1 10.1.1.11
	topo_nat natB 32 10.2.2 symmetric
	topo_nat_host natB b1 10.2.2.11
}

# Lines of a gateway's table that match all the words given.
nat_table()
{
	local nat=$1 word lines

	shift
	lines=$(ip netns exec "$P-$nat" cat /proc/net/nf_conntrack)
	for word; do
		lines=$(printf '%s\n' "$lines" | grep -e "$word" || true)
	done
	printf '%s' "$lines"
}

nat_has()
{
	[ -n "$(nat_table "$@")" ]
}

# The gateway forgets every flow, as when it restarts.
nat_forget()
{
	in_ns "$1" "$PY" "$LAB/ctflush.py"
}

# Takes the whole network down; ends what still runs in it, by process id.
topo_down()
{
	local ns pid

	for ns in $(ip netns list | awk '{print $1}' | grep "^$P-" || true); do
		for pid in $(ip netns pids "$ns" 2>/dev/null || true); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$ns" 2>/dev/null || true
	done
}
