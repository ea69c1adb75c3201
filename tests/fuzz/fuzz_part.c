/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of call/part.c: the first line is the content type, the rest the
 * body; a description that is found lies inside it. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "call/call_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str all = cv_str_make((const char *)data, size);
	size_t line = cv_str_chr(all, '\n');
	struct cv_str type = cv_str_make(all.p, line);
	struct cv_str body = cv_str_from(all, line + 1);
	struct cv_str sdp = CV_STR_NULL;
	int err = cv_part_find_sdp(type, body, &sdp);

	if (err && err != ENOENT && err != EBADMSG)
		abort();

	if (!err && (sdp.p < body.p || sdp.p + sdp.len > body.p + body.len))
		abort();

	return 0;
}
