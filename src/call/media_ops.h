/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a call asks of the packet path. core/wire.c fills it with media's
 * functions of the same signature; tests with tests/unit/fake_media.c.
 * Synchronous: ports, keys and credentials are made on the spot.
 */
#ifndef CV_CALL_MEDIA_OPS_H
#define CV_CALL_MEDIA_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cmd.h"
#include "base/flow.h"

struct cv_media;
struct cv_media_plane;

/** What each does and returns stands in media/media.h, of which call knows nothing. */
struct cv_media_ops {
	int (*open)(struct cv_media **mp, struct cv_media_plane *plane,
		    const struct cv_place *a, const struct cv_place *b, size_t flowc);
	int (*set)(struct cv_media *m, enum cv_end from, uint32_t fork,
		   const struct cv_flow *in, struct cv_flow *out, size_t flowc);
	int (*face)(struct cv_media *m, const struct cv_place *place,
		    const struct cv_flow *in, struct cv_flow *out, size_t flowc);
	int (*park)(struct cv_media *m, bool parked);
	int (*watch)(struct cv_media *m, bool on);
	void (*watched)(const struct cv_media *m, enum cv_end end,
			struct cv_flow_watch *w);
	void (*close)(struct cv_media *m);
	void (*place)(struct cv_media *m, enum cv_end end, uint32_t fork,
		      const struct cv_place *place);
	int (*hear)(struct cv_media *m, uint32_t fork);
	void (*choose)(struct cv_media *m, uint32_t fork);
	void (*anew)(struct cv_media *m);
	void (*readdress)(struct cv_media *m);
	uint32_t (*id)(const struct cv_media *m);
	uint32_t (*gen)(const struct cv_media *m);
	void (*show)(const struct cv_media *m, struct cv_out *out);
	void (*sum)(const struct cv_media *m, enum cv_end end, struct cv_flow_sum *sum);
};

#endif
