/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sender and receiver reports of a compound RTCP packet (RFC 3550 6.4). Pure;
 * any thread.
 */
#include "config.h"

#include "media/rtcp.h"

#include <errno.h>

enum {
	RTCP_VERSION = 2,
	HEAD = 4,    /* flags, type, length */
	WORD = 4,    /* unit of length */
	SSRC = 4,    /* who reports */
	SENDER = 20, /* NTP and RTP time, packets, octets */
	PACKETS_AT = 12,
	BLOCK = 24,
	HIGHEST_AT = 8,
	COUNT_MASK = 0x1f,
	TYPE_SR = 200,
	TYPE_RR = 201,
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void blocks_read(struct cv_rtcp *r, const uint8_t *p, size_t c)
{
	for (size_t i = 0; i < c && r->blockc < CV_RTCP_BLOCKS; ++i, p += BLOCK) {
		struct cv_rtcp_block *b = &r->block[r->blockc++];

		b->ssrc = get32(p);
		b->highest = get32(p + HIGHEST_AT);
	}
}

/* One packet of the compound, @p len bytes with its head. */
static int report_read(struct cv_rtcp *r, const uint8_t *p, size_t len)
{
	size_t c = p[0] & COUNT_MASK, at = HEAD + SSRC;

	if (p[1] != TYPE_SR && p[1] != TYPE_RR)
		return 0;

	if (p[1] == TYPE_SR)
		at += SENDER;
	if (len < at + c * BLOCK)
		return EBADMSG;

	r->reported = true;
	r->ssrc = get32(p + HEAD);
	if (p[1] == TYPE_SR) {
		r->packets = get32(p + HEAD + SSRC + PACKETS_AT);
		r->sends = r->packets > 0;
	}
	blocks_read(r, p + at, c);

	return 0;
}

int cv_rtcp_read(struct cv_rtcp *r, const uint8_t *p, size_t len)
{
	*r = (struct cv_rtcp){.ssrc = 0};
	for (unsigned n = 0; n < CV_RTCP_PARTS && len > 0; ++n) {
		size_t part;

		if (len < HEAD || p[0] >> 6 != RTCP_VERSION)
			return EBADMSG;

		part = ((size_t)p[2] << 8 | p[3]) * WORD + HEAD;
		if (part > len || report_read(r, p, part))
			return EBADMSG;

		p += part;
		len -= part;
	}

	return 0;
}
