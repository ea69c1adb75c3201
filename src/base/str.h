/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A borrowed slice of text: pointer and length, never owned, not terminated.
 */
#ifndef CV_BASE_STR_H
#define CV_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A slice. p may be NULL only when len is 0. Lives as long as what it points into. */
struct cv_str {
	const char *p;
	size_t len;
};

#define CV_STR(lit)   ((struct cv_str){(lit), sizeof(lit) - 1})
#define CV_STR_NULL   ((struct cv_str){NULL, 0})
#define CV_STR_FMT    "%.*s"
#define CV_STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

/** Slice over a terminated string; NULL gives the empty slice. */
struct cv_str cv_str_of(const char *s);
struct cv_str cv_str_make(const char *p, size_t len);
bool cv_str_is_empty(struct cv_str s);
bool cv_str_eq(struct cv_str a, struct cv_str b);
/** ASCII case-insensitive comparison, as SIP tokens and host names want. */
bool cv_str_ieq(struct cv_str a, struct cv_str b);
bool cv_str_starts(struct cv_str s, struct cv_str prefix);
bool cv_str_istarts(struct cv_str s, struct cv_str prefix);
/** A space or a tab. */
bool cv_char_is_blank(char c);
/** One of those, CR or LF. */
bool cv_char_is_space(char c);
/** True: @p s holds a control character that is no tab. */
bool cv_str_has_control(struct cv_str s);
/** Without blanks, tabs, CR and LF at both ends. */
struct cv_str cv_str_trim(struct cv_str s);
/** The rest of @p s from offset @p n; empty when n >= len. */
struct cv_str cv_str_from(struct cv_str s, size_t n);
/** Offset of the first @p c, or s.len. */
size_t cv_str_chr(struct cv_str s, char c);
/** Takes the part before the next @p sep off the front of @p rest; false when nothing is
 * left. */
bool cv_str_next(struct cv_str *rest, char sep, struct cv_str *part);
/** Decimal number, whole slice, at most @p max. EINVAL: not a number; ERANGE: too large.
 */
int cv_str_u64(uint64_t *np, struct cv_str s, uint64_t max);
/** Milliseconds out of a number with its unit: 20ms, 30s, 5m, 2h. EINVAL: no number or no
 * unit; ERANGE. */
int cv_str_ms(uint64_t *ms, struct cv_str s);
/** Terminated copy ended by free(); NULL when memory is out. */
char *cv_str_dup(struct cv_str s);

#endif
