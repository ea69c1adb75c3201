/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: the times to live of a DNS answer. A message that was read holds
 * when it is longer, and is refused when its last byte is missing only if that
 * byte was read.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t ttl = 0, shorter = 0;
	int err = cv_answer_ttl(&ttl, data, size);

	if (err && err != EBADMSG && err != ENOENT)
		abort();
	if (!err && ttl > 0x7fffffff)
		abort();
	if (size > 0 && cv_answer_ttl(&shorter, data, size - 1) == 0 &&
	    (err || shorter != ttl))
		abort();

	return 0;
}
