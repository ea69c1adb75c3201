/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heads of RTP packets, and whether a packet goes on with a run. Media thread.
 */
#include "config.h"

#include "media/run.h"

enum {
	HEAD = 12, /* RFC 3550 5.1 */
	SEQ_AT = 2,
	TS_AT = 4,
	SSRC_AT = 8,
	RTCP_HEAD = 8, /* RFC 3550 6.4: the sender's identifier follows the first word */
	RTCP_SSRC_AT = 4,

	/* How far ahead of the run a packet may be. A packet a millisecond is 11 Mbit/s,
	 * more than any call sends; BURST covers what was sent at once. MAX_DROPOUT of
	 * RFC 3550 A.1 ends it: a minute of 20 ms packets that the network lost, 1 in 22
	 * for who guesses the number. */
	BURST = 100,
	GAP_MAX = 3000,

	/* How far its clock may have gone: 96 kHz is the fastest there is, CLOCK_MS what
	 * jitter and a late start add. After a second of silence 1 in 22000 for who
	 * guesses. */
	CLOCK_KHZ = 96,
	CLOCK_MS = 1000,
};

static uint32_t word_at(const uint8_t *d)
{
	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

bool cv_rtp_read(struct cv_rtp *h, const struct cv_pkt *pkt)
{
	const uint8_t *d = pkt->data;

	if (pkt->kind != CV_PKT_RTP || pkt->len < HEAD)
		return false;

	h->seq = (uint16_t)(d[SEQ_AT] << 8 | d[SEQ_AT + 1]);
	h->ts = word_at(d + TS_AT);
	h->ssrc = word_at(d + SSRC_AT);

	return true;
}

bool cv_rtcp_ssrc(uint32_t *ssrc, const struct cv_pkt *pkt)
{
	if (pkt->kind != CV_PKT_RTCP || pkt->len < RTCP_HEAD)
		return false;

	*ssrc = word_at(pkt->data + RTCP_SSRC_AT);

	return true;
}

void cv_run_take(struct cv_run *r, const struct cv_pkt *pkt)
{
	struct cv_rtp h;
	int16_t step;

	if (!cv_rtp_read(&h, pkt))
		return;

	step = (int16_t)(h.seq - r->last.seq);
	if (r->is_known && h.ssrc == r->last.ssrc && step <= 0 && step > -GAP_MAX)
		return;

	r->last = h;
	r->at_ms = pkt->at_ms;
	r->is_known = true;
}

bool cv_run_goes_on(const struct cv_run *r, const struct cv_pkt *pkt)
{
	uint64_t since = pkt->at_ms > r->at_ms ? pkt->at_ms - r->at_ms : 0;
	uint64_t gap_max = since + BURST < GAP_MAX ? since + BURST : GAP_MAX;
	uint64_t clock_max = (since + CLOCK_MS) * CLOCK_KHZ;
	struct cv_rtp h;
	uint16_t gap;
	uint32_t clock;

	if (!r->is_known || !cv_rtp_read(&h, pkt) || h.ssrc != r->last.ssrc)
		return false;

	gap = (uint16_t)(h.seq - r->last.seq);
	clock = h.ts - r->last.ts;

	return gap > 0 && gap <= gap_max && clock <= INT32_MAX && clock <= clock_max;
}
