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
 *     again for the hosts of rule 1; the end of a hold opens it for HOLD_MS, for
 *     other ports of the host that was learnt. What was learnt stays in force
 *     until another source was believed, so a bad new address can't break a
 *     working one; only a party that is not behind a NAT is followed to its new
 *     address at once. An open latch closes with the new source, or when the old
 *     one goes on for KEEP_MS though it may: it did not move.
 *  5. Whom an open latch believes, by proof: who speaks from the very address of
 *     the new SDP; whose packets go on with the run of the old source (run.h):
 *     at once; any other, for many phones begin a stream anew with a new socket,
 *     only when the old source has been silent for FRESH_MS, as at the start of
 *     a call. One that may not speak any more can't put that off. A latch that is
 *     shut believes only another port of the host that was learnt (its NAT took
 *     another one for it), whose packets go on with the run, when the old port
 *     has been silent for QUIET_MS. Who sits behind the same NAT as the phone and
 *     can't read its packets would have to guess 32 bits of SSRC, the number and
 *     the clock, while the phone is silent; all others can't even try. What isn't
 *     believed is foreign, and counted as a move refused. RTCP has no numbers: it
 *     goes to where its RTP went, under the same SSRC.
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
 *     opens again, and as at first without proof: phones behind one NAT can't be
 *     told apart until then, so it may have been another's.
 *  9. A fork speaks by the face it was shown; what comes by another isn't of it.
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "media/run.h"
#include "media/stage.h"

enum {
	KEEP_MS = 5000,  /* longer than a phone takes to move its media after an answer */
	HOLD_MS = 5000,  /* the same after a hold */
	FRESH_MS = 200,  /* ten packets of a voice: who pauses for less goes on */
	QUIET_MS = 1000, /* one loss burst or handover isn't silence */
	RTCP_QUIET_MS = 10000, /* RTCP comes each 2.5 to 7.5 s, RFC 3550 6.2 */
};

/* Whom a latch may learn */
enum opening {
	SHUT = 0, /* nobody but another port of the host, with proof and silence */
	HELD,     /* a hold has ended: the same for HOLD_MS, without silence */
	TOLD,     /* signalling spoke: hosts that it names, with proof or after silence */
	DOUBT,    /* nobody yet, or perhaps the wrong one: the first of them */
};

/* What is known of one socket's other side */
struct path {
	struct cv_addr send_to; /* unset: wait */
	struct cv_addr source;  /* valid when there is proof */
	enum cv_media_proof proof;
	enum opening open;
	uint64_t opened_ms, learnt_ms;
	uint64_t heard_ms; /* source spoke, while it may */
};

/* A party, or one of those who ring at one end */
struct voice {
	uint32_t fork; /* CV_FORK_ALL: it has not been named yet */
	uint32_t age;  /* count of its last word */
	struct path path[CV_COMP_COUNT];
	struct cv_run run; /* of its RTP */
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

	cv_cell_put_remote(l->end->cell, &p->send_to, (uint8_t)p->proof);
}

static void voice_open(struct voice *v, uint32_t fork)
{
	*v = (struct voice){.fork = fork};
	for (size_t i = 0; i < CV_COMP_COUNT; ++i)
		v->path[i].open = DOUBT;
}

/* By another face nothing was learnt yet */
static void voice_turn(struct voice *v, uint8_t face)
{
	uint32_t age = v->age;

	voice_open(v, v->fork);
	v->age = age;
	v->face = face;
}

/* An opening never takes back what a wider one allows */
static void path_open(struct path *p, enum opening open, uint64_t now_ms)
{
	if (open < p->open)
		return;

	p->open = open;
	p->opened_ms = now_ms;
}

