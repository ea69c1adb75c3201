/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A dialog named in a header: Replaces (RFC 3891), Join (RFC 3911) and
 * Target-Dialog (RFC 4538) are a Call-ID and two parameters that end in "-tag".
 * Pure; any thread.
 */
#ifndef CV_SIP_NAMED_H
#define CV_SIP_NAMED_H

#include "base/buf.h"
#include "base/str.h"

/** Slices of the text that was read. */
struct cv_named {
	struct cv_str call_id;
	struct cv_str tag[2]; /* in the order in which they stand */
};

/** Reads the value of one such header. EBADMSG: not one Call-ID and two tags. */
int cv_named_parse(struct cv_named *n, struct cv_str text);
/** Writes @p text with what @p was holds replaced by @p is; the rest stays as it stands.
 */
void cv_named_print(struct cv_buf *to, struct cv_str text, const struct cv_named *was,
		    const struct cv_named *is);

#endif
