/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration as a module sees it: sections and their keys as text,
 * already checked against the key table.
 */
#ifndef CV_CONF_OPTS_H
#define CV_CONF_OPTS_H

#include <stddef.h>

#include "base/buf.h"

struct cv_opts;
struct cv_opts_sec;

/** Sections of one kind ("user") in file order: NULL first, then the last one returned.
 * NULL at the end. Borrowed from the configuration. */
const struct cv_opts_sec *cv_opts_next(const struct cv_opts *o, const char *kind,
				       const struct cv_opts_sec *prev);
/** Name behind the kind: "alice" of [user alice]; "" when none. */
const char *cv_opts_name(const struct cv_opts_sec *s);
/** Value of @p key, or its default, or NULL. */
const char *cv_opts_get(const struct cv_opts_sec *s, const char *key);
/** Appends "FILE:LINE: sentence\n" for @p key (or the section when the key is absent) to
 * the error text of this load. */
void cv_opts_complain(const struct cv_opts_sec *s, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** Where complaints go; set by core around the modules' conf(). */
void cv_opts_error_to(const struct cv_opts *o, struct cv_buf *error);

#endif
