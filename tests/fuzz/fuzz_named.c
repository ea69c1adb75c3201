/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of sip/named.c: a name that was read and is written with what it
 * held comes out as it went in. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "sip/named.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str text = cv_str_make((const char *)data, size);
	struct cv_buf buf = {.p = NULL};
	struct cv_named n;
	int err;

	err = cv_named_parse(&n, text);
	if (err && err != EBADMSG)
		abort();

	if (!err) {
		cv_named_print(&buf, text, &n, &n);
		if (!cv_buf_err(&buf) && !cv_str_eq(cv_buf_view(&buf), text))
			abort();
	}
	cv_buf_free(&buf);

	return 0;
}
