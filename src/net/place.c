/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The place of a party, and what follows from the declared network: which
 * listening point faces an address, which hosts count as one, where media can
 * be sent. Pure; the signalling thread calls it, the net it reads is const.
 */
#include "config.h"

#include "net/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* What decided: the place and, for far by a written address, which one */
struct verdict {
	enum cv_side side;
	enum { BY_YES = 0, BY_SYSTEM, BY_LAN, BY_WRITTEN, BY_NO, BY_SAME, BY_REST } by;
	size_t entry; /* of the list that decided */
	const struct cv_written *written;
};

static void net_fini(void *obj)
{
	struct cv_net *net = obj;

	cv_mem_unref(net->lan);
	cv_mem_unref(net->nated);
	cv_mem_unref(net->nat_systems);
	free(net->lan_group);
}

int cv_net_new(struct cv_net **np)
{
	struct cv_net *net;
	int err;

	if (!np)
		return EINVAL;

	net = cv_mem_new(sizeof(*net), net_fini);
	if (!net)
		return ENOMEM;

	err = cv_alist_new(&net->lan);
	if (!err)
		err = cv_alist_new(&net->nated);
	if (!err)
		err = cv_alist_new(&net->nat_systems);
	if (err) {
		cv_mem_unref(net);
		return err;
	}

	*np = net;

	return 0;
}

/* CG-8: the first written address that is private to somebody while its packet is not */
static const struct cv_written *hidden(const struct cv_net *net,
				       const struct cv_place_query *q, size_t *entry)
{
	if (cv_alist_find(net->nated, &q->seen) > 0)
		return NULL;

	for (size_t i = 0; i < q->writtenc && i < CV_PLACE_WRITTEN; ++i) {
		const struct cv_written *w = &q->written[i];

		*entry = cv_alist_find(net->nated, &w->addr);
		if (*entry > 0 && !cv_addr_host_eq(&w->addr, &q->seen))
			return w;
	}

	return NULL;
}

/* A written address that equals the source: the best evidence of no NAT */
static const struct cv_written *plain(const struct cv_place_query *q)
{
	for (size_t i = 0; i < q->writtenc && i < CV_PLACE_WRITTEN; ++i) {
		if (cv_addr_is_set(&q->written[i].addr) &&
		    cv_addr_host_eq(&q->written[i].addr, &q->seen))
			return &q->written[i];
	}

	return NULL;
}

/* The operator's word first, then the lists from the narrowest to the widest claim */
static struct verdict judge(const struct cv_net *net, const struct cv_place_query *q)
{
	size_t lan = cv_alist_find(net->lan, &q->seen);
	struct verdict v = {CV_SIDE_FAR, BY_YES, 0, NULL};

	if (q->nat == CV_PLACE_NAT_YES)
		return v;

	v.entry = cv_alist_find(net->nat_systems, &q->seen);
	v.by = BY_SYSTEM;
	if (v.entry > 0 && q->nat != CV_PLACE_NAT_NO)
		return v;

	v.side = CV_SIDE_LAN;
	v.by = BY_LAN;
	v.entry = lan;
	if (lan > 0)
		return v;

	v.side = CV_SIDE_WAN;
	v.by = BY_NO;
	if (q->nat == CV_PLACE_NAT_NO)
		return v;

	v.written = hidden(net, q, &v.entry);
	if (v.written) {
		v.side = CV_SIDE_FAR;
		v.by = BY_WRITTEN;
		return v;
	}

	v.written = plain(q);
	v.by = v.written ? BY_SAME : BY_REST;

	return v;
}

static void tell(const struct cv_net *net, const struct cv_place_query *q,
		 const struct verdict *v, struct cv_evid *ev)
{
	char seen[CV_ADDR_STRLEN], wrote[CV_ADDR_STRLEN] = "";
	const char *side = cv_side_name(v->side);
	char what[64];

	if (!ev)
		return;

	(void)snprintf(what, sizeof(what), "place of %s", q->party ? q->party : "party");
	cv_addr_print_host(&q->seen, seen);
	if (v->written)
		cv_addr_print_host(&v->written->addr, wrote);

	switch (v->by) {
	case BY_YES:
		cv_evid_add(ev, what, side,
			    "the peer says nat = yes; packet came from %s", seen);
		break;
	case BY_SYSTEM:
		cv_evid_add(ev, what, side, "packet came from %s, in nat-systems %s",
			    seen, cv_alist_text(net->nat_systems, v->entry));
		break;
	case BY_LAN:
		cv_evid_add(ev, what, side, "packet came from %s, in lan %s", seen,
			    cv_alist_text(net->lan, v->entry));
		break;
	case BY_WRITTEN:
		cv_evid_add(ev, what, side,
			    "%s says %s, in nated %s; packet came from %s, which is not",
			    v->written->where, wrote, cv_alist_text(net->nated, v->entry),
			    seen);
		break;
	case BY_NO:
		cv_evid_add(ev, what, side,
			    "the peer says nat = no; packet came from %s, not in lan",
			    seen);
		break;
	case BY_SAME:
		cv_evid_add(ev, what, side,
			    "%s says %s, which is where the packet came from",
			    v->written->where, wrote);
		break;
	case BY_REST:
		cv_evid_add(
			ev, what, side,
			"packet came from %s, not in lan or nat-systems, and no nated "
			"address was written that differs from it",
			seen);
		break;
	}
}

