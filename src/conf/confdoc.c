/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the key table as mdoc, for the rule that renews doc/man/culvert.conf.5.
 * A program of the build, not installed; one thread.
 */
#include "config.h"

#include <stdio.h>

#include "base/buf.h"
#include "conf/conf.h"

int main(void)
{
	struct cv_buf b = {0};
	int err;

	cv_conf_doc(&b);
	err = cv_buf_err(&b);
	if (!err && fwrite(b.p, 1, b.len, stdout) != b.len)
		err = 1;

	cv_buf_free(&b);

	return err ? 1 : 0;
}
