/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One stage of a packet stack.
 *
 * Every end of a stream has its own stack, the stages ordered by layer, lower
 * is nearer the wire. A packet that came in climbs it by rx; the relay at the
 * top hands it to the other end, where it goes down by tx and leaves. All
 * functions run on the stream's media thread; none may lock or log, rx and tx
 * may not allocate.
 */
#ifndef CV_MEDIA_STAGE_H
#define CV_MEDIA_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "net/pkt.h"

struct cv_mend;
struct cv_expect;

enum cv_verdict { CV_PKT_NEXT = 0, CV_PKT_DROP, CV_PKT_TAKEN };

/** Const table; NULL: the stage does not take part. */
struct cv_stage_ops {
	const char *name;
	int layer;
	size_t size; /* bytes of zeroed state an end, allocated with the stream */
	/** Before the first packet; @p end outlives the state. */
	void (*open)(void *stage, struct cv_mend *end);
	/** Signalling said something new about this end. */
	void (*expect)(void *stage, const struct cv_expect *x, uint64_t now_ms);
	enum cv_verdict (*rx)(void *stage, struct cv_pkt *pkt);
	enum cv_verdict (*tx)(void *stage, struct cv_pkt *pkt);
	/** Neither end was heard for the idle time. */
	void (*silent)(void *stage, uint64_t now_ms);
	/** Frees what the state holds; accepts one that was never opened. */
	void (*close)(void *stage);
};

extern const struct cv_stage_ops cv_stage_demux; /* layer 10: what is this packet */
extern const struct cv_stage_ops cv_stage_latch; /* layer 20: is it from who may speak */
extern const struct cv_stage_ops cv_stage_relay; /* layer 90: over to the other end */

#endif
