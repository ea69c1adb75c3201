/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage demux: what a packet is, by its first bytes (RFC 7983, RFC 5761 4).
 * What it can't name is dropped, not guessed; STUN too, since nobody here
 * answers it. Media thread.
 */
#include "config.h"

#include "media/media_int.h"
#include "media/stage.h"

enum {
	DTLS_LO = 20,
	DTLS_HI = 63,
	RTP_LO = 128, /* version 2, no more */
	RTP_HI = 191,
	RTCP_LO = 192, /* packet types, RFC 5761 4 */
	RTCP_HI = 223,
	RTP_HEAD = 12,
	RTCP_HEAD = 8,
	CSRC = 4,
	CSRC_MASK = 0x0f,
};

struct demux {
	struct cv_mend *end;
	enum cv_mclass class_;
};

static bool is_rtcp(const struct cv_pkt *pkt)
{
	return pkt->data[1] >= RTCP_LO && pkt->data[1] <= RTCP_HI;
}

static bool is_rtp(const struct cv_pkt *pkt)
{
	size_t head = RTP_HEAD + (size_t)(pkt->data[0] & CSRC_MASK) * CSRC;

	return pkt->len >= head && pkt->comp == CV_COMP_RTP;
}

/* False: none of what this class of stream carries */
static bool name_it(struct cv_pkt *pkt, enum cv_mclass class_)
{
	uint8_t first;

	if (pkt->len == 0)
		return false;

	pkt->kind = CV_PKT_OPAQUE;
	if (class_ == CV_MCLASS_ANY)
		return true;

	first = pkt->data[0];
	pkt->kind = CV_PKT_DTLS;
	if (first >= DTLS_LO && first <= DTLS_HI)
		return class_ == CV_MCLASS_RTP_DTLS;

	if (first < RTP_LO || first > RTP_HI || pkt->len < RTCP_HEAD)
		return false;

	pkt->kind = is_rtcp(pkt) ? CV_PKT_RTCP : CV_PKT_RTP;

	return pkt->kind == CV_PKT_RTCP || is_rtp(pkt);
}

static void open_it(void *stage, struct cv_mend *end)
{
	struct demux *d = stage;

	d->end = end;
}

static void expect(void *stage, const struct cv_expect *x, uint64_t now_ms)
{
	struct demux *d = stage;

	(void)now_ms;
	if (!x->aside)
		d->class_ = x->class_;
}

static enum cv_verdict rx(void *stage, struct cv_pkt *pkt)
{
	struct demux *d = stage;

	if (name_it(pkt, d->class_))
		return CV_PKT_NEXT;

	cv_stat_add(d->end->stats, CV_STAT_media_garbage, 1);

	return CV_PKT_DROP;
}

const struct cv_stage_ops cv_stage_demux = {
	.name = "demux",
	.layer = 10,
	.size = sizeof(struct demux),
	.open = open_it,
	.expect = expect,
	.rx = rx,
};
