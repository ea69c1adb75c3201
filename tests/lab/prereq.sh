# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Whether this machine can carry the laboratory, in words for a person.

# prerequisites TOOL...: prints what is missing and fails, or is silent.
prerequisites()
{
	local tool try=cv$$-try

	[ "$(id -u)" -eq 0 ] ||
		{ echo "root is needed to make network namespaces (try sudo)"; return 1; }
	for tool in ip nft sysctl baresip sox /usr/bin/python3 "$@"; do
		command -v "$tool" >/dev/null || { echo "the program $tool is not installed"; return 1; }
	done
	ip netns add "$try" 2>/dev/null ||
		{ echo "this system does not allow network namespaces (ip netns add failed)"; return 1; }
	if ! ip netns exec "$try" nft list ruleset >/dev/null 2>&1; then
		ip netns del "$try"
		echo "nftables does not work in a network namespace (nft list ruleset failed)"
		return 1
	fi
	ip netns del "$try"
}
