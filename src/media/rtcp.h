/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a party says of its media in RTCP: sender and receiver reports (RFC 3550
 * 6.4). Pure; any thread.
 */
#ifndef CV_MEDIA_RTCP_H
#define CV_MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CV_RTCP_BLOCKS =
		4, /* sources of one report that are kept: a call has one or two */
	CV_RTCP_PARTS = 16, /* packets of one compound that are looked at */
};

/** What a report says of one source it receives. */
struct cv_rtcp_block {
	uint32_t ssrc;
	uint32_t highest; /* extended sequence number; 0: nothing came */
};

/** The reports of one compound packet. */
struct cv_rtcp {
	bool reported;    /* it holds a report at all */
	bool sends;       /* a sender report came with packets */
	uint32_t ssrc;    /* who reports */
	uint32_t packets; /* sent so far */
	size_t blockc;
	struct cv_rtcp_block block[CV_RTCP_BLOCKS];
};

/** Reads a compound packet of clear RTCP. EBADMSG: a length in it can't be; what was read
 * before is kept in @p r. */
int cv_rtcp_read(struct cv_rtcp *r, const uint8_t *p, size_t len);

#endif
