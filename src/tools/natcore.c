/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of a packet: rules, mapping, permit, hairpin, errors about
 * other packets, parts of packets. One thread.
 */
#include "config.h"

#include "tools/natcore.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "tools/natcore_int.h"

enum {
	PART_LIFE_MS = 2000,
	PORT_LO = 1024,
	PORT_HI = 65535,
	UDP_IDLE_MS = 120000,  /* RFC 4787 4.3 */
	TCP_IDLE_MS = 7440000, /* RFC 5382 5 */
	ICMP_IDLE_MS = 60000,  /* RFC 5508 3.2 */
};

static void nat_fini(void *obj)
{
	struct cv_nat *n = obj;

	cv_nat_reset(n);
	cv_mem_unref(n->by_in);
	cv_mem_unref(n->by_out);
}

void cv_nat_traits_init(struct cv_nat_traits *t)
{
	*t = (struct cv_nat_traits){
		.map = CV_NAT_EI,
		.filter = CV_NAT_APD,
		.preserve = true,
		.port_lo = PORT_LO,
		.port_hi = PORT_HI,
		.udp_idle_ms = UDP_IDLE_MS,
		.tcp_idle_ms = TCP_IDLE_MS,
		.icmp_idle_ms = ICMP_IDLE_MS,
		.seed = 1,
	};
}

int cv_nat_new(struct cv_nat **np, const struct cv_nat_traits *t)
{
	struct cv_nat *n;
	int err;

	if (!np || !t || t->port_lo == 0 || t->port_lo > t->port_hi ||
	    t->outsidec > CV_NAT_OUTSIDES || t->rulec > CV_NAT_RULES ||
	    (t->map != CV_NAT_NONE) != (t->outsidec > 0))
		return EINVAL;

	n = cv_mem_new(sizeof(*n), nat_fini);
	if (!n)
		return ENOMEM;

	n->t = *t;
	n->random = t->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	cv_list_init(&n->list);
	err = cv_hash_new(&n->by_in);
	if (!err)
		err = cv_hash_new(&n->by_out);

	if (err)
		cv_mem_unref(n);
	else
		*np = n;

	return err;
}

static bool is_blocked(const struct cv_nat *n, const struct cv_natpkt *k)
{
	bool blocked = false;

	for (size_t i = 0; i < n->t.rulec; ++i) {
		const struct cv_nat_rule *r = &n->t.rules[i];

		if (r->kind != k->kind || (k->kind != CV_NATPKT_ECHO &&
					   (k->dst.port < r->lo || k->dst.port > r->hi)))
			continue;
		if (r->allow)
			return false;

		blocked = true;
	}

	return blocked;
}

static bool is_own(const struct cv_nat *n, const struct cv_addr *a)
{
	for (size_t i = 0; i < n->t.outsidec; ++i) {
		if (cv_addr_host_eq(&n->t.outside[i], a))
			return true;
	}

	return false;
}

static enum cv_nat_verdict count(uint64_t *counter, enum cv_nat_verdict v)
{
	++*counter;

	return v;
}

/* ---- parts of packets */

static bool is_part_of(const struct part *p, const struct cv_natpkt *k, uint64_t now_ms)
{
	return p->verdict != CV_NAT_DROP && p->id == k->part_id && p->proto == k->proto &&
	       now_ms - p->at_ms < PART_LIFE_MS && cv_addr_host_eq(&p->src, &k->src) &&
	       cv_addr_host_eq(&p->dst, &k->dst);
}

/* A later part goes the way of the first; one that overtakes it is lost. */
static enum cv_nat_verdict part_follow(struct cv_nat *n, struct cv_natpkt *k,
				       uint64_t now_ms)
{
	for (size_t i = 0; i < CV_NAT_PARTS; ++i) {
		const struct part *p = &n->parts[i];

		if (!is_part_of(p, k, now_ms))
			continue;

		cv_natpkt_set_src(k, &p->new_src);
		cv_natpkt_set_dst(k, &p->new_dst);

		return p->verdict;
	}

	return CV_NAT_DROP;
}

static void part_note(struct cv_nat *n, const struct cv_natpkt *was,
		      const struct cv_natpkt *is, enum cv_nat_verdict v, uint64_t now_ms)
{
	struct part *p = &n->parts[n->next_part];

	if (is->part != CV_NATPKT_FIRST || v == CV_NAT_DROP)
		return;

	n->next_part = (n->next_part + 1) % CV_NAT_PARTS;
	*p = (struct part){was->src,    was->dst,  is->src, is->dst,
			   is->part_id, is->proto, v,       now_ms};
}

/* ---- from outside */

/* An error is about a packet that one of our mappings sent: back to who sent it. */
static enum cv_nat_verdict error_in(struct cv_nat *n, struct cv_natpkt *k,
				    uint64_t now_ms)
{
	struct cv_natpkt inner;
	struct mapping *m;

	if (cv_natpkt_inner(k, &inner))
		return count(&n->counts.bad, CV_NAT_DROP);

	m = cv_natmap_by_outside(n, inner.kind, &inner.src, now_ms);
	if (!m || !cv_addr_host_eq(&k->dst, &inner.src))
		return count(&n->counts.unmapped, CV_NAT_DROP);

	cv_natpkt_set_src(&inner, &m->inside);
	cv_natpkt_set_dst(k, &m->inside);
	cv_natpkt_seal(k);

	return count(&n->counts.in, CV_NAT_PASS);
}

/* To a mapping of ours, from who may. */
static enum cv_nat_verdict deliver(struct cv_nat *n, struct cv_natpkt *k, uint64_t now_ms)
{
	struct mapping *m = cv_natmap_by_outside(n, k->kind, &k->dst, now_ms);
	struct permit *p;

