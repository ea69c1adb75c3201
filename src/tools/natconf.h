/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user of culvert-natbox writes: one box as a name and key=value
 * words. Pure.
 */
#ifndef CV_TOOLS_NATCONF_H
#define CV_TOOLS_NATCONF_H

#include "base/buf.h"
#include "tools/natcore.h"
#include "tools/natline.h"

enum { CV_NATCONF_NAME = 32, CV_NATCONF_DEV = 16, CV_NATCONF_NS = 64 };

/** One side: a TUN device, and the network namespace it is made in ("": ours). */
struct cv_natconf_side {
	char ns[CV_NATCONF_NS], dev[CV_NATCONF_DEV];
};

/** One box as written. Plain data. */
struct cv_natconf {
	char name[CV_NATCONF_NAME];
	struct cv_natconf_side inside, outside;
	struct cv_nat_traits traits;
	struct cv_natline_traits line; /* both directions */
	unsigned alg;                  /* bits of natalg.h */
};

/** Reads "NAME key=value ...". EINVAL: the sentence is appended to @p error. */
int cv_natconf_read(struct cv_natconf *c, struct cv_str text, struct cv_buf *error);
/** Appends every key with what it means, one a line. */
void cv_natconf_help(struct cv_buf *to);

#endif
