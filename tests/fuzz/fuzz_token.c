/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The user part of a Request-URI given to the token reader. The first byte
 * says whether the rest is taken as it is or laid over a genuine token, so
 * that the MAC check is reached. One thread.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cv_binds bs; /* the reader needs its secret only */
	char token[CV_BIND_TOKEN] = {0}, genuine[CV_BIND_TOKEN] = {0};
	struct cv_str user;
	uint64_t id = 0;

	if (size == 0 || cv_bind_token_make(&bs, 0x0102030405060708, genuine))
		return 0;

	user = cv_str_make((const char *)data + 1, size - 1);
	if (data[0] % 2 == 1) {
		memcpy(token, genuine, sizeof(token));
		for (size_t i = 0; i < user.len && i < CV_BIND_TOKEN_LEN; ++i)
			token[i] = (char)(token[i] ^ user.p[i]);

		user = cv_str_make(token, CV_BIND_TOKEN_LEN);
	}

	if (cv_bind_token_read(&bs, user, &id) == 0 &&
	    (id != 0x0102030405060708 || !cv_str_eq(user, cv_str_of(genuine))))
		abort(); /* a forged token was taken */

	return 0;
}
