# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls that nobody finishes (abandon.py has the kinds) leave no dialog, binding, port, timer or
# byte behind: all gauges come back to zero, a second round needs no memory that the first one
# did not, and the leak checker has nothing to say at the end.
#
# ABANDONED: calls a round (500); above 5,000 three minutes of ringing are among them.
# ABANDONED_ROUNDS: how many rounds (1); the last may need no more memory than the one before.
# make check-abandoned makes three of 10,000: the allocator's own growth is over after two.

abandon_round()
{
	local rate=${ABANDONED_RATE:-60} slow='' limit=130

	# ringing 180 s, then CANCEL and its 32 s
	[ "$CALLS" -le 5000 ] || { rate=100 slow=--slow limit=300; }
	# shellcheck disable=SC2086 # an option or nothing
	spawn abandon trunk "$PY" "$LAB/abandon.py" --caller 198.51.100.60 --callee 198.51.100.61 \
		--edge 198.51.100.10 --calls "$CALLS" --rate "$rate" $slow
	wait_for $((CALLS / rate + 60)) "the calls do not end" has '^done' "$D/abandon.log"
	edge_survived
	! has ': 0 of' "$D/abandon.log" || fail "never reached: $(grep ': 0 of' "$D/abandon.log")"
	cat "$D/abandon.log"
	wait_for "$limit" "left behind" edge_empty
	stop abandon || true
	RSS=$(awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of culvertd)/status")
	note "round over: resident $RSS kB"
	edge_ctl show stats
}

case_main()
{
	local round before

	CALLS=${ABANDONED:-500}
	# freed memory is kept for a while by the sanitizer: little, so that growth shows
	export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=4"
	topo_base
	topo_wan_host trunk 60
	ip -n "$P-trunk" addr add 198.51.100.61/24 dev eth0
	edge_conf <<-EOF
		[peer caller]
		target = sip:198.51.100.60:5060
		options-ping = off

		[peer callee]
		target = sip:198.51.100.61:5060
		domains = registrar.test
		options-ping = off

		[route all]
		from = peer:caller
		peer = callee

		[registration]
		min-expires = 5s
		phone-expires-udp = 15s
		peer-expires = 15s

		[media]
		ports = 10000-59999
		relay = always
		idle-timeout = 15s
		hold-timeout = 15s
	EOF
	sed -i 's/^log-level = debug/log-level = warn/' "$D/culvert.conf"
	edge_start
	abandon_round
	before=$RSS
	for ((round = 2; round <= ${ABANDONED_ROUNDS:-1}; round++)); do
		before=$RSS
		abandon_round
	done
	[ "$RSS" -le $((before + before / 20)) ] ||
		fail "resident memory grows: $before kB, then $RSS kB"
}
