/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times to live of a DNS answer. Pure.
 */
#include "config.h"

#include "net/answer.h"

#include <errno.h>

enum {
	HEADER = 12, /* bytes, RFC 1035 4.1.1 */
	ASKED = 4,   /* type and class of a question */
	FIXED = 10,  /* type, class, TTL and length of a record */
	LABEL_POINTER = 0xc0,
	TTL_BITS = 0x7fffffff, /* RFC 2181 8 */
};

/** What is still to be read. */
struct rest {
	const uint8_t *at, *end;
};

static unsigned u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static int skip(struct rest *r, size_t n)
{
	if ((size_t)(r->end - r->at) < n)
		return EBADMSG;

	r->at += n;

	return 0;
}

/* A pointer ends a name; where it points to doesn't matter here. */
static int skip_name(struct rest *r)
{
	while (r->at < r->end) {
		uint8_t label = *r->at;

		if ((label & LABEL_POINTER) == LABEL_POINTER)
			return skip(r, 2);
		if ((label & LABEL_POINTER) != 0)
			return EBADMSG;
		if (skip(r, 1 + (size_t)label))
			return EBADMSG;
		if (label == 0)
			return 0;
	}

	return EBADMSG;
}

static int read_record(struct rest *r, uint32_t *ttl)
{
	const uint8_t *p;
	int err;

	err = skip_name(r);
	if (err)
		return err;

	p = r->at;
	err = skip(r, FIXED);
	if (err)
		return err;

	*ttl = ((uint32_t)u16(p + 4) << 16 | u16(p + 6));
	if (*ttl > TTL_BITS)
		*ttl = 0;

	return skip(r, u16(p + 8));
}

int cv_answer_ttl(uint32_t *ttl_s, const uint8_t *p, size_t len)
{
	struct rest r = {p, p + len};
	unsigned asked, answers;
	uint32_t least = UINT32_MAX, ttl = 0;
	int err;

	err = skip(&r, HEADER);
	if (err)
		return err;

	asked = u16(p + 4);
	answers = u16(p + 6);
	for (; !err && asked > 0; --asked) {
		err = skip_name(&r);
		if (!err)
			err = skip(&r, ASKED);
	}

	for (unsigned i = 0; !err && i < answers; ++i) {
		err = read_record(&r, &ttl);
		least = ttl < least ? ttl : least;
	}

	if (err)
		return err;
	if (answers == 0)
		return ENOENT;

	*ttl_s = least;

	return 0;
}
