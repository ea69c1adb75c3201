#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs every libFuzzer target for FUZZ_SECONDS (20), starting from its corpus. What it finds
# new goes to the build tree; a crash leaves its input there and fails.
set -eu

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}"

seconds=${FUZZ_SECONDS:-20}
failed=0
seen=0
for source in "$top_srcdir"/tests/fuzz/fuzz_*.c; do
	[ -f "$source" ] || continue
	seen=$((seen + 1))
	target=$(basename "$source" .c)
	name=${target#fuzz_}
	found=$top_builddir/tests/fuzz/found-$name
	mkdir -p "$found"
	set -- "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		"-artifact_prefix=$found/crash-"
	if [ -f "$top_srcdir/tests/fuzz/$name.dict" ]; then
		set -- "$@" "-dict=$top_srcdir/tests/fuzz/$name.dict"
	fi
	if "$top_builddir/tests/fuzz/$target" "$@" "$found" \
		"$top_srcdir/tests/fuzz/corpus/$name" >"$found.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
		echo "ok $target: $runs inputs in $seconds s"
	else
		failed=$((failed + 1))
		tail -n 30 "$found.log"
		echo "FAIL $target: see $found.log"
	fi
done

if [ "$seen" -eq 0 ]; then
	echo "check-fuzz: no fuzz target in this tree" >&2
	exit 77
fi
echo "fuzz: $((seen - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
