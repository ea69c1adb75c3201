/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage latch: who may speak on an end, and where we send to it. RTP and RTCP
 * are learnt apart (RFC 7362 4, RFC 4961). Media thread.
 *
 * The rules, and the attack or fault each stops:
 *
 *  1. Before anything is learnt, only hosts that signalling named are heard:
 *     where the party's SIP came from, any host of the same nat-systems entry,
 *     and its SDP address when that can be reached. The first such packet is
 *     learnt, host and port (a stranger who sprays our ports learns nothing
 *     and gets nothing: threats 1). With latch = any the first packet that
 *     looks like RTP will do.
 *  2. Once learnt, only that host and port are heard (injection: threats 2).
 *  3. We send to what was learnt; until then to the SDP address when it can be
 *     reached, so that two relays that wait for each other both begin; never
 *     to an address that can't be reached: that end is waited for.
 *  4. A new SDP address, a new place, or silence of both ends opens the latch
 *     again under rule 1. What was learnt stays in force until another source
 *     has spoken, so a bad new address can't break a working one; only a party
 *     that is not behind a NAT is followed to its new address at once.
 *  5. An open latch closes with the new source, or when the old source goes on
 *     for KEEP_MS: it did not move.
 *  6. RTCP on the RTP port is taken from the learnt RTP source; from then on
 *     that end gets its RTCP there, until it sends to the RTCP port (RFC 5761).
 *  7. While several phones ring at an end, each has rules 1 to 6 for itself. A
 *     packet is of the fork that said or was learnt at its very address, else of
 *     one whose hosts it may come from and that still is to be learnt; of several
 *     alike, the one that said something last. Only one fork is heard by the
 *     other end and sent to; what the others send teaches where they are and is
 *     dropped (two voices at once can't be understood, and RFC 3261 20.1.4 lets
 *     anybody who rings speak).
 *  8. When one has answered the others are strangers. The latch of the winner
 *     opens again: phones behind one NAT can't be told apart until then.
 *  9. A fork speaks by the face it was shown; what comes by another isn't of it.
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "media/stage.h"

enum { KEEP_MS = 5000 }; /* longer than a phone takes to move its media after an answer */

/* What is known of one socket's other side */
struct path {
	struct cv_addr send_to; /* unset: wait */
	struct cv_addr source;  /* valid when latched */
	bool latched, open;
	uint64_t opened_ms;
};

/* A party, or one of those who ring at one end */
struct voice {
	uint32_t fork; /* CV_FORK_ALL: it has not been named yet */
	uint32_t age;  /* count of its last word */
	struct path path[CV_COMP_COUNT];
	struct cv_hosts allow[CV_EXPECT_ALLOW];
	bool any, mux;
	uint8_t face;
};

struct latch {
	struct cv_mend *end;
	struct voice now;   /* who is heard and sent to */
	struct voice *more; /* the others, room for all; owned; NULL: nobody else rings */
	size_t morec;
	uint32_t words; /* counted for the age of a voice */
};

enum { OTHERS = CV_MEDIA_FORKS - 1 };

/* How sure it is that a packet is of a voice */
enum claim { CLAIM_NONE = 0, CLAIM_HOST, CLAIM_ADDRESS };

static void publish(const struct latch *l)
{
	const struct path *p = &l->now.path[CV_COMP_RTP];

	cv_cell_put_remote(l->end->cell, &p->send_to, p->latched);
}

static void voice_open(struct voice *v, uint32_t fork)
{
	*v = (struct voice){.fork = fork};
	for (size_t i = 0; i < CV_COMP_COUNT; ++i)
		v->path[i].open = true;
}

/* By another face nothing was learnt yet */
static void voice_turn(struct voice *v, uint8_t face)
{
	uint32_t age = v->age;

	voice_open(v, v->fork);
	v->age = age;
	v->face = face;
}

static void voice_reopen(struct voice *v, uint64_t now_ms)
{
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		v->path[i].open = true;
		v->path[i].opened_ms = now_ms;
	}
}

static void open_it(void *stage, struct cv_mend *end)
{
	struct latch *l = stage;

	l->end = end;
	voice_open(&l->now, CV_FORK_ALL);
}

