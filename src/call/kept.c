/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message that is needed beyond its event. Signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "base/mem.h"
#include "call/call_int.h"

int cv_kept_take(struct cv_kept *k, const struct cv_msg *m, const struct cv_leg_ops *ops)
{
	struct cv_kept new = {.m = *m};
	int err = 0;

	if (m->src)
		err = ops->keep(&new.ref, m->src);
	if (err)
		return err;

	cv_buf_str(&new.text, m->type);
	cv_buf_str(&new.text, m->body);
	err = cv_buf_err(&new.text);
	if (err) {
		cv_kept_drop(&new);
		return err;
	}

	new.m.src = new.ref;
	new.m.type = cv_str_make(new.text.p, m->type.len);
	new.m.body = cv_str_from(cv_buf_view(&new.text), m->type.len);
	cv_kept_drop(k);
	*k = new;

	return 0;
}

void cv_kept_drop(struct cv_kept *k)
{
	cv_mem_unref(k->ref);
	cv_buf_free(&k->text);
	*k = (struct cv_kept){.ref = NULL};
}
