# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The edge under test: its configuration, start, questions to it, and what must be true after
# every case (nothing left over, no sanitizer report, a clean end).

EDGE_WAN=
EDGE_LAN=

# edge_wan LINE...: what [listen wan] says besides, in the configuration written next.
edge_wan()
{
	EDGE_WAN=$(printf '%s\n' "$@")
}

# edge_lan LINE...: the same for [listen lan].
edge_lan()
{
	EDGE_LAN=$(printf '%s\n' "$@")
}

# edge_over TRANSPORT: the edge listens on it on both sides; tls brings its certificate.
edge_over()
{
	[ "$1" = tls ] || return 0
	cert_authority
	cert edge DNS:edge.lab.test,IP:198.51.100.10,IP:192.168.50.1,IP:2001:db8:1::10
	edge_wan 'tls = 5061' "tls-cert = $D/tls/edge.pem"
	edge_lan 'tls = 5061' "tls-cert = $D/tls/edge.pem"
}

# edge_conf: writes the configuration; standard input is added to the common part, EDGE_WAN and
# EDGE_LAN to [listen wan] and [listen lan].
edge_conf()
{
	mkdir -p "$D/state" "$D/run"
	{
		cat <<-EOF
		[general]
		name = edge.lab.test
		user = root
		state-dir = $D/state
		run-dir = $D/run
		media-threads = 2
		log-level = debug

		[network]
		lan = 192.168.50.0/24

		[listen wan]
		address = 198.51.100.10
		side = wan
		$EDGE_WAN

		[listen lan]
		address = 192.168.50.1
		side = lan
		$EDGE_LAN

		EOF
		cat
	} >"$D/culvert.conf"
}

# edge_sample NAME OPTION...: the sample of etc/ as it is shipped, with only what sed's options
# say in other words (addresses), and where this run keeps its files.
edge_sample()
{
	local name=$1 own

	shift
	mkdir -p "$D/state" "$D/run"
	own="user = root\nstate-dir = $D/state\nrun-dir = $D/run\nlog-level = debug"
	sed -e "s,^\[general\]\$,&\n$own," "$@" "$LAB/../../etc/$name" >"$D/culvert.conf"
	in_ns edge "$CULVERTD" --check -c "$D/culvert.conf" >"$D/checked" 2>&1 ||
		fail "etc/$name is refused: $(head -n 1 "$D/checked")"
}

# edge_user NAME...: accounts of the embedded registrar, passwords secret-NAME.
edge_users()
{
	local user

	for user; do
		printf '[user %s]\npassword = secret-%s\n\n' "$user" "$user"
	done
}

# edge_pbx TARGET [LINE]: the section of a PBX that serves example.test, for all that phones
# dial; LINE stands in it.
edge_pbx()
{
	cat <<-EOF
	[peer pbx]
	target = $1
	domains = example.test
	options-ping = off
	${2:-}

	[route all]
	from = phones
	to = .*
	peer = pbx

	EOF
}

edge_start()
{
	capture edge edge any
	spawn culvertd edge "$CULVERTD" -f -c "$D/culvert.conf"
	poll 10 edge_answers || fail "culvertd does not answer: $(edge_complaint)"
	alive culvertd || fail "culvertd does not start: $(edge_complaint)"
}

edge_complaint()
{
	head -n 3 "$D/culvertd.log" 2>/dev/null | tr '\n' ' '
}

edge_answers()
{
	alive culvertd || return 0 # dead: no use in waiting, the caller looks
	edge_ctl version
}

# edge_ctl COMMAND...: as an administrator asks.
edge_ctl()
{
	"$CULVERTCTL" -s "$D/run/culvert.sock" "$@"
}

# edge_is EXPRESSION COMMAND...: the JSON answer d makes EXPRESSION true.
edge_is()
{
	local expr=$1

	shift
	edge_ctl --json "$@" | "$PY" "$LAB/jsonis.py" "$expr"
}

# edge_says EXPRESSION COMMAND...: prints it, empty when there is none.
edge_says()
{
	edge_is "$@" 2>/dev/null || true
}

# edge_registration EXPRESSION: true of some registration r that is complete.
edge_registration()
{
	edge_is "any(r['state'] == 'registered' and $1 for r in d['registrations'])" \
		show registrations
}

# edge_has_over TRANSPORT USER...: these are registered over it.
edge_has_over()
{
	local how=$1 user

	shift
	for user; do
		edge_registration "r['aor'].startswith('$user@') and r['transport'] == '$how'" ||
			fail "$user is not there over $how: $(edge_says d show registrations)"
	done
}

# edge_relay REASON...: the only call up has one of these relay reasons.
edge_relay()
{
	local reason

	reason=$(edge_says "d['calls'][0]['reason']" show calls)
	note "relay: $reason"
	case " $* " in
	*" $reason "*) ;;
	*) fail "relay reason is '$reason', expected one of: $*" ;;
	esac
}

edge_quiet()
{
	edge_is "d['gauges']['calls'] == 0 and d['gauges']['streams'] == 0 and
		d['gauges']['ports_used'] == 0" show stats
}

# No binding, leg, transaction, call, stream or port, not even one that rests.
edge_empty()
{
	edge_is "all(v == 0 for v in d['gauges'].values())" show stats
}

edge_no_bindings()
{
	edge_is "all(r['state'] != 'registered' for r in d['registrations'])" show registrations
}

edge_survived()
{
	alive culvertd || fail "culvertd died: $(edge_last_words)"
	! has 'ERROR: AddressSanitizer\|runtime error:\|WARNING: ThreadSanitizer' "$D/culvertd.log" ||
		fail "sanitizer report: $(edge_last_words)"
}

edge_last_words()
{
	grep -m 3 -e 'Sanitizer' -e 'runtime error' -e 'ssert' "$D/culvertd.log" ||
		tail -n 2 "$D/culvertd.log"
}

# edge_finish: what must hold after the last hang-up of every case, the phones being gone.
edge_finish()
{
	[ -e "$D/pids/culvertd" ] || return 0
	edge_survived
	poll 5 edge_quiet ||
		fail "left over: $(edge_says "d['gauges']" show stats)"
	poll 5 edge_no_bindings ||
		fail "a binding outlives its phone: $(edge_says d show registrations)"
	edge_stop
}

# TERM ends it within 10 s, cleanly: a leak or a crash at the end shows in the status.
edge_stop()
{
	local rc=0 pid

	pid=$(pid_of culvertd)
	kill -TERM "$pid"
	poll 10 gone culvertd || fail "culvertd runs on 10 s after TERM"
	wait "$pid" || rc=$?
	rm -f "$D/pids/culvertd"
	[ "$rc" -eq 0 ] || fail "culvertd ended with status $rc: $(edge_last_words)"
	! has 'Sanitizer' "$D/culvertd.log" || fail "sanitizer: $(edge_last_words)"
}
