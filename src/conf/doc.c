/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key table as mdoc, for culvert.conf.5. Pure; any thread.
 */
#include "config.h"

#include "conf/conf.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/conf_int.h"

enum { LINE_LEN = 78 }; /* mandoc wants source lines below 80 */

/* A line of mdoc that must begin with a letter: a word with a full stop or an apostrophe
 * in front would be a request. */
static bool is_text(struct cv_str word)
{
	return word.len > 0 && word.p[0] != '.' && word.p[0] != '\'';
}

/* Text in lines of bounded length, with a full stop. */
static void sentence_print(struct cv_buf *to, const char *text)
{
	struct cv_str rest = cv_str_of(text);
	struct cv_str word;
	size_t column = 0;

	while (cv_str_next(&rest, ' ', &word)) {
		if (column > 0 && column + 1 + word.len > LINE_LEN && is_text(word)) {
			cv_buf_str(to, CV_STR("\n"));
			column = 0;
		} else if (column > 0) {
			cv_buf_str(to, CV_STR(" "));
			++column;
		}

		cv_buf_str(to, word);
		column += word.len;
	}

	cv_buf_str(to, CV_STR(".\n"));
}

static void key_print(struct cv_buf *to, const struct cv_conf_key *key)
{
	cv_buf_printf(to, ".It Ic %s\n", key->name);
	sentence_print(to, key->doc);
	if (!key->def)
		return;

	cv_buf_str(to, CV_STR("Default: "));
	sentence_print(to, key->def);
}

static void kind_print(struct cv_buf *to, const struct cv_conf_kind *kind)
{
	cv_buf_printf(to, ".Ss [%s%s\n", kind->name,
		      kind->named ? " NAME] sections" : "] section");
	sentence_print(to, kind->doc);
	cv_buf_str(to, CV_STR(".Bl -tag -width Ds\n"));
	for (size_t i = 0; i < cv_conf_keyc; ++i) {
		if (strcmp(cv_conf_keys[i].kind, kind->name) == 0)
			key_print(to, &cv_conf_keys[i]);
	}

	cv_buf_str(to, CV_STR(".El\n"));
}

void cv_conf_doc(struct cv_buf *to)
{
	for (size_t i = 0; i < cv_conf_kindc; ++i)
		kind_print(to, &cv_conf_kinds[i]);
}
