/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: reports of a compound RTCP packet. What is read must be within what was
 * given: no more blocks than fit into it.
 */
#include "config.h"

#include <stdlib.h>

#include "media/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 8, BLOCK = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_rtcp r;

	(void)cv_rtcp_read(&r, data, size);
	if (r.blockc > CV_RTCP_BLOCKS || r.blockc * BLOCK > size)
		abort();
	if ((r.blockc > 0 || r.sends) && !r.reported)
		abort();
	if (r.reported && size < HEAD)
		abort();

	return 0;
}
