/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line of the admin protocol. Knows its one option and which bytes may
 * stand in it, not the commands. Pure; runs on any thread.
 */
#include "config.h"

#include <errno.h>

#include "admin/admin.h"

static const struct cv_str json_option = {"--json", sizeof("--json") - 1};

static bool is_clean(struct cv_str s)
{
	for (size_t i = 0; i < s.len; ++i) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}

	return true;
}

int cv_admin_line_parse(struct cv_admin_line *line, struct cv_str raw)
{
	struct cv_str s = cv_str_trim(raw), rest;

	if (raw.len >= CV_ADMIN_LINE_MAX)
		return EMSGSIZE;

	rest = s;
	line->format = CV_OUT_TEXT;
	if (cv_str_starts(s, json_option)) {
		rest = cv_str_from(s, json_option.len);
		if (rest.len > 0 && rest.p[0] != ' ')
			rest = s; /* "--jsonx" is a command, an unknown one */
		else
			line->format = CV_OUT_JSON;
	}

	line->cmd = cv_str_trim(rest);

	return line->cmd.len > 0 && is_clean(line->cmd) ? 0 : EINVAL;
}
