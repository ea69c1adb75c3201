#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# contrib/check-duties against a planted map: each way to rot is told by one line.
# shellcheck disable=SC2016 # the words in quotes are sed's
set -eu

top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0
duties='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19'
complaints='1 2 3 4 5 6 7 8 9 10 11 12 23 24 25 26 27 28 29 30'

# plant: a map that is right, and its two tests
plant()
{
	rm -rf "$dir/tree"
	mkdir -p "$dir/tree/doc" "$dir/tree/tests"
	for n in $duties; do
		printf '## CG-%d\nA sentence.\n\n- tests/all.c test_one\n\n' "$n"
	done >"$dir/tree/doc/duties.md"
	for n in $complaints; do
		printf '## %d. A complaint\n- tests/call.flow\n\n' "$n"
	done >>"$dir/tree/doc/duties.md"
	{
		echo 'static void test_one(void)'
		for n in $duties; do
			printf '/* cg_%02d */\n' "$n"
		done
	} >"$dir/tree/tests/all.c"
	touch "$dir/tree/tests/call.flow"
}

# expect STATUS PATTERN WHAT: ends so, and says one line that matches, or nothing
expect()
{
	status=0
	"$top/contrib/check-duties" "$dir/tree" >"$dir/out" 2>&1 || status=$?
	if [ "$status" -eq "$1" ] && [ "$(grep -c . "$dir/out")" -eq "$1" ] &&
		{ [ -z "$2" ] || grep -q "$2" "$dir/out"; }; then
		passed=$((passed + 1))
		echo "ok $3"
	else
		failed=$((failed + 1))
		echo "FAIL $3: status $status: $(head -n 3 "$dir/out")"
	fi
}

# edit EXPRESSION FILE
edit()
{
	sed "$1" "$dir/tree/$2" >"$dir/new"
	mv "$dir/new" "$dir/tree/$2"
}

plant
expect 0 '' "a map that is right"
edit '0,/test_one/s/test_one/test_two/' doc/duties.md
expect 1 'duties.md:4: tests/all.c does not hold test_two' "a test that was renamed"
plant
edit '0,/all\.c/s/all\.c/gone.c/' doc/duties.md
expect 1 'duties.md:4: there is no tests/gone.c' "a file that is gone"
plant
edit '/cg_10/d' tests/all.c
expect 1 'CG-10 has no test named cg_10' "a duty without a test of its name"
plant
edit '/^## CG-19$/d' doc/duties.md
expect 1 'CG-19 has no section' "a duty that is not in the map"
plant
edit '/^## 30\. /,$d' doc/duties.md
expect 1 'complaint 30 has no section' "a complaint that is not in the map"
plant
edit '/^## 30\. /,${/^- /d}' doc/duties.md
expect 1 'complaint 30 has neither' "a complaint without test and reason"
echo "Can't occur: a reason." >>"$dir/tree/doc/duties.md"
expect 0 '' "a complaint with a reason"

echo "check-duties: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
