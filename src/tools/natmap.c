/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings and permits of one box. Two tables find a mapping: by the inside
 * endpoint and as much of the remote one as the box looks at, and by the
 * outside endpoint, which is unique. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tools/natcore_int.h"

enum {
	PORTS_TRIED = 64, /* random ports that are looked at before they are walked */
	SWEEP = 64,       /* mappings that live which a sweep looks beyond */
};

static void mapping_fini(void *obj)
{
	struct mapping *m = obj;

	free(m->permits);
}

static void drop(struct cv_nat *n, struct mapping *m)
{
	cv_hash_del(&m->by_in);
	cv_hash_del(&m->by_out);
	cv_list_del(&m->node);
	--n->mappingc;
	cv_mem_unref(m);
}

void cv_nat_reset(struct cv_nat *n)
{
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &n->list)
		drop(n, CV_CONTAINER(node, struct mapping, node));

	memset(n->parts, 0, sizeof(n->parts));
}

size_t cv_nat_drop(struct cv_nat *n, enum cv_natpkt_kind kind,
		   const struct cv_addr *inside)
{
	struct cv_list *node, *tmp;
	size_t c = 0;

	CV_LIST_FOREACH (node, tmp, &n->list) {
		struct mapping *m = CV_CONTAINER(node, struct mapping, node);

		if (m->kind != kind || !cv_addr_eq(&m->inside, inside))
			continue;

		drop(n, m);
		++c;
	}

	return c;
}

