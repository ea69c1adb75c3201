/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Borrowed slices of text. Knows ASCII only and no locale. Runs on any
 * thread.
 */
#include "config.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

static unsigned char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : (unsigned char)c;
}

struct cv_str cv_str_of(const char *s)
{
	return cv_str_make(s, s ? strlen(s) : 0);
}

struct cv_str cv_str_make(const char *p, size_t len)
{
	return (struct cv_str){p, len};
}

bool cv_str_is_empty(struct cv_str s)
{
	return s.len == 0;
}

bool cv_str_eq(struct cv_str a, struct cv_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool cv_str_ieq(struct cv_str a, struct cv_str b)
{
	if (a.len != b.len)
		return false;

	for (size_t i = 0; i < a.len; ++i) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}

	return true;
}

bool cv_str_starts(struct cv_str s, struct cv_str prefix)
{
	return s.len >= prefix.len && cv_str_eq(cv_str_make(s.p, prefix.len), prefix);
}

bool cv_str_istarts(struct cv_str s, struct cv_str prefix)
{
	return s.len >= prefix.len && cv_str_ieq(cv_str_make(s.p, prefix.len), prefix);
}

bool cv_char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool cv_char_is_space(char c)
{
	return cv_char_is_blank(c) || c == '\r' || c == '\n';
}

bool cv_str_has_control(struct cv_str s)
{
	for (size_t i = 0; i < s.len; ++i) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}

	return false;
}

struct cv_str cv_str_trim(struct cv_str s)
{
	while (s.len > 0 && cv_char_is_space(s.p[0]))
		s = cv_str_from(s, 1);

	while (s.len > 0 && cv_char_is_space(s.p[s.len - 1]))
		--s.len;

	return s;
}

struct cv_str cv_str_from(struct cv_str s, size_t n)
{
	if (s.len == 0)
		return s;

	if (n > s.len)
		n = s.len;

	return cv_str_make(s.p + n, s.len - n);
}

size_t cv_str_chr(struct cv_str s, char c)
{
	const char *at = s.len > 0 ? memchr(s.p, c, s.len) : NULL;

	return at ? (size_t)(at - s.p) : s.len;
}

bool cv_str_next(struct cv_str *rest, char sep, struct cv_str *part)
{
	size_t n;

	if (rest->len == 0)
		return false;

	n = cv_str_chr(*rest, sep);
	*part = cv_str_make(rest->p, n);
	*rest = cv_str_from(*rest, n + 1);

	return true;
}

int cv_str_u64(uint64_t *np, struct cv_str s, uint64_t max)
{
	uint64_t n = 0;
	bool big = false;

	if (s.len == 0)
		return EINVAL;

	for (size_t i = 0; i < s.len; ++i) {
		unsigned digit;

		if (s.p[i] < '0' || s.p[i] > '9')
			return EINVAL;

		digit = (unsigned)(s.p[i] - '0');
		if (n > (UINT64_MAX - digit) / 10)
			big = true;
		else
			n = n * 10 + digit;
	}

	if (big || n > max)
		return ERANGE;

	*np = n;

	return 0;
}

int cv_str_ms(uint64_t *ms, struct cv_str s)
{
	static const struct {
		struct cv_str name;
		uint32_t ms;
	} units[] = {
		{{"ms", 2}, 1},
		{{"s", 1}, 1000},
		{{"m", 1}, 60 * 1000},
		{{"h", 1}, 60 * 60 * 1000},
	};
	size_t digits = 0;
	int err;

	while (digits < s.len && s.p[digits] >= '0' && s.p[digits] <= '9')
		++digits;

	err = cv_str_u64(ms, cv_str_make(s.p, digits), UINT32_MAX);
	if (err)
		return err;

	s = cv_str_from(s, digits);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); ++i) {
		if (!cv_str_eq(s, units[i].name))
			continue;

		*ms *= units[i].ms;
		return 0;
	}

	return EINVAL;
}

char *cv_str_dup(struct cv_str s)
{
	char *copy = cv_mem_realloc(NULL, s.len + 1, 1);

	if (!copy)
		return NULL;

	if (s.len > 0)
		memcpy(copy, s.p, s.len);

	copy[s.len] = '\0';

	return copy;
}
