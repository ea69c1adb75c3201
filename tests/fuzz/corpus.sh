#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs every fuzz target over its corpus, file by file: a crash or a missing corpus fails.
set -eu

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}"
failed=0
seen=0
for source in "$top_srcdir"/tests/fuzz/fuzz_*.c; do
	[ -f "$source" ] || continue
	seen=$((seen + 1))
	target=$(basename "$source" .c)
	corpus=$top_srcdir/tests/fuzz/corpus/${target#fuzz_}
	if [ ! -d "$corpus" ]; then
		echo "FAIL $target: no corpus $corpus"
		failed=$((failed + 1))
	elif "$top_builddir/tests/fuzz/$target" "$corpus"/*; then
		echo "ok $target"
	else
		echo "FAIL $target"
		failed=$((failed + 1))
	fi
done

if [ "$seen" -eq 0 ]; then
	echo "skip: no fuzz target in this tree"
	exit 77
fi
echo "corpus: $((seen - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
