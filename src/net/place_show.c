/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The declared network in an administrator's words: points, lists, and who
 * gets a media relay to whom. Prints only; signalling thread.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/cmd.h"
#include "net/place.h"

enum { MS_A_S = 1000 };

/* One row of the derived table, in the words users know */
struct row {
	const char *from, *to, *relay, *reason, *why;
};

static void show_row(struct cv_out *out, const struct row *r)
{
	cv_out_item(out);
	cv_out_str(out, "from", "%s", r->from);
	cv_out_str(out, "to", "%s", r->to);
	cv_out_str(out, "relay", "%s", r->relay);
	cv_out_str(out, "reason", "%s", r->reason);
	cv_out_str(out, "why", "%s", r->why);
	cv_out_end(out);
}

/* Two networks with a group each and not the same; 0 stands for no group */
static bool has_groups(const struct cv_net *net)
{
	unsigned char first = 0;

	if (!net->lan_group)
		return false;

	for (size_t i = 0; i < cv_alist_count(net->lan); ++i) {
		if (first == 0)
			first = net->lan_group[i];
		else if (net->lan_group[i] != 0 && net->lan_group[i] != first)
			return true;
	}

	return false;
}

static bool has_family(const struct cv_net *net, sa_family_t family)
{
	for (size_t i = 0; i < net->pointc; ++i) {
		if (net->points[i].bind.family == family)
			return true;
	}

	return false;
}

static void show_decisions(const struct cv_net *net, struct cv_out *out)
{
	static const struct row lan_rows[] = {
		{"lan", "lan", "no", "none:same-side",
		 "both are in the lan list and reach each other without us"},
		{"lan", "wan", "yes", "lan-wan",
		 "a lan address can't be reached from outside"},
	};
	static const struct row groups = {
		"lan", "lan of another group", "yes", "lan-lan",
		"lan-routes has no route between the two networks"};
	static const struct row lan_far = {
		"lan", "far", "yes", "far-end",
		"a party behind a NAT of its own is reached only by answering it"};
	static const struct row wan_rows[] = {
		{"wan", "wan", "no", "none:same-side", "both can be reached directly"},
		{"wan", "far", "yes", "far-end",
		 "a party behind a NAT of its own is reached only by answering it"},
		{"far", "far of another NAT", "yes", "far-end",
		 "neither can be reached first"},
	};
	static const struct row direct = {
		"far", "far of the same NAT", "no", "none:same-nat",
		"same address or same nat-systems entry, and same-nat-direct = yes"};
	static const struct row hairpin = {"far", "far of the same NAT", "yes", "far-end",
					   "same-nat-direct = no"};
	static const struct row family = {"IPv4", "IPv6", "yes", "family",
					  "the two speak different IP versions"};

	cv_out_list(out, "decisions");
	if (cv_alist_count(net->lan) > 0) {
		show_row(out, &lan_rows[0]);
		if (has_groups(net))
			show_row(out, &groups);
		show_row(out, &lan_rows[1]);
		show_row(out, &lan_far);
	}
	for (size_t i = 0; i < sizeof(wan_rows) / sizeof(wan_rows[0]); ++i)
		show_row(out, &wan_rows[i]);
	show_row(out, net->same_nat_direct ? &direct : &hairpin);
	if (has_family(net, AF_INET) && has_family(net, AF_INET6))
		show_row(out, &family);
	cv_out_end(out);
}

/* Where the advertised address comes from, and since when it is that one */
static void show_source(const struct cv_point *p, struct cv_out *out)
{
	cv_out_str(out, "source", "%s", p->source ? p->source : "address");
	if (!p->follows)
		return;

	if (p->since_ms > 0)
		cv_out_num(out, "since_s",
			   (int64_t)((cv_clock_ms() - p->since_ms) / MS_A_S));
	cv_out_str(out, "source_state", "%s",
		   p->source_err      ? strerror(p->source_err)
		   : p->since_ms == 0 ? "not answered yet"
				      : "ok");
}

/* What it showed before and is still taken for us */
static void show_was(const struct cv_net *net, struct cv_out *out)
{
	uint64_t now = cv_clock_ms();
	char text[CV_ADDR_STRLEN];

	cv_out_list(out, "earlier");
	for (size_t i = 0; i < CV_NET_WAS; ++i) {
		const struct cv_was_ours *w = &net->was[i];

		if (!cv_addr_is_set(&w->addr) || w->until_ms <= now)
			continue;

		cv_out_item(out);
		cv_out_str(out, "address", "%s", cv_addr_print_host(&w->addr, text));
		cv_out_num(out, "left_s", (int64_t)((w->until_ms - now) / MS_A_S));
		cv_out_end(out);
	}
	cv_out_end(out);
}

static void show_points(const struct cv_net *net, struct cv_out *out)
{
	char text[CV_ADDR_STRLEN];

	cv_out_list(out, "points");
	for (size_t i = 0; i < net->pointc; ++i) {
		const struct cv_point *p = &net->points[i];

		cv_out_item(out);
		cv_out_str(out, "name", "%s", p->name);
		cv_out_str(out, "side", "%s", cv_side_name(p->side));
		cv_out_str(out, "address", "%s", cv_addr_print_host(&p->bind, text));
		cv_out_str(out, "advertise", "%s",
			   cv_addr_print_host(&p->advertise, text));
		show_source(p, out);
		cv_out_str(out, "media", "%s", cv_addr_print_host(&p->media, text));
		cv_out_str(out, "media_advertise", "%s",
			   cv_addr_print_host(&p->media_adv, text));
		cv_out_end(out);
	}
	cv_out_end(out);
}

static void show_list(const char *key, const struct cv_alist *l,
		      const unsigned char *group, struct cv_out *out)
{
	cv_out_list(out, key);
	for (size_t i = 1; i <= cv_alist_count(l); ++i) {
		cv_out_item(out);
		cv_out_str(out, "entry", "%s", cv_alist_text(l, i));
		if (group)
			cv_out_num(out, "group", group[i - 1]);
		cv_out_end(out);
	}
	cv_out_end(out);
}

void cv_net_show(const struct cv_net *net, struct cv_out *out)
{
	if (!net || !out)
		return;

	show_points(net, out);
	show_was(net, out);
	show_list("lan", net->lan, net->lan_group, out);
	show_list("nated", net->nated, NULL, out);
	show_list("nat_systems", net->nat_systems, NULL, out);
	cv_out_bool(out, "same_nat_direct", net->same_nat_direct);
	show_decisions(net, out);
}