static void close_it(void *stage)
{
	struct latch *l = stage;

	free(l->more);
}

/* Room for one more voice; NULL: no memory */
static struct voice *voice_add(struct latch *l)
{
	struct voice *old;

	if (!l->more)
		l->more = cv_mem_zalloc(OTHERS, sizeof(*l->more));
	if (!l->more)
		return NULL;
	if (l->morec < OTHERS)
		return &l->more[l->morec++];

	old = l->more;
	for (size_t i = 1; i < OTHERS; ++i) {
		if (l->more[i].age < old->age)
			old = &l->more[i];
	}

	return old;
}

/* Whose expectation this is. Without memory for another voice the last word counts, as
 * if there were one. NULL: not worth that. */
static struct voice *voice_of(struct latch *l, const struct cv_expect *x)
{
	struct voice *v = NULL;

	if (l->now.fork == CV_FORK_ALL || x->fork == CV_FORK_ALL)
		l->now.fork = x->fork;
	if (l->now.fork == x->fork)
		return &l->now;

	for (size_t i = 0; i < l->morec; ++i) {
		if (l->more[i].fork == x->fork)
			return &l->more[i];
	}

	v = voice_add(l);
	if (v)
		voice_open(v, x->fork);
	else if (!x->aside)
		v = &l->now;
	if (v)
		v->fork = x->fork;

	return v;
}

static void follow(struct voice *v, const struct cv_expect *x, uint64_t now_ms)
{
	if (v->face != x->face)
		voice_turn(v, x->face);
	for (size_t i = 0; i < CV_EXPECT_ALLOW; ++i)
		v->allow[i] = x->allow[i];
	v->any = x->any;
	v->mux = x->mux;

	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		struct path *p = &v->path[i];
		bool is_moved = x->reopen[i] && x->follow && cv_addr_is_set(&x->to[i]);

		if (x->reopen[i]) {
			p->open = true;
			p->opened_ms = now_ms;
		}
		if (!p->latched || is_moved)
			p->send_to = x->to[i];
	}
}

static void note(const struct latch *l, enum cv_media_what what)
{
	struct cv_mend *end = l->end;

	cv_mthread_note(end->stream->thread, end->stream->slot,
			cv_note_bit(end->which, what));
}

static void hear(struct latch *l, struct voice *v)
{
	struct voice was = l->now;

	l->now = *v;
	*v = was;
	if (l->now.path[CV_COMP_RTP].latched)
		note(l, CV_MEDIA_MOVED);
}

/* Rule 8 */
static void forget(struct latch *l, uint64_t now_ms)
{
	if (!l->more)
		return;

	free(l->more);
	l->more = NULL;
	l->morec = 0;
	voice_reopen(&l->now, now_ms);
}

static void expect(void *stage, const struct cv_expect *x, uint64_t now_ms)
{
	struct latch *l = stage;
	struct voice *v = voice_of(l, x);

	if (!v)
		return;

	if (x->news)
		v->age = ++l->words;
	follow(v, x, now_ms);
	if (!x->aside && v != &l->now)
		hear(l, v);
	if (x->only)
		forget(l, now_ms);
	publish(l);
}

static bool is_allowed(const struct voice *v, const struct cv_addr *from)
{
	for (size_t i = 0; i < CV_EXPECT_ALLOW; ++i) {
		if (cv_hosts_have(&v->allow[i], from))
			return true;
	}

	return false;
}

static enum cv_verdict foreign(const struct latch *l)
{
	cv_cell_add(l->end->cell, CV_COUNT_FOREIGN, 1);
	cv_stat_add(l->end->stats, CV_STAT_media_foreign, 1);

	return CV_PKT_DROP;
}

static enum cv_verdict unheard(const struct latch *l)
{
	cv_cell_add_unheard(l->end->cell);
	cv_stat_add(l->end->stats, CV_STAT_media_unheard, 1);

	return CV_PKT_DROP;
}

static enum claim claim(const struct voice *v, const struct cv_pkt *pkt)
{
	const struct path *p = &v->path[pkt->comp];
	const struct cv_addr *said = &v->allow[1 + pkt->comp].lo;