	if (!m) {
		/* a firewall that keeps nothing out needs no mapping */
		if (n->t.map == CV_NAT_NONE && n->t.filter == CV_NAT_NONE)
			return CV_NAT_PASS;

		return count(&n->counts.unmapped, CV_NAT_DROP);
	}

	p = cv_natmap_permit_of(n, m, &k->src, now_ms);
	if (!p && n->t.filter != CV_NAT_NONE)
		return count(&n->counts.filtered, CV_NAT_DROP);

	if (n->t.refresh_in) {
		cv_natmap_use(n, m, now_ms);
		if (p)
			p->used_ms = now_ms;
	}

	cv_natpkt_set_dst(k, &m->inside);

	return CV_NAT_PASS;
}

enum cv_nat_verdict cv_nat_in(struct cv_nat *n, struct cv_natpkt *k, uint64_t now_ms)
{
	const struct cv_natpkt was = *k;
	enum cv_nat_verdict v;

	if (!cv_natpkt_hop(k))
		return count(&n->counts.bad, CV_NAT_DROP);
	if (k->part == CV_NATPKT_LATER)
		v = part_follow(n, k, now_ms);
	else if (k->kind == CV_NATPKT_ERROR)
		return error_in(n, k, now_ms);
	else if (k->kind == CV_NATPKT_OTHER)
		return count(&n->counts.bad, CV_NAT_DROP);
	else
		v = deliver(n, k, now_ms);

	part_note(n, &was, k, v, now_ms);

	return v == CV_NAT_PASS ? count(&n->counts.in, v) : v;
}

/* ---- from inside */

static enum cv_nat_verdict error_out(struct cv_nat *n, struct cv_natpkt *k,
				     uint64_t now_ms)
{
	struct cv_natpkt inner;
	struct mapping *m;

	if (cv_natpkt_inner(k, &inner))
		return count(&n->counts.bad, CV_NAT_DROP);

	m = cv_natmap_by_inside(n, inner.kind, &inner.dst, &inner.src, now_ms);
	if (!m)
		return count(&n->counts.unmapped, CV_NAT_DROP);

	cv_natpkt_set_dst(&inner, &m->outside);
	cv_natpkt_set_src(k, &m->outside);
	cv_natpkt_seal(k);

	return count(&n->counts.out, CV_NAT_PASS);
}

/* To an outside address of our own: comes back in, with its outside face (RFC 4787 6). */
static enum cv_nat_verdict turn(struct cv_nat *n, struct cv_natpkt *k, uint64_t now_ms)
{
	enum cv_nat_verdict v;

	if (!n->t.hairpin)
		return count(&n->counts.hairpins, CV_NAT_DROP);

	v = deliver(n, k, now_ms);

	return v == CV_NAT_PASS ? count(&n->counts.back, CV_NAT_BACK) : v;
}

static enum cv_nat_verdict translate(struct cv_nat *n, struct cv_natpkt *k,
				     uint64_t now_ms)
{
	struct mapping *m = cv_natmap_by_inside(n, k->kind, &k->src, &k->dst, now_ms);
	int err = 0;

	if (!m)
		err = cv_natmap_new(&m, n, k, now_ms);
	if (err)
		return count(err == EAFNOSUPPORT ? &n->counts.family : &n->counts.full,
			     CV_NAT_DROP);

	cv_natmap_use(n, m, now_ms);
	cv_natmap_permit(n, m, &k->dst, now_ms);
	cv_natpkt_set_src(k, &m->outside);

	return is_own(n, &k->dst) ? turn(n, k, now_ms)
				  : count(&n->counts.out, CV_NAT_PASS);
}

enum cv_nat_verdict cv_nat_out(struct cv_nat *n, struct cv_natpkt *k, uint64_t now_ms)
{
	const struct cv_natpkt was = *k;
	enum cv_nat_verdict v;

	if (!cv_natpkt_hop(k))
		return count(&n->counts.bad, CV_NAT_DROP);
	if (k->part == CV_NATPKT_LATER)
		return part_follow(n, k, now_ms);
	if (k->kind == CV_NATPKT_ERROR)
		return error_out(n, k, now_ms);
	if (k->kind == CV_NATPKT_OTHER)
		return count(&n->counts.bad, CV_NAT_DROP);
	if (is_blocked(n, k))
		return count(&n->counts.blocked, CV_NAT_DROP);

	v = translate(n, k, now_ms);
	part_note(n, &was, k, v, now_ms);

	return v;
}

/* ---- questions */

const struct cv_nat_counts *cv_nat_counts(const struct cv_nat *n)
{
	return &n->counts;
}

const char *cv_nat_kind_name(enum cv_nat_kind kind)
{
	static const char *const names[] = {"none", "ei", "ad", "apd"};

	return names[kind];
}

void cv_nat_show_counts(const struct cv_nat *n, struct cv_out *out)
{
	const struct cv_nat_counts *c = &n->counts;

	cv_out_num(out, "out", (int64_t)c->out);
	cv_out_num(out, "in", (int64_t)c->in);
	cv_out_num(out, "back", (int64_t)c->back);
	cv_out_num(out, "bad", (int64_t)c->bad);
	cv_out_num(out, "blocked", (int64_t)c->blocked);
	cv_out_num(out, "full", (int64_t)c->full);
	cv_out_num(out, "unmapped", (int64_t)c->unmapped);
	cv_out_num(out, "filtered", (int64_t)c->filtered);
	cv_out_num(out, "hairpins", (int64_t)c->hairpins);
	cv_out_num(out, "family", (int64_t)c->family);
}
