/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scanner for the one element of dialog-info that names dialogs. It knows
 * tags and attributes, no document: what it can't read it leaves alone. Pure;
 * any thread.
 */
#include "config.h"

#include "sip/dlginfo.h"

#include <string.h>

enum {
	TAGS_MAX = 1000, /* looked at in one body; the rest passes as it is */
	ATTRS_MAX = 16,  /* attributes of one of them */
};

enum { CALL_ID = 0, LOCAL, REMOTE, KEYS };

static struct cv_str skip_space(struct cv_str s)
{
	while (s.len > 0 && cv_char_is_space(s.p[0]))
		s = cv_str_from(s, 1);

	return s;
}

/* "dialog", or with a prefix "di:dialog". */
static bool is_dialog(struct cv_str name)
{
	size_t colon = cv_str_chr(name, ':');

	if (colon < name.len)
		name = cv_str_from(name, colon + 1);

	return cv_str_eq(name, CV_STR("dialog"));
}

/* Without what would have to be written otherwise in an attribute. */
static bool is_plain(struct cv_str value)
{
	for (size_t i = 0; i < value.len; ++i) {
		if (strchr("<>&\"'", value.p[i]))
			return false;
	}

	return value.len > 0;
}

/* Takes name="value" off the inside of a tag. False: there is no more. */
static bool attr_next(struct cv_str *rest, struct cv_str *name, struct cv_str *value)
{
	struct cv_str s = skip_space(*rest);
	size_t eq = cv_str_chr(s, '='), end;

	if (eq == s.len)
		return false;

	*name = cv_str_trim(cv_str_make(s.p, eq));
	s = skip_space(cv_str_from(s, eq + 1));
	if (s.len == 0 || (s.p[0] != '"' && s.p[0] != '\''))
		return false;

	end = cv_str_chr(cv_str_from(s, 1), s.p[0]);
	if (end + 1 >= s.len)
		return false;

	*value = cv_str_make(s.p + 1, end);
	*rest = cv_str_from(s, end + 2);

	return true;
}

/* Values of the three attributes; false: not all there, or not plain. */
static bool values_of(struct cv_str *v, struct cv_str attrs)
{
	static const char *const keys[KEYS] = {"call-id", "local-tag", "remote-tag"};
	struct cv_str name, value;

	for (unsigned i = 0; i < ATTRS_MAX && attr_next(&attrs, &name, &value); ++i) {
		for (size_t k = 0; k < KEYS; ++k) {
			if (cv_str_eq(name, cv_str_of(keys[k])))
				v[k] = value;
		}
	}

	return is_plain(v[CALL_ID]) && is_plain(v[LOCAL]) && is_plain(v[REMOTE]);
}

/* Writes @p text with three slices of it replaced, in whatever order they stand. */
static void print(struct cv_buf *to, struct cv_str text, const struct cv_str *was,
		  const struct cv_str *is)
{
	const char *at = text.p, *end = text.p + text.len;

	while (at < end) {
		const struct cv_str *next = NULL;

		for (size_t k = 0; k < KEYS; ++k) {
			if (was[k].p >= at && (!next || was[k].p < next->p))
				next = &was[k];
		}
		if (!next)
			break;

		cv_buf_str(to, cv_str_make(at, (size_t)(next->p - at)));
		cv_buf_str(to, is[next - was]);
		at = next->p + next->len;
	}

	cv_buf_str(to, cv_str_make(at, (size_t)(end - at)));
}

/* The inside of one tag, from behind '<' up to '>'. */
static void map_tag(struct cv_buf *to, struct cv_str tag, cv_dlginfo_fn *fn, void *arg)
{
	struct cv_str v[KEYS] = {CV_STR_NULL, CV_STR_NULL, CV_STR_NULL};
	struct cv_named was, is;
	size_t name = 0;

	while (name < tag.len && !cv_char_is_space(tag.p[name]))
		++name;

	if (is_dialog(cv_str_make(tag.p, name)) && values_of(v, cv_str_from(tag, name))) {
		was = (struct cv_named){v[CALL_ID], {v[LOCAL], v[REMOTE]}};
		if (fn(&is, &was, arg) && is_plain(is.call_id) && is_plain(is.tag[0]) &&
		    is_plain(is.tag[1])) {
			const struct cv_str new[] = {is.call_id, is.tag[0], is.tag[1]};

			print(to, tag, v, new);
			return;
		}
	}

	cv_buf_str(to, tag);
}

void cv_dlginfo_map(struct cv_buf *to, struct cv_str body, cv_dlginfo_fn *fn, void *arg)
{
	size_t open, end;

	for (unsigned i = 0; i < TAGS_MAX; ++i) {
		open = cv_str_chr(body, '<');
		if (open == body.len)
			break;

		cv_buf_str(to, cv_str_make(body.p, open + 1));
		body = cv_str_from(body, open + 1);
		end = cv_str_chr(body, '>');
		map_tag(to, cv_str_make(body.p, end), fn, arg);
		body = cv_str_from(body, end);
	}

	cv_buf_str(to, body);
}
