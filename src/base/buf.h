/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A growable byte buffer that remembers its first error, so a writer checks
 * once at the end.
 */
#ifndef CV_BASE_BUF_H
#define CV_BASE_BUF_H

#include <stddef.h>

#include "base/str.h"

enum { CV_BUF_MAX = 1 << 24 }; /* no text of ours is longer; stops runaway output */

/** Owned by whoever declares it; all zero is a valid empty buffer. */
struct cv_buf {
	char *p;     /* owned; terminated by NUL beyond len when not NULL */
	size_t len;  /* bytes written */
	size_t size; /* bytes allocated */
	int err;     /* first error: ENOMEM or EMSGSIZE; later writes do nothing */
};

void cv_buf_write(struct cv_buf *b, const void *p, size_t len);
void cv_buf_str(struct cv_buf *b, struct cv_str s);
void cv_buf_printf(struct cv_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** What was written so far, borrowed until the next write. */
struct cv_str cv_buf_view(const struct cv_buf *b);
/** First error since the last reset, or 0. */
int cv_buf_err(const struct cv_buf *b);
/** Takes back what stands behind @p len bytes. */
void cv_buf_cut(struct cv_buf *b, size_t len);
/** Empties, keeps the memory, forgets the error. */
void cv_buf_reset(struct cv_buf *b);
/** Frees the memory; the buffer is empty and usable again. */
void cv_buf_free(struct cv_buf *b);

#endif
