/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups in a configuration that was read. Pure.
 */
#include "config.h"

#include "conf/conf.h"

const struct cv_conf_peer *cv_conf_peer_find(const struct cv_conf *c, struct cv_str name)
{
	for (size_t i = 0; i < c->peerc; ++i) {
		if (cv_str_eq(cv_str_of(c->peers[i].name), name))
			return &c->peers[i];
	}

	return NULL;
}
