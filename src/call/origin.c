/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The o= line that one party sees in one dialog: the same session from the
 * first description to the last, its version raised by one whenever the text
 * says something else, and only then (RFC 3264 8). What the other party writes
 * there passes as long as it keeps to that; when it doesn't (another phone
 * speaks in the same dialog, a PBX puts a call through, our own address is all
 * that changed) we count ourselves. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "call/call_int.h"

/* Can we count it on? A version that is no number passes as it is. */
static bool version_read(const struct cv_sdp *s, uint64_t *version)
{
	return cv_sdp_session(s).len > 0 &&
	       cv_str_u64(version, cv_sdp_version(s), UINT64_MAX - UINT32_MAX) == 0;
}

static int first(struct cv_origin *o, struct cv_str session, uint64_t version,
		 uint64_t sum)
{
	o->session = cv_mem_new(session.len + 1, NULL);
	if (!o->session)
		return ENOMEM;

	memcpy(o->session, session.p, session.len);
	o->version = version;
	o->sum = sum;
	o->counted = false;

	return 0;
}

int cv_origin_pass(struct cv_origin *o, const struct cv_sdp *s, struct cv_sdp_edit *edit,
		   struct cv_buf *to)
{
	size_t start = to->len;
	uint64_t version;
	int err;

	if (o->counted)
		return cv_origin_write(o, s, edit, to);

	edit->session = CV_STR_NULL;
	err = cv_sdp_rewrite(s, edit, to);
	if (err || !version_read(s, &version))
		return err;

	cv_origin_free(o);

	return first(o, cv_sdp_session(s), version,
		     cv_sdp_sum(cv_str_from(cv_buf_view(to), start)));
}

int cv_origin_write(struct cv_origin *o, const struct cv_sdp *s, struct cv_sdp_edit *edit,
		    struct cv_buf *to)
{
	size_t start = to->len;
	uint64_t version = 0, sum;
	int err;

	edit->session = CV_STR_NULL;
	err = cv_sdp_rewrite(s, edit, to);
	if (err || !version_read(s, &version))
		return err;

	sum = cv_sdp_sum(cv_str_from(cv_buf_view(to), start));
	if (!o->session)
		return first(o, cv_sdp_session(s), version, sum);

	edit->session = cv_str_of(o->session);
	edit->version = o->version + (sum != o->sum);
	if (version != edit->version || !cv_str_eq(edit->session, cv_sdp_session(s))) {
		cv_buf_cut(to, start);
		err = cv_sdp_rewrite(s, edit, to);
		o->counted = true;
	}
	if (err)
		return err;

	o->version = edit->version;
	o->sum = sum;

	return 0;
}

struct cv_addr cv_origin_shown(const struct cv_flow *v, size_t c)
{
	struct cv_addr a = {0};

	for (size_t i = 0; i < c && !cv_addr_is_set(&a); ++i) {
		if (v[i].rtp.port != 0 && v[i].carry != CV_CARRY_NONE)
			a = v[i].rtp;
	}
	a.port = 0;

	return a;
}

struct cv_addr cv_origin_host(struct cv_origin *o, const struct cv_addr *shown,
			      sa_family_t family)
{
	if (!cv_addr_is_set(&o->shown))
		o->shown = *shown;
	if (!cv_addr_is_set(&o->shown))
		o->shown = (struct cv_addr){.family = family};

	return o->shown;
}

void cv_origin_copy(struct cv_origin *to, const struct cv_origin *from)
{
	cv_origin_free(to);
	*to = *from;
	cv_mem_ref(to->session);
}

void cv_origin_free(struct cv_origin *o)
{
	cv_mem_unref(o->session);
	*o = (struct cv_origin){.session = NULL};
}