void cv_place_of(const struct cv_net *net, const struct cv_place_query *q,
		 struct cv_place *place, struct cv_evid *ev)
{
	struct verdict v;

	if (!net || !q || !place)
		return;

	v = judge(net, q);
	*place = (struct cv_place){
		.side = v.side,
		.seen = q->seen,
		.family = q->seen.family,
		.listen = q->listen,
		.nat_entry = (uint16_t)cv_alist_find(net->nat_systems, &q->seen),
	};
	if (q->listen >= net->pointc)
		place->listen = cv_place_point(net, &q->seen, NULL);
	if (v.side == CV_SIDE_LAN && net->lan_group)
		place->lan_group = net->lan_group[v.entry - 1];

	tell(net, q, &v, ev);
	cv_net_tell_shown(net, place->listen, ev);
}

bool cv_net_is_far(const struct cv_net *net, const struct cv_addr *a,
		   enum cv_place_nat nat)
{
	const struct cv_place_query q = {.seen = *a, .nat = nat};

	return judge(net, &q).side == CV_SIDE_FAR;
}

uint8_t cv_place_point(const struct cv_net *net, const struct cv_addr *to,
		       const struct cv_addr *source)
{
	uint8_t best = CV_LISTEN_NONE;
	unsigned most = 0;
	enum cv_side side;

	if (!net || !to || !cv_addr_is_set(to))
		return CV_LISTEN_NONE;

	side = cv_alist_find(net->lan, to) > 0 ? CV_SIDE_LAN : CV_SIDE_WAN;
	for (size_t i = 0; i < net->pointc; ++i) {
		const struct cv_point *p = &net->points[i];
		unsigned speaks = 1; /* for it */

		if (p->bind.family != to->family)
			continue;
		if (source && cv_addr_is_set(source) && cv_addr_host_eq(&p->bind, source))
			speaks += 2;
		if (p->side == side)
			speaks += 1;
		if (speaks <= most)
			continue;

		most = speaks;
		best = (uint8_t)i;
	}

	return best;
}

bool cv_net_is_ours(const struct cv_net *net, const struct cv_addr *a)
{
	if (!net || !cv_addr_is_set(a))
		return false;

	for (size_t i = 0; i < net->pointc; ++i) {
		const struct cv_point *p = &net->points[i];

		if (cv_addr_host_eq(&p->bind, a) || cv_addr_host_eq(&p->advertise, a) ||
		    cv_addr_host_eq(&p->media, a) || cv_addr_host_eq(&p->media_adv, a))
			return true;
	}

	return cv_net_was_ours(net, a);
}

struct cv_addr cv_net_inward(const struct cv_net *net, const struct cv_addr *a)
{
	struct cv_addr in = *a;

	for (size_t i = 0; i < net->pointc; ++i) {
		if (!cv_addr_host_eq(&net->points[i].media_adv, a))
			continue;

		in = net->points[i].media;
		in.port = a->port;
		break;
	}

	return in;
}

bool cv_net_is_same_host(const struct cv_net *net, const struct cv_addr *a,
			 const struct cv_addr *b)
{
	size_t entry;

	if (!net || !cv_addr_is_set(a) || !cv_addr_is_set(b))
		return false;
	if (cv_addr_host_eq(a, b))
		return true;

	entry = cv_alist_find(net->nat_systems, a);

	return entry > 0 && entry == cv_alist_find(net->nat_systems, b);
}

/* Media on loopback makes sense only where we stand on loopback ourselves */
static bool has_loopback(const struct cv_net *net, sa_family_t family)
{
	for (size_t i = 0; i < net->pointc; ++i) {
		if (net->points[i].media.family == family &&
		    cv_addr_kind(&net->points[i].media) == CV_ADDR_LOOPBACK)
			return true;
	}

	return false;
}

bool cv_net_is_routable(const struct cv_net *net, const struct cv_addr *a,
			enum cv_side side)
{
	if (!net || !a)
		return false;

	switch (cv_addr_kind(a)) {
	case CV_ADDR_UNSET:
	case CV_ADDR_ANY:
	case CV_ADDR_MULTICAST:
		return false;
	case CV_ADDR_LOOPBACK:
		if (!has_loopback(net, a->family))
			return false;
		break;
	case CV_ADDR_LINKLOCAL:
		if (a->family == AF_INET6 && a->scope == 0)
			return false;
		break;
	case CV_ADDR_PUBLIC:
	case CV_ADDR_PRIVATE:
	case CV_ADDR_CGNAT:
		break;
	}

	return side != CV_SIDE_FAR || cv_alist_find(net->nated, a) == 0;
}
