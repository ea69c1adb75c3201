/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists and listening points that contradict each other. What can't be meant is
 * refused; what is odd but has a meaning is warned of. Start and reload.
 */
#include "config.h"

#include <errno.h>

#include "base/log.h"
#include "core/core_int.h"

/** What is looked at. */
struct work {
	const struct cv_net *net;
	const struct cv_conf *conf;
	struct cv_buf *error;
	int err;
};

/* Where entry @p n of a list was written; @p none when it follows from the interfaces. */
static struct cv_conf_pos pos_of(const struct cv_conf_list *list,
				 const struct cv_alist *l, size_t n,
				 struct cv_conf_pos none)
{
	return list->c == cv_alist_count(l) && n > 0 ? list->v[n - 1].pos : none;
}

/* An address outside that is in the LAN list: everybody there would count as next door.
 */
static void check_lan(struct work *w, const struct cv_point *p)
{
	const struct cv_conf_listen *l = &w->conf->listens[p->conf];
	size_t own = cv_alist_find(w->net->lan, &p->bind);
	size_t shown = cv_alist_find(w->net->lan, &p->advertise);
	char text[CV_ADDR_STRLEN];

	if (p->side != CV_SIDE_WAN)
		return;

	/* a private one may serve both sides: phones beside it, others by a forwarded
	 * port */
	if (own > 0 && cv_alist_find(w->net->nated, &p->bind) == 0 &&
	    cv_addr_host_eq(&p->bind, &p->advertise)) {
		cv_conf_complain(w->error,
				 pos_of(&w->conf->network.lan, w->net->lan, own, l->pos),
				 "lan: %s holds %s, the address of [listen %s], which "
				 "has side = wan",
				 cv_alist_text(w->net->lan, own),
				 cv_addr_print_host(&p->bind, text), l->name);
		w->err = EINVAL;
	}
	if (shown > 0 && !p->follows && !cv_addr_host_eq(&p->bind, &p->advertise)) {
		cv_conf_complain(
			w->error,
			pos_of(&w->conf->network.lan, w->net->lan, shown,
			       l->advertise.pos),
			"lan: %s holds %s, which [listen %s] shows to those outside",
			cv_alist_text(w->net->lan, shown),
			cv_addr_print_host(&p->advertise, text), l->name);
		w->err = EINVAL;
	}
}

static void warn_point(const struct work *w, const struct cv_point *p)
{
	const struct cv_conf_listen *l = &w->conf->listens[p->conf];
	size_t nated = cv_alist_find(w->net->nated, &p->advertise);
	char text[CV_ADDR_STRLEN];

	if (p->side == CV_SIDE_LAN && cv_alist_find(w->net->lan, &p->bind) == 0)
		cv_warn("conf", "side = lan but %s is not in lan listen=%s at=%s:%u",
			cv_addr_print_host(&p->bind, text), l->name, l->pos.file,
			l->pos.line);
	if (p->side == CV_SIDE_WAN && nated > 0 && !p->follows &&
	    !cv_addr_host_eq(&p->bind, &p->advertise))
		cv_warn("conf",
			"advertise is in nated, so nobody outside can reach it listen=%s "
			"advertise=%s nated=%s at=%s:%u",
			l->name, cv_addr_print_host(&p->advertise, text),
			cv_alist_text(w->net->nated, nated), l->advertise.pos.file,
			l->advertise.pos.line);
}

/* The mistake of a first set-up behind a NAT: a private address is shown outside */
static void warn_private(const struct work *w, const struct cv_point *p)
{
	const struct cv_conf_listen *l = &w->conf->listens[p->conf];
	char text[CV_ADDR_STRLEN];

	if (p->side == CV_SIDE_WAN && !p->source &&
	    cv_alist_find(w->net->nated, &p->bind) > 0)
		cv_warn("conf",
			"those outside are shown a private address; behind a NAT, say "
			"with advertise which is yours listen=%s address=%s at=%s:%u",
			l->name, cv_addr_print_host(&p->bind, text), l->pos.file,
			l->pos.line);
}

/* An IPv6 address to show for an IPv4 one, or the other way round. */
static void warn_family(const struct work *w, size_t listen)
{
	const struct cv_conf_listen *l = &w->conf->listens[listen];

	if (l->advertise.by == CV_SHOWN_SELF)
		return;

	for (size_t i = 0; i < w->net->pointc; ++i) {
		if (w->net->points[i].conf == listen && w->net->points[i].source)
			return;
	}

	cv_warn("conf",
		"advertise counts for nothing: it is of another IP version than the "
		"address listen=%s advertise=%s at=%s:%u",
		l->name, l->advertise.text, l->advertise.pos.file, l->advertise.pos.line);
}

/* One entry is one NAT: an address in two of them belongs to the later one. */
static void warn_overlap(const struct work *w, size_t n)
{
	const struct cv_conf_list *list = &w->conf->network.nat_systems;
	const struct cv_alist *l = w->net->nat_systems;
	size_t before = cv_alist_overlap(l, n);
	struct cv_conf_pos at = pos_of(list, l, n, w->conf->network.pos);

	if (before > 0)
		cv_warn("conf",
			"nat-systems overlap: what both hold counts as the later one's "
			"entry=%s other=%s at=%s:%u",
			cv_alist_text(l, n), cv_alist_text(l, before), at.file, at.line);
}

/* A whole LAN behind a NAT of its own isn't one. */
static void check_systems(struct work *w)
{
	const struct cv_conf_list *list = &w->conf->network.nat_systems;
	const struct cv_net *net = w->net;

	for (size_t i = 1; i <= cv_alist_count(net->nat_systems); ++i)
		warn_overlap(w, i);

	for (size_t i = 1; i <= cv_alist_count(net->lan); ++i) {
		size_t n = cv_alist_holds(net->nat_systems, net->lan, i);

		if (n == 0)
			continue;

		cv_conf_complain(
			w->error, pos_of(list, net->nat_systems, n, w->conf->network.pos),
			"nat-systems: %s holds all of lan %s: nobody would be in "
			"that lan",
			cv_alist_text(net->nat_systems, n), cv_alist_text(net->lan, i));
		w->err = EINVAL;
	}
}

int cv_plan_clash(const struct cv_net *net, const struct cv_conf *conf,
		  struct cv_buf *error)
{
	struct work w = {.net = net, .conf = conf, .error = error};

	for (size_t i = 0; i < net->pointc; ++i) {
		check_lan(&w, &net->points[i]);
		warn_point(&w, &net->points[i]);
		warn_private(&w, &net->points[i]);
	}
	for (size_t i = 0; i < conf->listenc; ++i)
		warn_family(&w, i);
	check_systems(&w);

	return w.err;
}
