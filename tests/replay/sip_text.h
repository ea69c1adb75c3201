/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIP messages as text: what a scripted party reads from one, and how it makes
 * one. Apart from the stack under test on purpose. Test's thread.
 */
#ifndef CV_TESTS_REPLAY_SIP_TEXT_H
#define CV_TESTS_REPLAY_SIP_TEXT_H

#include "base/buf.h"
#include "base/str.h"

enum {
	CV_STEXT = 6144, /* bytes of a message with its NUL */
	CV_STEXT_LINE = 1024,
	CV_STEXT_LINES = 64,
};

/** Status of a response; 0: a request. */
unsigned cv_stext_status(struct cv_str text);
/** Method of a request, or that of a response's CSeq. */
struct cv_str cv_stext_method(struct cv_str text);
/** Value of header line number @p nth (from 0) called @p name, compact form included;
 * empty: there is none. */
struct cv_str cv_stext_header(struct cv_str text, const char *name, unsigned nth);
struct cv_str cv_stext_body(struct cv_str text);
/** The URI of a From, To or Contact value. */
struct cv_str cv_stext_uri(struct cv_str value);
/** The tag of a From or To value; empty: it has none. */
struct cv_str cv_stext_tag(struct cv_str value);

/** A message that is being made. */
struct cv_sdraft {
	char start[CV_STEXT_LINE];
	char lines[CV_STEXT_LINES][CV_STEXT_LINE]; /* "Name: value" */
	size_t c;
};

/** One more header line. */
void cv_sdraft_add(struct cv_sdraft *d, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** All header lines of @p text called @p name. */
void cv_sdraft_copy(struct cv_sdraft *d, struct cv_str text, const char *name);
/** "Name: value" in place of those of that name, "+Name: value" beside them, "-Name"
 * none of them. EINVAL. */
int cv_sdraft_edit(struct cv_sdraft *d, struct cv_str edit);
/** The message with its body. */
void cv_sdraft_write(const struct cv_sdraft *d, struct cv_str type, struct cv_str body,
		     struct cv_buf *to);

/** Copies @p text with @p from written @p to instead, everywhere. */
void cv_stext_swap(struct cv_str text, const char *from, const char *to,
		   struct cv_buf *out);

#endif
