/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In which order a request tries the next hops of its peer. Signalling thread.
 *
 * Among equals, targets that bear a weight or SRV records of one priority, the
 * first is drawn by weight, then the next of the rest, as RFC 2782 has it. What
 * is drawn follows from the request's key and a seed of the process, so that a
 * request asked again with credentials goes where it was challenged.
 */
#include "config.h"

#include <errno.h>

#include "base/hash.h"
#include "call/peers_int.h"

enum { HOPS = CV_PEERS_HOPS * CV_CONF_PEER_TARGETS };

/** Random numbers of one request. */
struct draws {
	uint64_t mix[2]; /* of its key; how many were taken */
};

/** Equals, or one alone, by index of target or first hop. */
struct choice {
	size_t at;
	unsigned weight;
};

/** The order as it grows. */
struct order {
	struct cv_peer_hop *v[HOPS];
	size_t c;
	struct draws draws;
};

static uint64_t draw(struct draws *d, uint64_t most)
{
	++d->mix[1];

	return cv_hash_bytes(d->mix, sizeof(d->mix)) % (most + 1);
}

/* RFC 2782: running sums; a number up to the whole sum chooses the first that reaches it.
 */
static void shuffle(struct choice *v, size_t c, struct draws *d)
{
	for (size_t i = 0; i + 1 < c; ++i) {
		uint64_t sum = 0, at;
		struct choice chosen;
		size_t n = i;

		for (size_t k = i; k < c; ++k)
			sum += v[k].weight;

		at = draw(d, sum);
		for (sum = v[n].weight; sum < at && n + 1 < c; sum += v[n].weight)
			++n;

		chosen = v[n];
		for (; n > i; --n)
			v[n] = v[n - 1];

		v[i] = chosen;
	}
}

/* Addresses of one record, in their order. */
static void add_record(struct order *o, const struct cv_peer_target *t, size_t at)
{
	for (size_t i = at; i < t->hopc && o->c < HOPS; ++i) {
		if (t->hops[i]->hop.record == t->hops[at]->hop.record)
			o->v[o->c++] = t->hops[i];
	}
}

/* Its records by priority, those of one priority by chance. */
static void add_target(struct order *o, const struct cv_peer_target *t)
{
	struct choice v[CV_PEERS_HOPS];
	size_t i = 0;

	while (i < t->hopc) {
		uint16_t priority = t->hops[i]->hop.priority;
		size_t c = 0;

		for (; i < t->hopc && t->hops[i]->hop.priority == priority; ++i) {
			const struct cv_hop *h = &t->hops[i]->hop;

			if (c > 0 && t->hops[v[c - 1].at]->hop.record == h->record)
				continue;

			v[c++] = (struct choice){i, h->weight};
		}

		shuffle(v, c, &o->draws);
		for (size_t k = 0; k < c; ++k)
			add_record(o, t, v[k].at);
	}
}

/* Targets in their order; neighbours that have a weight by chance. */
static void add_peer(struct order *o, const struct cv_peer *p)
{
	struct choice v[CV_CONF_PEER_TARGETS];
	size_t i = 0;

	while (i < p->targetc) {
		bool weighs = p->targets[i]->conf->weight > 0;
		size_t c = 0;

		do {
			v[c++] = (struct choice){i, p->targets[i]->conf->weight};
			++i;
		} while (weighs && i < p->targetc && p->targets[i]->conf->weight > 0);

		shuffle(v, c, &o->draws);
		for (size_t k = 0; k < c; ++k)
			add_target(o, p->targets[v[k].at]);
	}
}

enum rank { PREFERRED = 0, WELL, DOWN, RANKS };

static enum rank rank_of(const struct cv_peer *p, const struct cv_peer_hop *h)
{
	if (h->state == CV_HOP_DOWN)
		return DOWN;

	return h->hop.transport == p->preferred.transport &&
			       cv_addr_eq(&h->hop.addr, &p->preferred.addr)
		       ? PREFERRED
		       : WELL;
}

/* What waits for its first answer is not what can't be reached. */
static int none(const struct cv_peer *p)
{
	for (size_t i = 0; i < p->targetc; ++i) {
		if (p->targets[i]->conf->host && !p->targets[i]->asked)
			return EAGAIN;
	}

	return EHOSTUNREACH;
}

int cv_peers_hops(struct cv_peers *ps, const char *peer, struct cv_str key,
		  struct cv_hop *v, size_t max, size_t *c)
{
	struct cv_peer *p = cv_peer_find(ps, peer);
	struct order o = {.c = 0};
	size_t n = 0;

	if (!p || max == 0)
		return EHOSTUNREACH;

	o.draws.mix[0] = key.len > 0 ? cv_hash_bytes(key.p, key.len) : ++ps->draws;
	add_peer(&o, p);
	if (o.c == 0)
		return none(p);

	for (enum rank r = PREFERRED; r < RANKS; ++r) {
		for (size_t i = 0; i < o.c && n < max; ++i) {
			if (rank_of(p, o.v[i]) == r)
				v[n++] = o.v[i]->hop;
		}
	}

	*c = n;

	return 0;
}
