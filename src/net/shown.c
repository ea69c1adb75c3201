/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses that listening points show, as they change at run time: each
 * change is a copy of the net, which replaces the one in use. Pure but for the
 * clock; signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/place.h"

enum { MS_A_S = 1000 };

int cv_net_copy(struct cv_net **np, const struct cv_net *net)
{
	size_t groups = cv_alist_count(net->lan);
	struct cv_net *copy;
	int err;

	err = cv_net_new(&copy);
	if (err)
		return err;

	memcpy(copy->points, net->points, sizeof(copy->points));
	memcpy(copy->was, net->was, sizeof(copy->was));
	copy->pointc = net->pointc;
	copy->same_nat_direct = net->same_nat_direct;
	if (net->lan_group)
		copy->lan_group = cv_mem_zalloc(groups + 1, 1);
	if (net->lan_group && !copy->lan_group) {
		cv_mem_unref(copy);
		return ENOMEM;
	}

	if (net->lan_group)
		memcpy(copy->lan_group, net->lan_group, groups);
	cv_mem_unref(copy->lan);
	cv_mem_unref(copy->nated);
	cv_mem_unref(copy->nat_systems);
	copy->lan = cv_mem_ref(net->lan);
	copy->nated = cv_mem_ref(net->nated);
	copy->nat_systems = cv_mem_ref(net->nat_systems);
	*np = copy;

	return 0;
}

/* In the place of what ends first. */
static void remember(struct cv_net *net, const struct cv_addr *a)
{
	struct cv_was_ours *to = &net->was[0];

	for (size_t i = 0; i < CV_NET_WAS; ++i) {
		if (cv_addr_host_eq(&net->was[i].addr, a)) {
			to = &net->was[i];
			break;
		}
		if (net->was[i].until_ms < to->until_ms)
			to = &net->was[i];
	}

	to->addr = *a;
	to->until_ms = cv_clock_ms() + CV_NET_WAS_MS;
}

static void show(struct cv_net *net, size_t n, const struct cv_addr *a)
{
	struct cv_point *p = &net->points[n];

	p->advertise = *a;
	p->advertise.port = 0;
	if (!p->is_apart)
		p->media_adv = p->advertise;
}

void cv_net_advertise(struct cv_net *net, size_t n, const struct cv_addr *a)
{
	struct cv_point *p = &net->points[n];

	if (!cv_addr_host_eq(&p->advertise, a) &&
	    !cv_addr_host_eq(&p->advertise, &p->bind))
		remember(net, &p->advertise);

	show(net, n, a);
	p->since_ms = cv_clock_ms();
	p->source_err = 0;
}

void cv_net_inherit(struct cv_net *net, const struct cv_net *old)
{
	memcpy(net->was, old->was, sizeof(net->was));
	for (size_t i = 0; i < net->pointc && i < old->pointc; ++i) {
		const struct cv_point *was = &old->points[i];
		struct cv_point *p = &net->points[i];

		if (!p->follows) {
			if (!cv_addr_host_eq(&p->advertise, &was->advertise))
				remember(net, &was->advertise);
			continue;
		}

		p->advertise = was->advertise;
		p->media_adv = was->media_adv;
		if (was->source && strcmp(p->source, was->source) == 0) {
			p->since_ms = was->since_ms;
			p->source_err = was->source_err;
		}
	}
}

uint64_t cv_net_changed(const struct cv_net *a, const struct cv_net *b)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < a->pointc && i < b->pointc; ++i) {
		const struct cv_point *p = &a->points[i], *q = &b->points[i];

		if (!cv_addr_host_eq(&p->advertise, &q->advertise) ||
		    !cv_addr_host_eq(&p->media_adv, &q->media_adv))
			bits |= UINT64_C(1) << i;
	}

	return bits;
}

bool cv_net_was_ours(const struct cv_net *net, const struct cv_addr *a)
{
	for (size_t i = 0; i < CV_NET_WAS; ++i) {
		if (cv_addr_is_set(&net->was[i].addr) &&
		    cv_addr_host_eq(&net->was[i].addr, a))
			return net->was[i].until_ms > cv_clock_ms();
	}

	return false;
}

void cv_net_tell_shown(const struct cv_net *net, uint8_t listen, struct cv_evid *ev)
{
	const struct cv_point *p = &net->points[listen < net->pointc ? listen : 0];
	char shown[CV_ADDR_STRLEN], own[CV_ADDR_STRLEN];

	if (!ev || listen >= net->pointc || !p->source)
		return;

	cv_addr_print_host(&p->advertise, shown);
	cv_addr_print_host(&p->bind, own);
	if (!p->follows)
		cv_evid_add(ev, "address shown", shown,
			    "[listen %s] advertise = %s; its own is %s", p->name,
			    p->source, own);
	else if (p->since_ms == 0)
		cv_evid_add(ev, "address shown", shown,
			    "[listen %s] advertise = %s, which has not answered yet",
			    p->name, p->source);
	else
		cv_evid_add(ev, "address shown", shown,
			    "[listen %s] advertise = %s, which says so for %llu s; its "
			    "own is %s",
			    p->name, p->source,
			    (unsigned long long)((cv_clock_ms() - p->since_ms) / MS_A_S),
			    own);
}