static void voice_reopen(struct voice *v, enum opening open, uint64_t now_ms)
{
	for (size_t i = 0; i < CV_COMP_COUNT; ++i)
		path_open(&v->path[i], open, now_ms);
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

		if (x->resumed)
			path_open(p, HELD, now_ms);
		if (x->reopen[i])
			path_open(p, x->only ? DOUBT : TOLD, now_ms);
		if (p->proof == CV_PROOF_NONE || is_moved)
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
	if (l->now.path[CV_COMP_RTP].proof != CV_PROOF_NONE)
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
	voice_reopen(&l->now, DOUBT, now_ms);
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

/* In the range of hosts that signalling came from */
static bool is_seen(const struct voice *v, const struct cv_addr *a)
{
	const struct cv_hosts *h = &v->allow[0];

	return h->lo.family == a->family && cv_addr_host_cmp(&h->lo, a) <= 0 &&
	       cv_addr_host_cmp(a, &h->hi) <= 0;
}

/* CG-10: hosts of one nat-systems entry are one */
static bool is_same_host(const struct voice *v, const struct cv_addr *a,
			 const struct cv_addr *b)
{
	return cv_addr_host_eq(a, b) || (is_seen(v, a) && is_seen(v, b));
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
	if (p->proof != CV_PROOF_NONE && cv_addr_eq(&p->source, &pkt->from))
		return CLAIM_ADDRESS;
	if (p->open == SHUT)
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

static void learn(struct latch *l, struct voice *v, const struct cv_pkt *pkt,
		  enum cv_media_proof proof)
{
	struct path *p = &v->path[pkt->comp];
	bool was = p->proof != CV_PROOF_NONE;

	p->source = pkt->from;
	p->send_to = pkt->from;
	p->proof = proof;
	p->open = SHUT;
	p->learnt_ms = p->heard_ms = pkt->at_ms;
	cv_run_take(&v->run, pkt);
	cv_stat_add(l->end->stats, CV_STAT_latches, 1);
	if (v != &l->now || pkt->comp != CV_COMP_RTP)
		return;

	publish(l);
	note(l, was ? CV_MEDIA_MOVED : CV_MEDIA_LATCHED);
}

/* The learnt source goes on, rule 4 */
static void confirm(struct latch *l, struct voice *v, const struct cv_pkt *pkt)
{
	struct path *p = &v->path[pkt->comp];

	cv_run_take(&v->run, pkt);
	if (p->open == SHUT) {
		p->heard_ms = pkt->at_ms;
		return;
	}
	if (p->open != HELD && !v->any && !is_allowed(v, &pkt->from))
		return;

	p->heard_ms = pkt->at_ms;
	if (pkt->at_ms - p->opened_ms < KEEP_MS)
		return;

	p->open = SHUT;
	p->send_to = p->source;
	publish(l);
}

/* Rules 1 and 4: of a host that signalling names */
static enum cv_media_proof prove_host(const struct voice *v, const struct cv_pkt *pkt)
{
	if (cv_addr_eq(&v->allow[1 + pkt->comp].lo, &pkt->from))
		return CV_PROOF_SAID;
	if (is_allowed(v, &pkt->from))
		return CV_PROOF_FIRST;

	return v->any && pkt->kind != CV_PKT_DTLS ? CV_PROOF_ANY : CV_PROOF_NONE;
}

/* Of the talker that was learnt, rule 5 */
static bool is_talker(const struct voice *v, const struct cv_pkt *pkt)
{
	const struct path *rtp = &v->path[CV_COMP_RTP];
	uint32_t ssrc;

	if (pkt->comp == CV_COMP_RTP)
		return cv_run_goes_on(&v->run, pkt);

	return v->run.is_known && rtp->proof != CV_PROOF_NONE &&
	       cv_rtcp_ssrc(&ssrc, pkt) && ssrc == v->run.last.ssrc &&
	       is_same_host(v, &rtp->source, &pkt->from);
}

static bool is_silent(const struct voice *v, const struct cv_pkt *pkt, uint64_t for_ms)
{
	const struct path *p = &v->path[pkt->comp];

	if (pkt->comp == CV_COMP_RTCP)
		for_ms = RTCP_QUIET_MS;

	return pkt->at_ms >= p->heard_ms + for_ms;
}

/* The same end from another address, rule 5 */
static enum cv_media_proof prove_move(const struct voice *v, const struct cv_pkt *pkt)
{
	const struct path *p = &v->path[pkt->comp], *rtp = &v->path[CV_COMP_RTP];
	bool is_port = is_same_host(v, &p->source, &pkt->from);
	bool is_after = pkt->comp == CV_COMP_RTCP && rtp->learnt_ms > p->heard_ms;
	bool is_held = p->open == HELD && pkt->at_ms - p->opened_ms < HOLD_MS;
	enum cv_media_proof host = prove_host(v, pkt);

	if (p->open == TOLD && host != CV_PROOF_NONE) {
		if (host == CV_PROOF_SAID)
			return host;
		if (is_talker(v, pkt))
			return CV_PROOF_RUN;
		return is_silent(v, pkt, FRESH_MS) ? CV_PROOF_NEW : CV_PROOF_NONE;
	}
	if (!is_port)
		return CV_PROOF_NONE;
	if (!is_talker(v, pkt))
		return is_held && is_silent(v, pkt, QUIET_MS) ? CV_PROOF_NEW
							      : CV_PROOF_NONE;
	if (is_held)
		return CV_PROOF_RUN;

	return is_after || is_silent(v, pkt, QUIET_MS) ? CV_PROOF_REBOUND : CV_PROOF_NONE;
}

static enum cv_media_proof prove(const struct latch *l, const struct voice *v,
				 const struct cv_pkt *pkt)
{
	const struct path *p = &v->path[pkt->comp];
	enum cv_media_proof proof;

	if (p->open == DOUBT)
		return prove_host(v, pkt);

	proof = prove_move(v, pkt);
	if (proof == CV_PROOF_NONE && (is_same_host(v, &p->source, &pkt->from) ||
				       prove_host(v, pkt) != CV_PROOF_NONE))
		cv_cell_add_refused(l->end->cell);

	return proof;
}

/* Rule 6 */
static bool is_stray_rtcp(struct voice *v, const struct cv_pkt *pkt)
{
	const struct path *rtp = &v->path[CV_COMP_RTP];

	if (pkt->kind != CV_PKT_RTCP || pkt->comp != CV_COMP_RTP || v->mux)
		return false;
	if (rtp->proof == CV_PROOF_NONE || !cv_addr_eq(&rtp->source, &pkt->from))
		return true;

	v->mux = true;

	return false;
}

static enum cv_verdict rx(void *stage, struct cv_pkt *pkt)
{
	struct latch *l = stage;
	struct voice *v = l->more ? voice_find(l, pkt) : &l->now;
	const struct path *p = &v->path[pkt->comp];
	enum cv_media_proof proof;

	if (v->face != pkt->face || is_stray_rtcp(v, pkt))
		return foreign(l);

	if (p->proof != CV_PROOF_NONE && cv_addr_eq(&p->source, &pkt->from)) {
		confirm(l, v, pkt);
	} else {
		proof = prove(l, v, pkt);
		if (proof == CV_PROOF_NONE)
			return foreign(l);
		learn(l, v, pkt, proof);
	}

	if (pkt->kind == CV_PKT_RTCP && pkt->comp == CV_COMP_RTCP)
		v->mux = false;

	return v == &l->now ? CV_PKT_NEXT : unheard(l);
}

/* A keepalive of ours holds open what was learnt, and counts nowhere */
static enum cv_verdict tx_keep(const struct latch *l, struct cv_pkt *pkt)
{
	const struct path *p = &l->now.path[pkt->comp];

	if (p->proof == CV_PROOF_NONE)
		return CV_PKT_DROP;

	pkt->to = p->send_to;

	return CV_PKT_NEXT;
}

static enum cv_verdict tx(void *stage, struct cv_pkt *pkt)
{
	struct latch *l = stage;
	const struct path *p;

	if (pkt->kind == CV_PKT_KEEP)
		return tx_keep(l, pkt);
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

	voice_reopen(&l->now, TOLD, now_ms);
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
