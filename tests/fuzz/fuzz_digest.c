/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An Authorization or WWW-Authenticate value given to the digest parser; what
 * it takes is summed up and its nonce checked. One thread.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct cv_str s, const uint8_t *data, size_t size)
{
	if (s.len == 0)
		return;

	if (s.p < (const char *)data || s.p + s.len > (const char *)data + size ||
	    s.len > CV_DIGEST_FIELD)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[32];
	struct cv_digest d = {0};
	char hex[CV_DIGEST_HEX];

	if (cv_digest_parse(&d, cv_str_make((const char *)data, size)))
		return 0;

	check_inside(d.username, data, size);
	check_inside(d.realm, data, size);
	check_inside(d.nonce, data, size);
	check_inside(d.uri, data, size);
	check_inside(d.response, data, size);
	cv_digest_response(&d, CV_STR("REGISTER"), "0123456789abcdef", hex);
	if (strlen(hex) != (d.alg == CV_DIGEST_MD5 ? 32 : 64))
		abort();

	(void)cv_digest_matches(&d, CV_STR("REGISTER"), "0123456789abcdef");
	if (!cv_digest_covers(&d, d.uri))
		abort();

	(void)cv_digest_nonce_check(key, CV_STR("192.0.2.1"), 1000, 300, d.nonce);

	return 0;
}
