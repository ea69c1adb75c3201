/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of net/stun.c: one message. What is found lies inside it, and
 * what was read can be written and read again.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "net/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_slice(const struct cv_stun *m, struct cv_str v)
{
	const uint8_t *p = (const uint8_t *)v.p;

	if (p < m->p || v.len > m->len || (size_t)(p - m->p) > m->len - v.len)
		abort();
}

static void write_again(const struct cv_stun *m, const struct cv_addr *a)
{
	uint8_t p[CV_STUN_MAX];
	struct cv_stun_out o;
	struct cv_stun again;
	struct cv_addr b;
	size_t len = 0;

	cv_stun_begin(&o, p, sizeof(p));
	cv_stun_head(&o, m->class_, m->method, m->tid);
	cv_stun_put_addr(&o, CV_STUN_XOR_MAPPED_ADDRESS, a);
	cv_stun_put_unknown(&o, m);
	cv_stun_sign(&o, CV_STR("k"));
	if (cv_stun_end(&o, &len) || cv_stun_parse(&again, p, len) ||
	    again.class_ != m->class_ || again.method != m->method ||
	    cv_stun_verify(&again, CV_STR("k")) || cv_stun_mapped(&again, &b) ||
	    !cv_addr_eq(a, &b))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum cv_stun_attr types[] = {CV_STUN_USERNAME, CV_STUN_SOFTWARE,
						  CV_STUN_ERROR_CODE,
						  CV_STUN_FINGERPRINT};
	struct cv_addr a = {0};
	struct cv_stun m;
	struct cv_str v = CV_STR_NULL;
	unsigned code;

	if (cv_stun_parse(&m, data, size))
		return 0;
	if (!cv_stun_is(data, size) || m.len > size || m.end > m.len)
		abort();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
		if (cv_stun_find(&m, types[i], &v) == 0)
			judge_slice(&m, v);
	}

	(void)cv_stun_error(&m, &code);
	(void)cv_stun_verify(&m, CV_STR("k"));
	if (cv_stun_mapped(&m, &a) == 0)
		write_again(&m, &a);

	return 0;
}
