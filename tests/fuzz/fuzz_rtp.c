/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: packets through a whole stack (demux, latch, relay). The first
 * byte of the input chooses class, socket, and whether another phone rings, which isn't
 * heard and whose address it is, and whether the sender moves; then packets, each after
 * one byte of length, and one of port, pause and new signalling when it moves. What comes
 * through must be of the class asked for; no two ports are believed at the same time.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "media/media_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLASS_MASK = 3, RTCP_BIT = 4, FORK_BIT = 8, MOVE_BIT = 16, HEARD_MS = 1000 };
enum { PORT_MASK = 3, NEWS_BIT = 4, RESUME_BIT = 8, PAUSE_SHIFT = 4, PAUSE_MS = 250 };

/* What may not happen, whatever came in */
static void judge(const struct cv_mthread *t, const struct cv_pkt *pkt,
		  enum cv_mclass class_)
{
	bool is_out = t->outc[CV_COMP_RTP] + t->outc[CV_COMP_RTCP] > 0;

	if (!is_out)
		return;
	if (pkt->len == 0 || pkt->to.port == 0)
		abort();
	if (class_ == CV_MCLASS_RTP && (pkt->data[0] & 0xc0) != 0x80)
		abort();
	if (class_ == CV_MCLASS_RTP && pkt->kind == CV_PKT_DTLS)
		abort();
}

/* Where the sender is now, and what signalling says */
static void move(struct cv_mstream *s, struct cv_pkt *pkt, enum cv_mclass class_,
		 uint8_t how)
{
	struct cv_expect x = {.class_ = class_, .resumed = how & RESUME_BIT};

	pkt->from.port = (uint16_t)(4000 + (how & PORT_MASK));
	pkt->at_ms += (uint64_t)(how >> PAUSE_SHIFT) * PAUSE_MS;
	if (!(how & (NEWS_BIT | RESUME_BIT)))
		return;

	x.reopen[CV_COMP_RTP] = x.reopen[CV_COMP_RTCP] = how & NEWS_BIT;
	x.allow[0].lo = x.allow[0].hi = pkt->from;
	cv_pipe_expect(&s->end[CV_END_A], &x, pkt->at_ms);
}

/* Who was just believed is where packets go; the port before it is foreign then */
static void judge_move(struct cv_mstream *s, const struct cv_pkt *pkt)
{
	const struct cv_mthread *t = s->thread;
	struct cv_addr at;
	uint8_t proof;

	if (pkt->comp != CV_COMP_RTP || t->outc[CV_COMP_RTP] == 0)
		return;

	cv_cell_get_remote(s->end[CV_END_A].cell, &at, &proof);
	if (proof == CV_PROOF_NONE || proof > CV_PROOF_NEW ||
	    !cv_addr_eq(&at, &pkt->from))
		abort();
}

static void feed(struct cv_mstream *s, struct cv_pkt *pkt, const uint8_t *data,
		 size_t len)
{
	pkt->data = pkt->buf + CV_PKT_HEADROOM;
	memcpy(pkt->data, data, len);
	pkt->len = len;
	s->thread->outc[CV_COMP_RTP] = s->thread->outc[CV_COMP_RTCP] = 0;
	(void)cv_pipe_rx(&s->end[CV_END_A], pkt);
}

static struct cv_mstream *make(struct cv_mthread *t, enum cv_mclass class_)
{
	struct cv_mstream *s = NULL;
	struct cv_expect x = {.class_ = class_, .any = true};

	if (cv_mstream_new(&s, t, 0))
		return NULL;

	x.to[CV_COMP_RTP] = (struct cv_addr){.family = AF_INET, .port = 5000};
	x.to[CV_COMP_RTCP] = (struct cv_addr){.family = AF_INET, .port = 5001};
	for (size_t e = 0; e < 2; ++e) {
		cv_pipe_expect(&s->end[e], &x, 0);
		/* marks the sockets as there; nothing is sent by this target */
		s->end[e].port[CV_COMP_RTP].fd = s->end[e].port[CV_COMP_RTCP].fd = 0;
	}

	return s;
}

/* Everything comes from a phone that nobody hears */
static void ring(struct cv_mstream *s, enum cv_mclass class_)
{
	struct cv_expect x = {.class_ = class_, .fork = 1, .aside = true, .news = true};

	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		x.allow[i + 1].lo = (struct cv_addr){.family = AF_INET, .port = 4000};
		x.allow[i + 1].lo.ip.bytes[0] = 127;
		x.allow[i + 1].hi = x.allow[i + 1].lo;
	}
	cv_pipe_expect(&s->end[CV_END_A], &x, 0);
}

static void run(struct cv_mthread *t, struct cv_pkt *pkt, const uint8_t *data,
		size_t size)
{
	enum cv_mclass class_ = (enum cv_mclass)((data[0] & CLASS_MASK) % 3);
	struct cv_mstream *s = make(t, class_);
	bool rings = data[0] & FORK_BIT;
	bool moves = data[0] & MOVE_BIT && !rings;
	size_t at = 1;

	pkt->at_ms = HEARD_MS;
	pkt->from = (struct cv_addr){.family = AF_INET, .port = 4000};
	pkt->from.ip.bytes[0] = 127;
	if (s && rings)
		ring(s, class_);
	while (s && at < size) {
		size_t len = data[at++];

		if (moves && at < size)
			move(s, pkt, class_, data[at++]);
		if (len > size - at)
			len = size - at;
		pkt->comp = data[0] & RTCP_BIT ? CV_COMP_RTCP : CV_COMP_RTP;
		feed(s, pkt, data + at, len);
		judge(t, pkt, class_);
		if (moves)
			judge_move(s, pkt);
		if (rings && t->outc[CV_COMP_RTP] + t->outc[CV_COMP_RTCP] > 0)
			abort();
		at += len;
	}
	for (size_t e = 0; s && e < 2; ++e)
		s->end[e].port[CV_COMP_RTP].fd = s->end[e].port[CV_COMP_RTCP].fd = -1;
	if (s)
		cv_mstream_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_mthread *t = cv_mem_zalloc(1, sizeof(*t));
	struct cv_pkt *pkt = cv_mem_zalloc(1, sizeof(*pkt));

	if (!t || !pkt || size < 1 || cv_arena_new(&t->arena))
		goto out;

	for (size_t i = 0; i < CV_WHEEL; ++i)
		cv_list_init(&t->wheel[i]);
	t->is_ticking = true; /* nobody turns the wheel here */
	if (cv_arena_clear(t->arena, 0) == 0) {
		/* Something is always pending, so no note is sent */
		atomic_store(&cv_arena_cell(t->arena, 0)->pending, 1);
		run(t, pkt, data, size);
	}

out:
	if (t)
		cv_mem_unref(t->arena);
	free(t);
	free(pkt);

	return 0;
}
