/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads and writes a dialog's name in a header. Pure; any thread.
 */
#include "config.h"

#include "sip/named.h"

#include <errno.h>

enum { PARAMS_MAX = 8 }; /* two tags, early-only, and some room for what may come */

/* "to-tag=abc": the value of a tag parameter, or nothing. */
static struct cv_str tag_of(struct cv_str param)
{
	struct cv_str name, value;
	size_t eq = cv_str_chr(param, '=');

	name = cv_str_trim(cv_str_make(param.p, eq));
	value = cv_str_trim(cv_str_from(param, eq + 1));
	if (name.len < 4 || !cv_str_ieq(cv_str_from(name, name.len - 4), CV_STR("-tag")))
		return CV_STR_NULL;

	return value;
}

int cv_named_parse(struct cv_named *n, struct cv_str text)
{
	struct cv_named found = {.call_id = CV_STR_NULL};
	struct cv_str param, tag;
	size_t tags = 0;

	if (!cv_str_next(&text, ';', &param))
		return EBADMSG;

	found.call_id = cv_str_trim(param);
	for (unsigned i = 0; cv_str_next(&text, ';', &param); ++i) {
		tag = tag_of(param);
		if (i == PARAMS_MAX || (tag.len > 0 && tags == 2))
			return EBADMSG;

		if (tag.len > 0)
			found.tag[tags++] = tag;
	}

	if (found.call_id.len == 0 || tags < 2)
		return EBADMSG;

	*n = found;

	return 0;
}

void cv_named_print(struct cv_buf *to, struct cv_str text, const struct cv_named *was,
		    const struct cv_named *is)
{
	const struct cv_str old[] = {was->call_id, was->tag[0], was->tag[1]};
	const struct cv_str new[] = {is->call_id, is->tag[0], is->tag[1]};
	const char *at = text.p;

	for (size_t i = 0; i < 3; ++i) {
		cv_buf_str(to, cv_str_make(at, (size_t)(old[i].p - at)));
		cv_buf_str(to, new[i]);
		at = old[i].p + old[i].len;
	}

	cv_buf_str(to, cv_str_make(at, (size_t)(text.p + text.len - at)));
}
