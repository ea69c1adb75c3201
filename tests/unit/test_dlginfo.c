/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of sip/dlginfo.c: dialogs named in a body. One thread. */
#include "config.h"

#include <CUnit/CUnit.h>

#include "sip/dlginfo.h"
#include "suite_sip.h"

/* Knows the call "abc". */
static bool known(struct cv_named *is, const struct cv_named *was, void *arg)
{
	unsigned *asked = arg;

	++*asked;
	*is = (struct cv_named){CV_STR("other-side"), {was->tag[1], CV_STR("t")}};

	return cv_str_eq(was->call_id, CV_STR("abc"));
}

static void check(const char *body, const char *want, unsigned times)
{
	struct cv_buf buf = {.p = NULL};
	unsigned asked = 0;

	cv_dlginfo_map(&buf, cv_str_of(body), known, &asked);
	CU_ASSERT_TRUE(cv_str_eq(cv_buf_view(&buf), cv_str_of(want)));
	CU_ASSERT_EQUAL(asked, times);
	cv_buf_free(&buf);
}

static void test_known_dialog_is_renamed_in_place(void)
{
	check("<x><dialog id=\"1\" local-tag='l' call-id = \"abc\" remote-tag=\"r\" "
	      "z=\"\">"
	      "<state>early</state></dialog></x>",
	      "<x><dialog id=\"1\" local-tag='r' call-id = \"other-side\" "
	      "remote-tag=\"t\" "
	      "z=\"\"><state>early</state></dialog></x>",
	      1);
	check("<d:dialog\n call-id=\"abc\" remote-tag=\"r\" local-tag=\"l\"/>",
	      "<d:dialog\n call-id=\"other-side\" remote-tag=\"t\" local-tag=\"r\"/>", 1);
}

static void test_everything_else_passes(void)
{
	static const char *const bodies[] = {
		"",
		"no markup",
		"<dialog call-id=\"abc\" local-tag=\"l\">",
		"<dialog call-id=\"abc\" local-tag=\"l\" remote-tag=\"\">",
		"<dialog call-id=\"abc\" local-tag=\"l\" remote-tag=\"r",
		"<dialogs call-id=\"abc\" local-tag=\"l\" remote-tag=\"r\">",
		"<dialog call-id=abc local-tag=\"l\" remote-tag=\"r\">",
		"<dialog call-id=\"a&amp;c\" local-tag=\"l\" remote-tag=\"r\">",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i)
		check(bodies[i], bodies[i], 0);

	check("<dialog call-id=\"foreign\" local-tag=\"l\" remote-tag=\"r\">",
	      "<dialog call-id=\"foreign\" local-tag=\"l\" remote-tag=\"r\">", 1);
}

int cv_test_dlginfo(void)
{
	CU_pSuite s = CU_add_suite("dlginfo", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_known_dialog_is_renamed_in_place);
	CU_ADD_TEST(s, test_everything_else_passes);

	return (int)CU_get_error();
}
