# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A bad configuration is refused with file and line, and nothing starts.

# refuses WHAT LINE WORD: what stands in D/bad.conf, checked; LINE 0 is any line.
refuses()
{
	local what=$1 line=$2 word=$3 rc=0 at='[0-9][0-9]*'

	[ "$line" -eq 0 ] || at=$line
	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/bad.conf" >"$D/said" 2>&1 || rc=$?
	note "$what: $(grep -m 1 bad.conf "$D/said")"
	[ "$rc" -eq 1 ] || fail "$what: status $rc, not 1: $(head -n 1 "$D/said")"
	grep -q "^$D/bad.conf:$at: .*$word" "$D/said" ||
		fail "$what: no message of line $line with '$word': $(head -n 1 "$D/said")"
}

# refuses_file WHAT WORD: the same for what stands on no line: the whole file is named.
refuses_file()
{
	local rc=0

	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/bad.conf" >"$D/said" 2>&1 || rc=$?
	[ "$rc" -eq 1 ] || fail "$1: status $rc, not 1: $(head -n 1 "$D/said")"
	grep -q "^$D/bad.conf: .*$2" "$D/said" ||
		fail "$1: no message with '$2': $(head -n 1 "$D/said")"
}

good()
{
	cat <<-EOF
	[general]
	name = edge.lab.test
	user = root
	state-dir = $D/state
	run-dir = $D/run

	[network]
	lan = 192.168.50.0/24

	[listen wan]
	address = 198.51.100.10
	side = wan

	[listen lan]
	address = 192.168.50.1
	side = lan

	EOF
}

# The good configuration is 17 lines long; a key under an added section is line 19.
bad()
{
	good >"$D/bad.conf"
	[ "$(wc -l <"$D/bad.conf")" -eq 17 ] || fail "the lines of this case are counted wrong"
	printf '%s\n' "$@" >>"$D/bad.conf"
}

case_main()
{
	topo_base
	mkdir -p "$D/state" "$D/run"

	bad '# nothing bad'
	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/bad.conf" >"$D/said" 2>&1 ||
		fail "a good configuration is refused: $(head -n 1 "$D/said")"

	bad '[media]' 'colour = blue'
	refuses "unknown key" 19 colour
	bad '[kitchen]' 'sink = 1'
	refuses "unknown section" 0 kitchen
	bad '[listen other]' 'address = 203.0.113.77'
	refuses "address not on this host" 19 203.0.113.77
	bad '[media]' 'ports = 5000-5999'
	refuses "RTP range over the SIP port" 0 5060
	bad '[media]' 'ports = 20000-10000'
	refuses "range upside down" 19 20000
	bad '[media]' 'ports = 20000-70000'
	refuses "port beyond 65535" 19 70000
	bad '[network]' 'nat-systems = 203.0.113.5/24'
	refuses "host bits in a list entry" 19 203.0.113.5/24
	bad '[network]' 'nated = 10.0.0.0/8, 10.0.0.300'
	refuses "no address in a list entry" 19 10.0.0.300
	bad '[registration]' 'min-expires = 60'
	refuses "duration without unit" 19 60
	bad '[peer x]' 'relay = sometimes' 'target = sip:198.51.100.5'
	refuses "a word that isn't one" 19 sometimes
	bad '[peer x]' 'target = 198.51.100.5:banana'
	refuses "target that is no SIP URI" 19 banana
	bad '[route x]' 'from = phones' 'to = ^9[0-9' 'peer = x'
	refuses "broken regular expression" 0 ''
	bad '[route x]' 'from = phones' 'to = .*' 'peer = nobody'
	refuses "route to a peer that isn't there" 0 nobody
	bad '[network]' 'lan = 198.51.100.0/24'
	refuses "a LAN that holds our WAN address" 19 198.51.100.10
	bad '[network]' 'nat-systems = 192.168.0.0/16'
	refuses "a NAT that holds the whole LAN" 19 192.168.0.0/16
	bad '[listen more]' 'advertise = edge.example.com' 'address = 127.0.0.1'
	refuses "a name that doesn't say who is asked" 19 edge.example.com
	bad '[listen more]' 'advertise = stun:192.0.2.1:0' 'address = 127.0.0.1'
	refuses "a STUN server without a port" 19 192.0.2.1:0
	bad '[network]' 'dns = 127.0.0.1' '[listen more]' 'address = 127.0.0.1' \
		'advertise = dns:edge.example.com'
	refuses "a name that nobody knows" 22 edge.example.com
	bad '[peer x]' 'target = sip:198.51.100.5' 'target = sip:198.51.100.5:5060'
	refuses "a target twice" 20 198.51.100.5:5060
	bad '[peer x]' 'target = sip:198.51.100.5:0'
	refuses "a target without a port" 19 198.51.100.5:0
	bad '[listen again]' 'address = 198.51.100.10'
	refuses "the same address and port twice" 0 198.51.100.10

	note "odd, but it means something: said, and served"
	bad '[network]' 'nat-systems = 203.0.113.0/28' 'nat-systems = 203.0.113.9'
	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/bad.conf" >"$D/said" 2>&1 ||
		fail "overlapping nat-systems are refused: $(head -n 1 "$D/said")"
	grep -q "overlap.*$D/bad.conf:20" "$D/said" || fail "no word of the overlap"

	note "what a check prints"
	bad '[peer x]' 'target = sip:198.51.100.5' 'target = sip:192.168.50.9;transport=tcp' \
		'relay = always'
	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/bad.conf" >"$D/said" 2>&1 ||
		fail "a good configuration is refused: $(head -n 1 "$D/said")"
	for word in 198.51.100.10 192.168.50.0/24 lan-wan always 192.168.50.9:5060; do
		grep -q "$word" "$D/said" || fail "the check does not show $word"
	done

	good | sed 's/user = root/user = nobody-here/' >"$D/bad.conf"
	refuses_file "an account that isn't there" nobody-here
	good | sed "s,state-dir = .*,state-dir = $D/no/such/place," >"$D/bad.conf"
	refuses_file "a state-dir that can't be made" no/such/place
	good | sed "s,run-dir = .*,run-dir = $D/bad.conf," >"$D/bad.conf"
	refuses_file "a run-dir that is a file" 'run-dir.*Not a directory'

	spawn squatter edge "$PY" -c "import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('198.51.100.10', 5060))
print('here', flush=True); time.sleep(60)"
	wait_for 5 "no squatter" has here "$D/squatter.log"
	bad '# nothing bad'
	refuses "a port in use" 0 5060
	stop squatter || true

	in_ns edge timeout 10 "$CULVERTD" --check -c "$D/bad.conf" >"$D/said" 2>&1 ||
		fail "refused after the port was free again: $(head -n 1 "$D/said")"
}