/* xorshift64*: the same seed gives the same box again */
static uint32_t draw(struct cv_nat *n, uint32_t below)
{
	n->random ^= n->random >> 12;
	n->random ^= n->random << 25;
	n->random ^= n->random >> 27;

	return (uint32_t)((n->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static uint32_t idle_ms(const struct cv_nat *n, enum cv_natpkt_kind kind)
{
	switch (kind) {
	case CV_NATPKT_UDP:
		return n->t.udp_idle_ms;
	case CV_NATPKT_TCP:
		return n->t.tcp_idle_ms;
	default:
		return n->t.icmp_idle_ms;
	}
}

static bool is_over(const struct cv_nat *n, const struct mapping *m, uint64_t now_ms)
{
	return now_ms - m->used_ms >= idle_ms(n, m->kind);
}

/* The remote as far as a kind of dependence looks at it; an echo has no port there. */
static struct cv_addr as_seen_by(enum cv_nat_kind by, enum cv_natpkt_kind kind,
				 const struct cv_addr *remote)
{
	struct cv_addr a = *remote;

	if (by == CV_NAT_NONE || by == CV_NAT_EI)
		return (struct cv_addr){0};
	if (by == CV_NAT_AD || kind == CV_NATPKT_ECHO)
		a.port = 0;

	return a;
}

static void key_of(struct key *k, enum cv_natpkt_kind kind, const struct cv_addr *a,
		   const struct cv_addr *to)
{
	*k = (struct key){.kind = (uint8_t)kind, .family = (uint8_t)a->family};
	k->port[0] = (uint8_t)(a->port >> 8);
	k->port[1] = (uint8_t)a->port;
	memcpy(k->ip, a->ip.bytes, sizeof(k->ip));
	k->to_port[0] = (uint8_t)(to->port >> 8);
	k->to_port[1] = (uint8_t)to->port;
	memcpy(k->to_ip, to->ip.bytes, sizeof(k->to_ip));
}

static struct cv_str key_text(const struct key *k)
{
	return cv_str_make((const char *)k, sizeof(*k));
}

/* The mapping a table has under a key; one that is over goes. */
static struct mapping *find(struct cv_nat *n, const struct cv_hash *table,
			    const struct key *k, uint64_t now_ms)
{
	const struct cv_hash_node *node = cv_hash_find(table, key_text(k));
	struct mapping *m = node ? node->obj : NULL;

	if (!m || !is_over(n, m, now_ms))
		return m;

	drop(n, m);

	return NULL;
}

struct mapping *cv_natmap_by_inside(struct cv_nat *n, enum cv_natpkt_kind kind,
				    const struct cv_addr *inside,
				    const struct cv_addr *remote, uint64_t now_ms)
{
	struct cv_addr to = as_seen_by(n->t.map, kind, remote);
	struct key k;

	key_of(&k, kind, inside, &to);

	return find(n, n->by_in, &k, now_ms);
}

struct mapping *cv_natmap_by_outside(struct cv_nat *n, enum cv_natpkt_kind kind,
				     const struct cv_addr *outside, uint64_t now_ms)
{
	struct key k;

	key_of(&k, kind, outside, &(struct cv_addr){0});

	return find(n, n->by_out, &k, now_ms);
}

/* The list is in order of use, so those that are over stand at its front. Mappings of
 * other protocols live longer: a few are looked at beyond the first that lives. */
static void sweep(struct cv_nat *n, uint64_t now_ms)
{
	struct cv_list *node, *tmp;
	unsigned alive = 0;

	CV_LIST_FOREACH (node, tmp, &n->list) {
		struct mapping *m = CV_CONTAINER(node, struct mapping, node);

		if (is_over(n, m, now_ms))
			drop(n, m);
		else if (++alive == SWEEP)
			break;
	}
}

void cv_natmap_use(struct cv_nat *n, struct mapping *m, uint64_t now_ms)
{
	m->used_ms = now_ms;
	cv_list_del(&m->node);
	cv_list_add(&n->list, &m->node);
}

/* The outside address that new mappings of @p inside would get; unset: none of its
 * family. */
static void face_of(struct cv_nat *n, const struct cv_addr *inside, struct cv_addr *face)
{
	size_t v[CV_NAT_OUTSIDES], c = 0;

	*face = (struct cv_addr){0};
	if (n->t.map == CV_NAT_NONE) {
		*face = *inside;
		face->port = 0;
		return;
	}

	for (size_t i = 0; i < n->t.outsidec; ++i) {
		if (n->t.outside[i].family == inside->family)
			v[c++] = i;
	}

	if (c == 0)
		return;
	if (n->t.pool_random)
		*face = n->t.outside[v[draw(n, (uint32_t)c)]];
	else /* RFC 4787 4.1 REQ-2: one host, one face */
		*face = n->t.outside
				[v[inside->ip.bytes[inside->family == AF_INET ? 3 : 15] %
				   c]];
}

static int pick_port(struct cv_nat *n, const struct cv_natpkt *k, uint64_t now_ms,
		     struct cv_addr *outside)
{
	uint32_t span = (uint32_t)n->t.port_hi - n->t.port_lo + 1, at;

	outside->port = k->src.port;
	if ((n->t.preserve || n->t.map == CV_NAT_NONE) &&
	    !cv_natmap_by_outside(n, k->kind, outside, now_ms))
		return 0;
	if (n->t.map == CV_NAT_NONE)
		return ENOSPC;

	for (int i = 0; i < PORTS_TRIED; ++i) {
		outside->port = (uint16_t)(n->t.port_lo + draw(n, span));
		if (!cv_natmap_by_outside(n, k->kind, outside, now_ms))
			return 0;
	}

	at = draw(n, span);
	for (uint32_t i = 0; i < span; ++i) {
		outside->port = (uint16_t)(n->t.port_lo + (at + i) % span);
		if (!cv_natmap_by_outside(n, k->kind, outside, now_ms))
			return 0;
	}

	return ENOSPC;
}

int cv_natmap_new(struct mapping **mp, struct cv_nat *n, const struct cv_natpkt *k,
		  uint64_t now_ms)
{
	struct cv_addr to = as_seen_by(n->t.map, k->kind, &k->dst), face;
	struct mapping *m;
	int err;

	sweep(n, now_ms);
	face_of(n, &k->src, &face);
	if (!cv_addr_is_set(&face))
		return EAFNOSUPPORT;
	if (n->mappingc == CV_NAT_MAPPINGS)
		return ENOSPC;

	err = pick_port(n, k, now_ms, &face);
	if (err)
		return err;

	m = cv_mem_new(sizeof(*m), mapping_fini);
	if (!m)
		return ENOMEM;

	m->kind = k->kind;
	m->inside = k->src;
	m->outside = face;
	m->used_ms = now_ms;
	key_of(&m->in_key, k->kind, &m->inside, &to);
	key_of(&m->out_key, k->kind, &m->outside, &(struct cv_addr){0});
	cv_hash_add(n->by_in, &m->by_in, key_text(&m->in_key), m);
	cv_hash_add(n->by_out, &m->by_out, key_text(&m->out_key), m);
	cv_list_add(&n->list, &m->node);
	++n->mappingc;
	*mp = m;

	return 0;
}

/* The permit that @p remote has; NULL: none that still holds. */
struct permit *cv_natmap_permit_of(const struct cv_nat *n, const struct mapping *m,
				   const struct cv_addr *remote, uint64_t now_ms)
{
	struct cv_addr as = as_seen_by(n->t.filter, m->kind, remote);

	for (size_t i = 0; i < m->permitc; ++i) {
		struct permit *p = &m->permits[i];

		if (cv_addr_eq(&p->remote, &as) &&
		    now_ms - p->used_ms < idle_ms(n, m->kind))
			return p;
	}

	return NULL;
}

/* Where a new permit goes: a free place, or that of the one used longest ago. */
static struct permit *permit_room(struct mapping *m)
{
	struct permit *oldest = m->permits;

	if (m->permitc == m->permits_size && m->permits_size < CV_NAT_PERMITS) {
		size_t size = m->permits_size ? 2 * m->permits_size : 4;
		struct permit *v = cv_mem_realloc(m->permits, size, sizeof(*v));

		if (v) {
			m->permits = v;
			m->permits_size = size;
		}
	}

	if (m->permitc < m->permits_size)
		return &m->permits[m->permitc++];

	for (size_t i = 1; i < m->permitc; ++i) {
		if (m->permits[i].used_ms < oldest->used_ms)
			oldest = &m->permits[i];
	}

	return oldest;
}

void cv_natmap_permit(const struct cv_nat *n, struct mapping *m,
		      const struct cv_addr *remote, uint64_t now_ms)
{
	struct permit *p = cv_natmap_permit_of(n, m, remote, now_ms);

	if (!p) {
		p = permit_room(m);
		if (!p)
			return; /* memory is out: who answers is kept out */

		p->remote = as_seen_by(n->t.filter, m->kind, remote);
	}

	p->used_ms = now_ms;
}

int cv_nat_find(struct cv_nat *n, enum cv_natpkt_kind kind, const struct cv_addr *inside,
		const struct cv_addr *remote, uint64_t now_ms, struct cv_addr *outside)
{
	const struct mapping *m = cv_natmap_by_inside(n, kind, inside, remote, now_ms);

	if (!m)
		return ENOENT;

	*outside = m->outside;

	return 0;
}

static void show_permits(const struct cv_nat *n, const struct mapping *m, uint64_t now_ms,
			 struct cv_out *out)
{
	char text[CV_ADDR_STRLEN];
	struct cv_buf b = {0};

	for (size_t i = 0; i < m->permitc; ++i) {
		const struct permit *p = &m->permits[i];

		if (now_ms - p->used_ms >= idle_ms(n, m->kind))
			continue;

		cv_buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
			      cv_addr_is_set(&p->remote) ? cv_addr_print(&p->remote, text)
							 : "any");
	}

	cv_out_str(out, "permits", "%s", b.p ? b.p : "");
	cv_buf_free(&b);
}

void cv_nat_show(const struct cv_nat *n, uint64_t now_ms, struct cv_out *out)
{
	char text[CV_ADDR_STRLEN];
	struct cv_list *node, *tmp;

	cv_out_list(out, "mappings");
	CV_LIST_FOREACH (node, tmp, &n->list) {
		const struct mapping *m = CV_CONTAINER(node, struct mapping, node);

		if (is_over(n, m, now_ms))
			continue;

		cv_out_item(out);
		cv_out_str(out, "proto", "%s", cv_natpkt_kind_name(m->kind));
		cv_out_str(out, "inside", "%s", cv_addr_print(&m->inside, text));
		cv_out_str(out, "outside", "%s", cv_addr_print(&m->outside, text));
		cv_out_num(out, "left_ms",
			   (int64_t)(idle_ms(n, m->kind) - (now_ms - m->used_ms)));
		show_permits(n, m, now_ms, out);
		cv_out_end(out);
	}
	cv_out_end(out);
}
