# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What every case shares: running things in a namespace, waiting for a condition within a
# bound, stopping by process id, failing and skipping with a reason. Knows nothing of SIP.
# Needs LAB (this directory), D (scratch directory) and P (prefix of the namespaces).

: "${LAB:?}" "${D:?}" "${P:?}"

export PY=${PYTHON3:-/usr/bin/python3}
export PYTHONDONTWRITEBYTECODE=1 # nothing is written beside the scripts

# Notes one line in the case's log.
note()
{
	printf '%s\n' "$*"
}

# Ends the case with a reason.
fail()
{
	printf '%s\n' "$*" >"$D/reason"
	printf 'FAIL: %s\n' "$*"
	exit 1
}

skip()
{
	printf '%s\n' "$*" >"$D/reason"
	printf 'skip: %s\n' "$*"
	exit 77
}

# in_ns HOST COMMAND...: runs in the namespace of one host, and says so.
in_ns()
{
	local host=$1

	shift
	printf '[%s] %s\n' "$host" "$*" >>"$D/steps"
	ip netns exec "$P-$host" "$@"
}

# wait_for SECONDS WHAT COMMAND...: polls every 0.1 s until COMMAND succeeds, else fails.
wait_for()
{
	local limit=$1 what=$2

	shift 2
	poll "$limit" "$@" || fail "$what (waited $limit s)"
}

# The same without failing.
poll()
{
	local limit=$1 end

	shift
	end=$((SECONDS + limit))
	while :; do
		"$@" >>"$D/polls" 2>&1 && return 0
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# spawn NAME HOST COMMAND...: starts in the background; log in $D/NAME.log.
spawn()
{
	local name=$1 host=$2

	shift 2
	printf '[%s] %s &\n' "$host" "$*" >>"$D/steps"
	ip netns exec "$P-$host" "$@" </dev/null >"$D/$name.log" 2>&1 &
	echo $! >"$D/pids/$name"
}

pid_of()
{
	cat "$D/pids/$1"
}

alive()
{
	[ -e "$D/pids/$1" ] && kill -0 "$(pid_of "$1")" 2>/dev/null
}

gone()
{
	! alive "$1"
}

# stop NAME [SECONDS]: TERM, then KILL when it doesn't go; returns its exit status.
stop()
{
	[ -e "$D/pids/$1" ] || return 0
	kill -TERM "$(pid_of "$1")" 2>/dev/null || true
	stopped "$@"
}

# stopped NAME [SECONDS]: the second half of stop. A phone that gets TERM twice ends at once
# and doesn't unregister, so TERM is sent only once.
stopped()
{
	local name=$1 limit=${2:-5} pid rc=0

	pid=$(pid_of "$name")
	if ! poll "$limit" gone "$name"; then
		note "$name did not end within $limit s of TERM"
		kill -KILL "$pid" 2>/dev/null || true
		poll 2 gone "$name" || true
	fi
	wait "$pid" 2>/dev/null || rc=$?
	rm -f "$D/pids/$name"

	return "$rc"
}

# ended NAME: waits for a program that ends by itself; returns its exit status.
ended()
{
	local name=$1 limit=$2 pid rc=0

	poll "$limit" gone "$name" || fail "$name still runs after $limit s"
	pid=$(pid_of "$name")
	wait "$pid" 2>/dev/null || rc=$?
	rm -f "$D/pids/$name"

	return "$rc"
}

# stop_together NAME...: TERM to all at once, then waits for each.
stop_together()
{
	local name

	for name; do
		kill -TERM "$(pid_of "$name")" 2>/dev/null || true
	done
	for name; do
		stopped "$name" || true
	done
}

stop_all()
{
	local f names=()

	for f in "$D"/pids/*; do
		[ ! -e "$f" ] || names+=("${f##*/}")
	done
	[ ${#names[@]} -eq 0 ] || stop_together "${names[@]}"
}

# capture NAME HOST INTERFACE [FILTER]: tcpdump into $D/NAME.pcap, ready when it returns.
capture()
{
	local name=$1 host=$2 dev=$3

	shift 3
	spawn "$name" "$host" tcpdump -Z root --immediate-mode -B 8192 -i "$dev" -n -s 0 -U \
		-w "$D/$name.pcap" "$@"
	wait_for 5 "tcpdump on $host" grep -q 'listening on' "$D/$name.log"
}

size_of()
{
	stat -c %s "$1" 2>/dev/null || echo 0
}

has()
{
	grep -q -e "$1" "$2" 2>/dev/null
}

# seen_times COUNT PATTERN FILE: true when at least COUNT lines match.
seen_times()
{
	[ "$(grep -c -e "$2" "$3" 2>/dev/null || true)" -ge "$1" ]
}
