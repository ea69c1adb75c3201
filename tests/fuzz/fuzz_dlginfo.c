/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of sip/dlginfo.c: names that are replaced by themselves leave the
 * body as it came. One thread.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "sip/dlginfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(struct cv_named *is, const struct cv_named *was, void *arg)
{
	(void)arg;
	*is = *was;

	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str body = cv_str_make((const char *)data, size);
	struct cv_buf buf = {.p = NULL};

	cv_dlginfo_map(&buf, body, same, NULL);
	if (!cv_buf_err(&buf) && !cv_str_eq(cv_buf_view(&buf), body))
		abort();

	cv_buf_free(&buf);

	return 0;
}
