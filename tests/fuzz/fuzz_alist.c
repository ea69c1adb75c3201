/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: a list of addresses, one entry a line, then every question a
 * list answers. An entry that was taken must be found by its own words.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/alist.h"

enum { LINES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str rest = {(const char *)data, size}, line;
	struct cv_alist *l;
	const char *why;

	if (cv_alist_new(&l))
		return 0;

	for (int i = 0; i < LINES_MAX && cv_str_next(&rest, '\n', &line); ++i) {
		struct cv_addr a, lo, hi;

		why = NULL;
		if (cv_alist_add(l, line, &why) && !why)
			abort();
		if (cv_addr_parse(&a, line))
			continue;

		cv_alist_around(l, &a, &lo, &hi);
		a.scope = lo.scope;
		if (cv_addr_host_cmp(&lo, &a) > 0 || cv_addr_host_cmp(&a, &hi) > 0)
			abort();
		if (cv_alist_find(l, &lo) != cv_alist_find(l, &hi))
			abort();
	}

	for (size_t i = 1; i <= cv_alist_count(l); ++i)
		(void)cv_alist_text(l, i)[0];
	cv_mem_unref(l);

	return 0;
}
