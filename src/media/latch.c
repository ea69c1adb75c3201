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
 */
#include "config.h"

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

struct latch {
	struct cv_mend *end;
	struct path path[CV_COMP_COUNT];
	struct cv_hosts allow[CV_EXPECT_ALLOW];
	bool any, mux;
};

static void publish(const struct latch *l)
{
	const struct path *p = &l->path[CV_COMP_RTP];

	cv_cell_put_remote(l->end->cell, &p->send_to, p->latched);
}

static void open_it(void *stage, struct cv_mend *end)
{
	struct latch *l = stage;

	l->end = end;
	for (size_t i = 0; i < CV_COMP_COUNT; ++i)
		l->path[i].open = true;
}

static void expect(void *stage, const struct cv_expect *x, uint64_t now_ms)
{
	struct latch *l = stage;

	for (size_t i = 0; i < CV_EXPECT_ALLOW; ++i)
		l->allow[i] = x->allow[i];
	l->any = x->any;
	l->mux = x->mux;

	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		struct path *p = &l->path[i];
		bool is_moved = x->reopen[i] && x->follow && cv_addr_is_set(&x->to[i]);

		if (x->reopen[i]) {
			p->open = true;
			p->opened_ms = now_ms;
		}
		if (!p->latched || is_moved)
			p->send_to = x->to[i];
	}
	publish(l);
}

static bool is_allowed(const struct latch *l, const struct cv_addr *from)
{
	for (size_t i = 0; i < CV_EXPECT_ALLOW; ++i) {
		const struct cv_hosts *h = &l->allow[i];
		struct cv_addr host = *from;

		if (h->lo.family != from->family)
			continue;
		if (h->lo.scope == 0)
			host.scope = 0;
		if (cv_addr_host_cmp(&h->lo, &host) <= 0 &&
		    cv_addr_host_cmp(&host, &h->hi) <= 0)
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

static void learn(struct latch *l, struct path *p, const struct cv_pkt *pkt)
{
	struct cv_mend *end = l->end;
	bool was = p->latched;

	p->source = pkt->from;
	p->send_to = pkt->from;
	p->latched = true;
	p->open = false;
	cv_stat_add(end->stats, CV_STAT_latches, 1);
	if (p != &l->path[CV_COMP_RTP])
		return;

	publish(l);
	cv_mthread_note(end->stream->thread, end->stream->slot,
			cv_note_bit(end->which, was ? CV_MEDIA_MOVED : CV_MEDIA_LATCHED));
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
static bool is_stray_rtcp(struct latch *l, const struct cv_pkt *pkt)
{
	const struct path *rtp = &l->path[CV_COMP_RTP];

	if (pkt->kind != CV_PKT_RTCP || pkt->comp != CV_COMP_RTP || l->mux)
		return false;
	if (!rtp->latched || !cv_addr_eq(&rtp->source, &pkt->from))
		return true;

	l->mux = true;

	return false;
}

static enum cv_verdict rx(void *stage, struct cv_pkt *pkt)
{
	struct latch *l = stage;
	struct path *p = &l->path[pkt->comp];
	bool is_known = p->latched && cv_addr_eq(&p->source, &pkt->from);

	if (is_stray_rtcp(l, pkt))
		return foreign(l);

	if (!is_known && !p->open)
		return foreign(l);
	if (!is_known && !is_allowed(l, &pkt->from) &&
	    (!l->any || pkt->kind == CV_PKT_DTLS))
		return foreign(l);

	if (is_known)
		confirm(l, p, pkt);
	else
		learn(l, p, pkt);

	if (pkt->kind == CV_PKT_RTCP && pkt->comp == CV_COMP_RTCP)
		l->mux = false;

	return CV_PKT_NEXT;
}

static enum cv_verdict tx(void *stage, struct cv_pkt *pkt)
{
	struct latch *l = stage;
	const struct path *p;

	if (pkt->kind == CV_PKT_RTCP)
		pkt->comp = l->mux ? CV_COMP_RTP : CV_COMP_RTCP;

	p = &l->path[pkt->comp];
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

	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		l->path[i].open = true;
		l->path[i].opened_ms = now_ms;
	}
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
};