	if (v->face != pkt->face)
		return CLAIM_NONE;
	if (p->latched && cv_addr_eq(&p->source, &pkt->from))
		return CLAIM_ADDRESS;
	if (!p->open)
		return CLAIM_NONE;
	if (cv_addr_eq(said, &pkt->from))
		return CLAIM_ADDRESS;

	return is_allowed(v, &pkt->from) ? CLAIM_HOST : CLAIM_NONE;
}

/* Rule 7; whom nobody claims the one that is heard may judge */
static struct voice *voice_find(struct latch *l, const struct cv_pkt *pkt)
{
	enum claim best = claim(&l->now, pkt);
	struct voice *v = &l->now;

	for (size_t i = 0; i < l->morec; ++i) {
		enum claim c = claim(&l->more[i], pkt);

		if (c < best || c == CLAIM_NONE || (c == best && l->more[i].age < v->age))
			continue;

		best = c;
		v = &l->more[i];
	}

	return v;
}

static void learn(struct latch *l, struct voice *v, const struct cv_pkt *pkt)
{
	struct path *p = &v->path[pkt->comp];
	bool was = p->latched;

	p->source = pkt->from;
	p->send_to = pkt->from;
	p->latched = true;
	p->open = false;
	cv_stat_add(l->end->stats, CV_STAT_latches, 1);
	if (v != &l->now || pkt->comp != CV_COMP_RTP)
		return;

	publish(l);
	note(l, was ? CV_MEDIA_MOVED : CV_MEDIA_LATCHED);
}

/* Rule 5 */
static void confirm(struct latch *l, struct path *p, const struct cv_pkt *pkt)
{
	if (!p->open || pkt->at_ms - p->opened_ms < KEEP_MS)
		return;

	p->open = false;
	p->send_to = p->source;
	publish(l);
}

/* Rule 6 */
static bool is_stray_rtcp(struct voice *v, const struct cv_pkt *pkt)
{
	const struct path *rtp = &v->path[CV_COMP_RTP];

	if (pkt->kind != CV_PKT_RTCP || pkt->comp != CV_COMP_RTP || v->mux)
		return false;
	if (!rtp->latched || !cv_addr_eq(&rtp->source, &pkt->from))
		return true;

	v->mux = true;

	return false;
}

static enum cv_verdict rx(void *stage, struct cv_pkt *pkt)
{
	struct latch *l = stage;
	struct voice *v = l->more ? voice_find(l, pkt) : &l->now;
	struct path *p = &v->path[pkt->comp];
	bool is_known = p->latched && cv_addr_eq(&p->source, &pkt->from);

	if (v->face != pkt->face || is_stray_rtcp(v, pkt))
		return foreign(l);

	if (!is_known && !p->open)
		return foreign(l);
	if (!is_known && !is_allowed(v, &pkt->from) &&
	    (!v->any || pkt->kind == CV_PKT_DTLS))
		return foreign(l);

	if (is_known)
		confirm(l, p, pkt);
	else
		learn(l, v, pkt);

	if (pkt->kind == CV_PKT_RTCP && pkt->comp == CV_COMP_RTCP)
		v->mux = false;

	return v == &l->now ? CV_PKT_NEXT : unheard(l);
}

static enum cv_verdict tx(void *stage, struct cv_pkt *pkt)
{
	struct latch *l = stage;
	const struct path *p;

	if (pkt->kind == CV_PKT_RTCP)
		pkt->comp = l->now.mux ? CV_COMP_RTP : CV_COMP_RTCP;

	p = &l->now.path[pkt->comp];
	if (p->send_to.port == 0) {
		cv_cell_add(l->end->cell, CV_COUNT_WAIT, 1);
		cv_stat_add(l->end->stats, CV_STAT_media_wait, 1);
		return CV_PKT_DROP;
	}

	pkt->to = p->send_to;

	return CV_PKT_NEXT;
}

static void silent(void *stage, uint64_t now_ms)
{
	struct latch *l = stage;

	voice_reopen(&l->now, now_ms);
}

const struct cv_stage_ops cv_stage_latch = {
	.name = "latch",
	.layer = 20,
	.size = sizeof(struct latch),
	.open = open_it,
	.expect = expect,
	.rx = rx,
	.tx = tx,
	.silent = silent,
	.close = close_it,
};
