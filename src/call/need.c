/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two places -> relay or not, and why. Pure; any thread.
 *
 * What decides, strongest first:
 *
 *   1. family   IPv4 and IPv6 can't exchange packets, whatever a policy says
 *   2. policy   always: forced; never: none:never
 *   3. sides           B  lan             wan              far
 *      A  lan             groups          lan-wan          far-end
 *         wan             lan-wan         none:same-side   far-end
 *         far             far-end         far-end          nat
 *
 *   groups  lan-lan when both networks have a group and the groups differ, for
 *           nobody but us routes between them; else none:same-side
 *   nat     none:same-nat when both stand behind one NAT (same face, or faces
 *           of one nat-systems entry) and same-nat-direct allows it;
 *           else far-end
 */
#include "config.h"

#include "call/need.h"

/* Both are FAR: does one NAT stand before them? */
static bool same_nat(const struct cv_place *a, const struct cv_place *b)
{
	if (a->nat_entry != 0 && a->nat_entry == b->nat_entry)
		return true;

	return cv_addr_is_set(&a->seen) && cv_addr_host_eq(&a->seen, &b->seen);
}

static bool lans_apart(const struct cv_place *a, const struct cv_place *b)
{
	return a->lan_group != 0 && b->lan_group != 0 && a->lan_group != b->lan_group;
}

static enum cv_reason by_side(const struct cv_need *n)
{
	enum cv_side a = n->a.side, b = n->b.side;

	if (a == CV_SIDE_FAR && b == CV_SIDE_FAR && n->same_nat_direct &&
	    same_nat(&n->a, &n->b))
		return CV_REASON_NONE_SAME_NAT;

	if (a == CV_SIDE_FAR || b == CV_SIDE_FAR)
		return CV_REASON_FAR_END;

	if (a != b)
		return CV_REASON_LAN_WAN;

	if (a == CV_SIDE_LAN && lans_apart(&n->a, &n->b))
		return CV_REASON_LAN_LAN;

	return CV_REASON_NONE_SAME_SIDE;
}

enum cv_reason cv_need_decide(const struct cv_need *n)
{
	if (n->a.family != n->b.family)
		return CV_REASON_FAMILY;

	switch (n->policy) {
	case CV_NEED_ALWAYS:
		return CV_REASON_FORCED;
	case CV_NEED_NEVER:
		return CV_REASON_NEVER;
	case CV_NEED_AUTO:
		break;
	}

	return by_side(n);
}

bool cv_reason_is_relay(enum cv_reason r)
{
	switch (r) {
	case CV_REASON_NONE_SAME_SIDE:
	case CV_REASON_NONE_SAME_NAT:
	case CV_REASON_NEVER:
	case CV_REASON_NONE_LOOP:
		return false;
	case CV_REASON_LAN_WAN:
	case CV_REASON_LAN_LAN:
	case CV_REASON_FAR_END:
	case CV_REASON_FAMILY:
	case CV_REASON_FORCED:
		break;
	}

	return true;
}

const char *cv_reason_name(enum cv_reason r)
{
	switch (r) {
	case CV_REASON_NONE_SAME_SIDE:
		break;
	case CV_REASON_NONE_SAME_NAT:
		return "none:same-nat";
	case CV_REASON_LAN_WAN:
		return "lan-wan";
	case CV_REASON_LAN_LAN:
		return "lan-lan";
	case CV_REASON_FAR_END:
		return "far-end";
	case CV_REASON_FAMILY:
		return "family";
	case CV_REASON_FORCED:
		return "forced";
	case CV_REASON_NEVER:
		return "none:never";
	case CV_REASON_NONE_LOOP:
		return "none:loop";
	}

	return "none:same-side";
}
