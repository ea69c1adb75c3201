/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of calls begin and end with. Test's thread. */
#include "config.h"

#include "call_bed.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"

struct cv_world *cv_bed_open(const char *const *conf)
{
	struct cv_world *w = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_world_new(&w), 0);
	for (; *conf; ++conf)
		CU_ASSERT_EQUAL(cv_world_conf(w, *conf), 0);

	return w;
}

void cv_bed_play(struct cv_world *w, const char *const *steps)
{
	CU_ASSERT_TRUE(cv_world_play(w, steps));
}

void cv_bed_close(struct cv_world *w)
{
	cv_world_close(w);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 0);
	cv_mem_unref(w);
}

void cv_bed_ask(struct cv_world *w, const char *question, const char *const *texts)
{
	struct cv_buf text = {.p = NULL};

	CU_ASSERT_EQUAL(cv_world_ask(w, question, &text), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
	for (; *texts; ++texts) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text.p, *texts));
		if (!strstr(text.p, *texts))
			printf("no \"%s\" in:\n%s", *texts, text.p);
	}
	cv_buf_free(&text);
}
