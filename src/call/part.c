/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where in a message body the session description stands: the whole of it, or
 * one part of a multipart body (RFC 2046 5.1). Pure; any thread.
 *
 * What this can't read for certain is refused, for an address in a description
 * that wasn't found would pass unrewritten: a nested multipart, a folded
 * Content-Type, two descriptions, no closing delimiter.
 */
#include "config.h"

#include <errno.h>

#include "call/call_int.h"

enum {
	BOUNDARY_MAX = 70, /* RFC 2046 5.1.1 */
	LINES_MAX = 2048,  /* lines of a multipart body that are looked at */
};

/* A walk over the lines of a multipart body. */
struct walk {
	struct cv_str rest;
	struct cv_str boundary;
	unsigned lines;
};

enum delimiter { DELIMITER_NONE = 0, DELIMITER_NEXT, DELIMITER_CLOSE };

/* "application/sdp" of "application/sdp; charset=utf-8" */
static struct cv_str bare_type(struct cv_str type)
{
	return cv_str_trim(cv_str_make(type.p, cv_str_chr(type, ';')));
}

static int boundary_of(struct cv_str *bp, struct cv_str type)
{
	struct cv_str param, b;

	while (cv_str_next(&type, ';', &param)) {
		param = cv_str_trim(param);
		if (!cv_str_istarts(param, CV_STR("boundary=")))
			continue;

		b = cv_str_from(param, sizeof("boundary=") - 1);
		if (b.len >= 2 && b.p[0] == '"' && b.p[b.len - 1] == '"')
			b = cv_str_make(b.p + 1, b.len - 2);

		if (b.len == 0 || b.len > BOUNDARY_MAX)
			return EBADMSG;

		*bp = b;

		return 0;
	}

	return EBADMSG;
}

/* Takes a line with its ending off the rest. */
static bool line_next(struct walk *w, struct cv_str *line)
{
	size_t end = cv_str_chr(w->rest, '\n');

	if (w->rest.len == 0 || ++w->lines > LINES_MAX)
		return false;

	if (end < w->rest.len)
		++end;

	*line = cv_str_make(w->rest.p, end);
	w->rest = cv_str_from(w->rest, end);

	return true;
}

static enum delimiter delimiter_of(const struct walk *w, struct cv_str line)
{
	struct cv_str s = cv_str_trim(line);

	if (!cv_str_starts(line, CV_STR("--")) ||
	    !cv_str_starts(cv_str_from(s, 2), w->boundary))
		return DELIMITER_NONE;

	s = cv_str_from(s, 2 + w->boundary.len);
	if (s.len == 0)
		return DELIMITER_NEXT;

	return cv_str_eq(s, CV_STR("--")) ? DELIMITER_CLOSE : DELIMITER_NONE;
}

/* Reads the head of a part up to its empty line: is it a description? */
static int head_read(struct walk *w, bool *is_sdp)
{
	struct cv_str line, name, value, type;
	bool typed = false;

	*is_sdp = false;
	while (line_next(w, &line)) {
		if (cv_str_trim(line).len == 0)
			return 0;

		if (typed && (line.p[0] == ' ' || line.p[0] == '\t'))
			return EBADMSG;

		name = cv_str_trim(cv_str_make(line.p, cv_str_chr(line, ':')));
		typed = cv_str_ieq(name, CV_STR("Content-Type"));
		if (!typed)
			continue;

		value = cv_str_trim(cv_str_from(line, cv_str_chr(line, ':') + 1));
		type = bare_type(value);
		if (type.len == 0 || cv_str_istarts(type, CV_STR("multipart/")))
			return EBADMSG;

		*is_sdp = cv_str_ieq(type, CV_STR("application/sdp"));
	}

	return EBADMSG;
}

/* Content from @p from to the delimiter line at @p end, without the line ending that
 * belongs to the delimiter. */
static struct cv_str content(const char *from, const char *end)
{
	size_t len = (size_t)(end - from);

	if (len > 0 && from[len - 1] == '\n')
		--len;

	if (len > 0 && from[len - 1] == '\r')
		--len;

	return cv_str_make(from, len);
}

static int part_read(struct walk *w, struct cv_str *sdp, enum delimiter *end)
{
	struct cv_str line;
	const char *from;
	bool is_sdp;
	int err;

	err = head_read(w, &is_sdp);
	if (err)
		return err;

	from = w->rest.p;
	while (line_next(w, &line)) {
		*end = delimiter_of(w, line);
		if (*end == DELIMITER_NONE)
			continue;

		if (is_sdp && sdp->p)
			return EBADMSG;

		if (is_sdp)
			*sdp = content(from, line.p);

		return 0;
	}

	return EBADMSG;
}

static int multipart_find(struct walk *w, struct cv_str *sdp)
{
	enum delimiter d = DELIMITER_NONE;
	struct cv_str line, found = CV_STR_NULL;
	int err;

	while (d == DELIMITER_NONE) {
		if (!line_next(w, &line))
			return EBADMSG;

		d = delimiter_of(w, line);
	}

	while (d == DELIMITER_NEXT) {
		err = part_read(w, &found, &d);
		if (err)
			return err;
	}

	if (!found.p)
		return ENOENT;

	*sdp = found;

	return 0;
}

int cv_part_find_sdp(struct cv_str type, struct cv_str body, struct cv_str *sdp)
{
	struct walk w = {.rest = body};
	struct cv_str bare = bare_type(type);
	int err;

	if (body.len == 0)
		return ENOENT;

	/* a body without a type is taken for what it looks like */
	if (cv_str_ieq(bare, CV_STR("application/sdp")) ||
	    (bare.len == 0 && cv_str_starts(body, CV_STR("v=")))) {
		*sdp = body;
		return 0;
	}

	if (!cv_str_istarts(bare, CV_STR("multipart/")))
		return ENOENT;

	err = boundary_of(&w.boundary, type);
	if (err)
		return err;

	return multipart_find(&w, sdp);
}
