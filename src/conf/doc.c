/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key table as mdoc, for culvert.conf.5. Pure; any thread.
 */
#include "config.h"

#include "conf/conf.h"

#include <string.h>

#include "base/buf.h"
#include "conf/conf_int.h"

static void key_print(struct cv_buf *to, const struct cv_conf_key *key)
{
	cv_buf_printf(to, ".It Ic %s\n%s.\n", key->name, key->doc);
	if (key->def)
		cv_buf_printf(to, "Default:\n.Li %s .\n", key->def);
}

static void kind_print(struct cv_buf *to, const struct cv_conf_kind *kind)
{
	cv_buf_printf(to, ".Ss [%s%s]\n%s.\n", kind->name, kind->named ? " NAME" : "",
		      kind->doc);
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
