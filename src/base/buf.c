/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A growable byte buffer. Knows its own limit and its first error. Runs on
 * the thread of whoever declared it.
 */
#include "config.h"

#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_SIZE = 256 }; /* most admin lines and headers fit at once */

/* Makes room for len more bytes and the final NUL. */
static bool reserve(struct cv_buf *b, size_t len)
{
	size_t size = b->size > 0 ? b->size : FIRST_SIZE;
	char *p;

	if (b->err)
		return false;

	if (len >= CV_BUF_MAX - b->len) {
		b->err = EMSGSIZE;
		return false;
	}

	if (b->len + len < b->size)
		return true;

	while (size <= b->len + len)
		size *= 2;

	p = cv_mem_realloc(b->p, size, 1);
	if (!p) {
		b->err = ENOMEM;
		return false;
	}

	b->p = p;
	b->size = size;

	return true;
}

void cv_buf_write(struct cv_buf *b, const void *p, size_t len)
{
	if (!reserve(b, len))
		return;

	if (len > 0)
		memcpy(b->p + b->len, p, len);

	b->len += len;
	b->p[b->len] = '\0';
}

void cv_buf_str(struct cv_buf *b, struct cv_str s)
{
	cv_buf_write(b, s.p, s.len);
}

void cv_buf_printf(struct cv_buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);

	if (len < 0) {
		if (!b->err)
			b->err = EMSGSIZE;
		return;
	}

	if (!reserve(b, (size_t)len))
		return;

	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

struct cv_str cv_buf_view(const struct cv_buf *b)
{
	return cv_str_make(b->p, b->len);
}

int cv_buf_err(const struct cv_buf *b)
{
	return b->err;
}

void cv_buf_cut(struct cv_buf *b, size_t len)
{
	if (len >= b->len)
		return;

	b->len = len;
	b->p[len] = '\0';
}

void cv_buf_reset(struct cv_buf *b)
{
	b->len = 0;
	b->err = 0;
	if (b->p)
		b->p[0] = '\0';
}

void cv_buf_free(struct cv_buf *b)
{
	free(b->p);
	*b = (struct cv_buf){0};
}
