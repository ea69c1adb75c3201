#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# contrib/check-layers against planted trees: each kind of violation must be refused at its
# line, and nothing else; a clean tree and the tree we are in must pass.
set -eu

top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
checker=$top/contrib/check-layers
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0

# plant FILE LINE...: a source file in the planted tree
plant()
{
	mkdir -p "$dir/tree/$(dirname "$1")"
	file=$dir/tree/$1
	shift
	printf '%s\n' "$@" >"$file"
}

clean_tree()
{
	rm -rf "$dir/tree"
	plant src/base/str.c '#include "config.h"' '#include <stdlib.h>' '#include "base/str.h"'
	plant src/call/call.c '#include "call/call_int.h"' '#include "sdp/sdp.h"'
	plant src/sip/ua.c '#include <sofia-sip/nta.h>' '#include "call/leg.h"'
	plant src/loop/loop_su.c '#include <sofia-sip/su_wait.h>' '#include "loop/loop.h"'
	plant src/loop/loop_ev.c '#include <event2/event.h>'
	plant src/module.h '#include "base/str.h"'
	plant src/core/wire.c '#include "media/media.h"' '#include "module.h"'
	plant modules/demo/demo.c '#include "module.h"' '#include "call/route.h"' '#include "demo.h"'
	plant modules/demo/test_demo.c '#include "media/media_int.h"'
}

verdict()
{
	if [ "$1" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	echo "$1 $2"
}

# refuses WHAT FILE LINE: exactly this one line of the tree is complained about
refuses()
{
	if "$checker" "$dir/tree" >"$dir/out" 2>&1; then
		verdict FAIL "$1: accepted"
	elif [ "$(wc -l <"$dir/out")" -eq 1 ] && grep -q "^$2:$3: ." "$dir/out"; then
		verdict ok "$1: $(cat "$dir/out")"
	else
		verdict FAIL "$1: $(cat "$dir/out")"
	fi
}

# accepts WHAT TREE
accepts()
{
	if "$checker" "$2" >"$dir/out" 2>&1; then
		verdict ok "$1"
	else
		verdict FAIL "$1: $(cat "$dir/out")"
	fi
}

clean_tree
accepts "clean tree" "$dir/tree"

plant src/base/buf.c '#include "base/buf.h"' '#include "loop/loop.h"'
refuses "upward include" src/base/buf.c 2

clean_tree
plant src/call/fork.c '' '' '#include "media/media.h"'
refuses "sideways include" src/call/fork.c 3

clean_tree
plant src/sip/uas.c '#include "core/wire.h"'
refuses "include of core" src/sip/uas.c 1

clean_tree
plant src/core/daemon.c '  #  include "media/media_int.h"'
refuses "foreign _int.h" src/core/daemon.c 1

clean_tree
plant modules/demo/more.c '#include "module.h"' '#include "call/call.h"'
refuses "module beyond its line" modules/demo/more.c 2

clean_tree
plant modules/demo/more.c '#include "conf/conf.h"'
refuses "module beyond one header" modules/demo/more.c 1

clean_tree
plant src/call/leg.h '#include <stdint.h>' '#include <sofia-sip/sip.h>'
refuses "sofia outside sip" src/call/leg.h 2

clean_tree
plant src/loop/mbox.c '#include <sofia-sip/su.h>'
refuses "sofia in loop beside loop_su.c" src/loop/mbox.c 1

clean_tree
plant src/media/thread.c '#include <event2/event.h>'
refuses "libevent outside loop" src/media/thread.c 1

clean_tree
plant src/media/stream.c '#include "media_int.h"'
refuses "include without directory" src/media/stream.c 1

clean_tree
plant src/media/relay.c '#include "../call/call.h"'
refuses "relative include" src/media/relay.c 1

clean_tree
plant src/misc/misc.c '#include <stdio.h>'
refuses "directory without a line" src/misc/misc.c 1

accepts "this tree" "$top"

echo "check-layers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
