/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of tools/natconf.c and natalg.c: the input as the words of a
 * box, and as SIP text that a router helps with.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "tools/natalg.h"
#include "tools/natconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void help(struct cv_str text)
{
	struct cv_natalg g = {0};
	struct cv_buf out = {0};

	(void)cv_addr_parse(&g.from, CV_STR("10.0.0.2:5060"));
	(void)cv_addr_parse(&g.to, CV_STR("203.0.113.7:4711"));
	for (g.bits = 0; g.bits < 2 * CV_NATALG_LENGTH; g.bits += 7) {
		cv_buf_reset(&out);
		if (cv_natalg_rewrite(&g, text, &out) && out.len > 0)
			abort();
	}
	(void)cv_natalg_is_sip(text);
	cv_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str text = cv_str_make((const char *)data, size);
	struct cv_buf error = {0};
	struct cv_nat_traits *t;
	struct cv_natconf c;

	if (cv_natconf_read(&c, text, &error) == 0) {
		t = &c.traits;
		if (error.len > 0 || c.name[0] == '\0' || t->port_lo == 0 ||
		    t->port_lo > t->port_hi || t->rulec > CV_NAT_RULES ||
		    t->outsidec > CV_NAT_OUTSIDES)
			abort();
	} else if (error.len == 0) {
		abort();
	}
	cv_buf_free(&error);
	help(text);

	return 0;
}
