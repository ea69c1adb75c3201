/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP messages as text. Test's thread. */
#include "config.h"

#include "sip_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compact forms (RFC 3261 7.3.3) */
static const struct {
	const char *name, *brief;
} briefs[] = {
	{"Via", "v"},     {"From", "f"},           {"To", "t"},
	{"Call-ID", "i"}, {"Contact", "m"},        {"Content-Type", "c"},
	{"Event", "o"},   {"Content-Length", "l"}, {"Subject", "s"},
};

static bool is_called(struct cv_str name, const char *want)
{
	if (cv_str_ieq(name, cv_str_of(want)))
		return true;

	for (size_t i = 0; i < sizeof(briefs) / sizeof(briefs[0]); ++i) {
		if (strcmp(briefs[i].name, want) == 0 &&
		    cv_str_ieq(name, cv_str_of(briefs[i].brief)))
			return true;
	}

	return false;
}

static struct cv_str start_of(struct cv_str text)
{
	return cv_str_trim(cv_str_make(text.p, cv_str_chr(text, '\n')));
}

unsigned cv_stext_status(struct cv_str text)
{
	struct cv_str s = start_of(text), word;

	if (!cv_str_starts(s, CV_STR("SIP/2.0 ")) || !cv_str_next(&s, ' ', &word) ||
	    !cv_str_next(&s, ' ', &word))
		return 0;

	return (unsigned)strtoul(word.p, NULL, 10);
}

struct cv_str cv_stext_method(struct cv_str text)
{
	struct cv_str s = start_of(text), word = CV_STR_NULL;

	if (cv_stext_status(text) == 0) {
		(void)cv_str_next(&s, ' ', &word);
		return word;
	}

	s = cv_stext_header(text, "CSeq", 0);
	(void)cv_str_next(&s, ' ', &word);

	return cv_str_trim(s);
}

struct cv_str cv_stext_header(struct cv_str text, const char *name, unsigned nth)
{
	struct cv_str rest = text, line;

	(void)cv_str_next(&rest, '\n', &line); /* the start line */
	while (cv_str_next(&rest, '\n', &line)) {
		size_t colon = cv_str_chr(line, ':');

		line = cv_str_trim(line);
		if (line.len == 0)
			break;

		if (is_called(cv_str_trim(cv_str_make(line.p, colon)), name) &&
		    nth-- == 0)
			return cv_str_trim(cv_str_from(line, colon + 1));
	}

	return CV_STR_NULL;
}

struct cv_str cv_stext_body(struct cv_str text)
{
	const char *gap = memmem(text.p, text.len, "\r\n\r\n", 4);

	return gap ? cv_str_from(text, (size_t)(gap - text.p) + 4) : CV_STR_NULL;
}

struct cv_str cv_stext_uri(struct cv_str value)
{
	size_t at = cv_str_chr(value, '<');
	struct cv_str s = cv_str_from(value, at + 1);

	if (at < value.len)
		return cv_str_make(s.p, cv_str_chr(s, '>'));

	return cv_str_trim(cv_str_make(value.p, cv_str_chr(value, ';')));
}

struct cv_str cv_stext_tag(struct cv_str value)
{
	struct cv_str rest = cv_str_from(value, cv_str_chr(value, '>')), part;

	while (cv_str_next(&rest, ';', &part)) {
		part = cv_str_trim(part);
		if (cv_str_istarts(part, CV_STR("tag=")))
			return cv_str_from(part, 4);
	}

	return CV_STR_NULL;
}

void cv_sdraft_add(struct cv_sdraft *d, const char *name, const char *fmt, ...)
{
	char value[CV_STEXT_LINE - 64];
	va_list ap;

	if (d->c == CV_STEXT_LINES)
		return;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	(void)snprintf(d->lines[d->c++], CV_STEXT_LINE, "%.48s: %s", name, value);
}

void cv_sdraft_copy(struct cv_sdraft *d, struct cv_str text, const char *name)
{
	struct cv_str value;

	for (unsigned i = 0;; ++i) {
		value = cv_stext_header(text, name, i);
		if (value.len == 0)
			return;

		cv_sdraft_add(d, name, CV_STR_FMT, CV_STR_ARG(value));
	}
}

static bool line_is(const char *line, struct cv_str name)
{
	return cv_str_ieq(cv_str_make(line, strcspn(line, ":")), name);
}

/* Takes the lines of that name away; where the first one stood. */
static size_t take_away(struct cv_sdraft *d, struct cv_str name)
{
	size_t first = d->c, kept = 0;

	for (size_t i = 0; i < d->c; ++i) {
		if (!line_is(d->lines[i], name)) {
			if (kept != i)
				memcpy(d->lines[kept], d->lines[i], CV_STEXT_LINE);
			++kept;
		} else if (first == d->c) {
			first = i;
		}
	}
	if (first > kept)
		first = kept;
	d->c = kept;

	return first;
}

int cv_sdraft_edit(struct cv_sdraft *d, struct cv_str edit)
{
	struct cv_str name = cv_str_make(edit.p, cv_str_chr(edit, ':'));
	size_t at = d->c;

	if (cv_str_starts(edit, CV_STR("-"))) {
		(void)take_away(d, cv_str_from(edit, 1));
		return 0;
	}

	if (name.len == edit.len || edit.len >= CV_STEXT_LINE)
		return EINVAL;

	if (cv_str_starts(edit, CV_STR("+")))
		edit = cv_str_from(edit, 1);
	else
		at = take_away(d, name);

	if (d->c == CV_STEXT_LINES)
		return EINVAL;

	memmove(d->lines[at + 1], d->lines[at], (d->c - at) * CV_STEXT_LINE);
	memcpy(d->lines[at], edit.p, edit.len);
	d->lines[at][edit.len] = '\0';
	++d->c;

	return 0;
}

void cv_sdraft_write(const struct cv_sdraft *d, struct cv_str type, struct cv_str body,
		     struct cv_buf *to)
{
	bool counted = false; /* by an edit */

	cv_buf_printf(to, "%s\r\n", d->start);
	for (size_t i = 0; i < d->c; ++i) {
		cv_buf_printf(to, "%s\r\n", d->lines[i]);
		counted = counted || line_is(d->lines[i], CV_STR("Content-Length"));
	}

	if (body.len > 0)
		cv_buf_printf(to, "Content-Type: " CV_STR_FMT "\r\n", CV_STR_ARG(type));

	if (!counted)
		cv_buf_printf(to, "Content-Length: %zu\r\n", body.len);
	cv_buf_printf(to, "\r\n" CV_STR_FMT, CV_STR_ARG(body));
}

void cv_stext_swap(struct cv_str text, const char *from, const char *to,
		   struct cv_buf *out)
{
	size_t len = strlen(from);

	while (text.len > 0) {
		const char *at = memmem(text.p, text.len, from, len);
		size_t n = at ? (size_t)(at - text.p) : text.len;

		cv_buf_write(out, text.p, n);
		if (at)
			cv_buf_str(out, cv_str_of(to));

		text = cv_str_from(text, at ? n + len : n);
	}
}
