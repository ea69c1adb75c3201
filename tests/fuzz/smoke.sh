#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs every libFuzzer target for FUZZ_SECONDS (20), one a core at a time, starting from its
# corpus. What it finds new goes to the build tree; a crash leaves its input there and fails.
# usage: tests/fuzz/smoke.sh [TARGET]      from make check-fuzz
set -eu

: "${top_srcdir:?is set by make check-fuzz}" "${top_builddir:?is set by make check-fuzz}"
seconds=${FUZZ_SECONDS:-20}
# the SIP library, built by contrib/fuzz-libs, goes on after what it does that is undefined
UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}:halt_on_error=1:suppressions=$top_srcdir/tests/fuzz/ubsan.supp
export UBSAN_OPTIONS

one_target()
{
	target=$1
	name=${target#fuzz_}
	found=$top_builddir/tests/fuzz/found-$name
	mkdir -p "$found"
	# without -entropic=0 it spends four fifths of a long target's time on its own statistics
	set -- "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=1500 -entropic=0 \
		-print_final_stats=1 \
		"-artifact_prefix=$found/crash-"
	if [ -f "$top_srcdir/tests/fuzz/$name.dict" ]; then
		set -- "$@" "-dict=$top_srcdir/tests/fuzz/$name.dict"
	fi
	if "$top_builddir/tests/fuzz/$target" "$@" "$found" "$top_srcdir/tests/fuzz/corpus/$name" \
		>"$found.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
		echo "ok $target: $runs inputs in $seconds s"
	else
		tail -n 30 "$found.log"
		echo "FAIL $target: see $found.log"
		return 1
	fi
}

if [ $# -gt 0 ]; then
	one_target "$1"
	exit
fi

set -- "$top_srcdir"/tests/fuzz/fuzz_*.c
if [ ! -f "$1" ]; then
	echo "skip: no fuzz target in this tree"
	exit 77
fi
for source in "$@"; do
	basename "$source" .c
done | xargs -n 1 -P "$(nproc 2>/dev/null || echo 1)" "${SHELL:-/bin/sh}" "$0"
