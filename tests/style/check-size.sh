#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# contrib/check-size and contrib/check-keys against planted trees.
set -eu

top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
command -v ctags >/dev/null || {
	echo "skip: ctags is not installed"
	exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0

# lines NUMBER TEXT
lines()
{
	awk -v n="$1" -v text="$2" 'BEGIN { while (n-- > 0) print text }'
}

# function LINES: a C function of so many lines
function_of()
{
	echo "int f(void)"
	echo "{"
	lines $(($1 - 3)) "	/* a line */"
	echo "}"
}

# expect STATUS PATTERN WHAT COMMAND...: ends so, and says one line that matches, or nothing
expect()
{
	want=$1 pattern=$2 what=$3
	shift 3
	status=0
	"$@" >"$dir/out" 2>&1 || status=$?
	if [ "$status" -eq "$want" ] && [ "$(grep -c . "$dir/out")" -eq "$want" ] &&
		{ [ -z "$pattern" ] || grep -q "$pattern" "$dir/out"; }; then
		passed=$((passed + 1))
		echo "ok $what"
	else
		failed=$((failed + 1))
		echo "FAIL $what: status $status: $(cat "$dir/out")"
	fi
}

mkdir -p "$dir/src/base" "$dir/src/conf" "$dir/etc" "$dir/doc/man"
function_of 90 >"$dir/src/base/a.c"
lines 700 "/* a line */" >"$dir/src/base/b.c"
expect 0 '' "sizes at the bound" "$top/contrib/check-size" "$dir"
function_of 91 >"$dir/src/base/a.c"
expect 1 '^src/base/a.c:1: f() has 91 lines' "long function" "$top/contrib/check-size" "$dir"
function_of 90 >"$dir/src/base/a.c"
lines 701 "/* a line */" >"$dir/src/base/b.c"
expect 1 '^src/base/b.c:700: 701 lines' "long file" "$top/contrib/check-size" "$dir"

printf '\t{"general", "state-dir", CV_CONF_TEXT},\n\t{"media", "ports", CV_CONF_RANGE},\n' >"$dir/src/conf/keys.c"
printf ';state-dir = x\nports = 1-2\n' >"$dir/etc/culvert.conf"
printf '.It Sy state-dir\n.It Sy ports\n' >"$dir/doc/man/culvert.conf.5"
expect 0 '' "keys in all three places" "$top/contrib/check-keys" "$dir"
printf '.It Sy state-dir\n' >"$dir/doc/man/culvert.conf.5"
expect 1 'man/culvert.conf.5: key ports is missing' "key not in the man page" \
	"$top/contrib/check-keys" "$dir"
printf '.It Sy state-dir\n.It Sy ports\n' >"$dir/doc/man/culvert.conf.5"
printf 'ports = 1-2\n' >"$dir/etc/culvert.conf"
expect 1 'culvert.conf: key state-dir is missing' "key not in the sample" \
	"$top/contrib/check-keys" "$dir"
printf ';state-dir = x\nports = 1-2\n;prots = 1-2\n' >"$dir/etc/culvert.conf"
expect 1 'culvert.conf: prots is not a key' "sample names no key" "$top/contrib/check-keys" "$dir"

echo "check-size: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
