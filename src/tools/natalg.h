/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SIP "help" of routers, as it is met in the field: addresses in SIP text
 * are rewritten, and only half of what would be needed. Pure.
 */
#ifndef CV_TOOLS_NATALG_H
#define CV_TOOLS_NATALG_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/str.h"

/** What is rewritten; bits. */
enum cv_natalg_bit {
	CV_NATALG_VIA = 1,     /* the sent-by of Via */
	CV_NATALG_CONTACT = 2, /* host and port of Contact */
	CV_NATALG_SDP = 4,     /* c= and o=, not the ports of m= */
	CV_NATALG_TEXT = 8,    /* the address wherever it stands, Call-ID too */
	CV_NATALG_BACK = 16,   /* what comes in is rewritten the other way round */
	CV_NATALG_LENGTH = 32, /* Content-Length stays what it was */
};

/** One rewriting: @p from becomes @p to. */
struct cv_natalg {
	unsigned bits;
	struct cv_addr from, to; /* with ports; a port is only changed behind its host */
};

/** SIP text as far as the first line shows. */
bool cv_natalg_is_sip(struct cv_str text);
/** Writes @p in as rewritten. ENOENT: nothing in it is to be rewritten; ENOMEM. */
int cv_natalg_rewrite(const struct cv_natalg *g, struct cv_str in, struct cv_buf *out);

#endif
