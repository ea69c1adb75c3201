#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# culvertd --check on each sample of etc/ for a topology: accepted, with the faces its head
# promises. This host has none of their addresses, so loopback stands for them, and for the
# networks they are in; the laboratory runs the same files with real ones.
set -eu

top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
edge=$(cd "${top_builddir:-.}" && pwd)/culvertd
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
tried=' culvert.conf ' # every key; tests/unit/test_doc.c reads it

verdict()
{
	[ "$1" = ok ] || failed=1
	echo "$1 $2"
}

# sample FILE FACE...: FACE is NAME:SIDE:ADDRESS:SHOWN
sample()
{
	file=$1
	tried="$tried$file "
	shift
	sed -e "s,^\[general\]\$,&\nuser = $(id -un)\nstate-dir = $dir/s\nrun-dir = $dir/r," \
		-e 's,^\[network\]$,&\nnated = 127.0.0.0/8,' \
		-e 's/192\.168\.\([12]\)\./127.51.\1./g' -e 's/10\.20\./127.20./g' \
		-e 's/10\.0\.0\.10/127.10.0.10/' -e 's/203\.0\.113\./127.113.0./g' \
		"$top/etc/$file" >"$dir/$file"
	if ! "$edge" --check -c "$dir/$file" >"$dir/out" 2>&1; then
		verdict FAIL "$file: $(head -n 1 "$dir/out")"
		return
	fi

	for face; do
		echo "$face"
	done | sort >"$dir/want"
	sed -n 's/^name=\([^ ]*\) side=\([^ ]*\) address=\([^ ]*\) advertise=\([^ ]*\) .*/\1:\2:\3:\4/p' \
		"$dir/out" | sort >"$dir/have"
	if cmp -s "$dir/want" "$dir/have"; then
		verdict ok "$file"
	else
		verdict FAIL "$file: $(tr '\n' ' ' <"$dir/have")instead of $(tr '\n' ' ' <"$dir/want")"
	fi
}

sample lan-wan.conf lan:lan:127.51.1.1:127.51.1.1 wan:wan:127.113.0.10:127.113.0.10
sample lans.conf office:lan:127.51.1.1:127.51.1.1 plant:lan:127.51.2.1:127.51.2.1 \
	wan:wan:127.113.0.10:127.113.0.10
sample inside-lan.conf outside:wan:127.51.1.10:127.113.0.10 inside:lan:127.51.1.10:127.51.1.10
sample cloud.conf cloud:wan:127.10.0.10:127.113.0.10
sample hosted.conf phones:wan:127.113.0.10:127.113.0.10 inside:lan:127.113.0.33:127.113.0.33
for file in "$top"/etc/*.conf; do
	case $tried in
	*" ${file##*/} "*) ;;
	*) verdict FAIL "${file##*/}: nobody tries it" ;;
	esac
done

exit "$failed"
