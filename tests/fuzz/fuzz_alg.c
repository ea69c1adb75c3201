/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of bind/alg.c: addresses of a body, and what is made of them. One
 * thread.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bind/alg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str text = cv_str_make((const char *)data, size);
	struct cv_alg a = {.look.via_nated = true, .look.contact_nated = true};
	char words[CV_ALG_WORDS];
	struct cv_alg_sdp sdp;

	cv_alg_sdp_read(&sdp, text);
	if (sdp.c.port != 0 && !cv_addr_is_set(&sdp.c))
		abort();

	(void)cv_addr_parse(&a.look.via, CV_STR("10.0.0.7"));
	a.look.contact = a.look.via;
	a.look.seen = sdp.o;
	cv_alg_body(&a, &sdp);
	if (strlen(cv_alg_words(&a, words)) >= sizeof(words) ||
	    cv_alg_verdict(&a) == CV_ALG_YES)
		abort();

	return 0;
}
