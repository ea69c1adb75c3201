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

static bool may_use(const struct cv_conf_target *t, enum cv_transport transport)
{
	/* records of a name may say any, where nothing is written */
	return t->transport == transport ||
	       (t->host && t->port == 0 && !t->transport_given);
}

bool cv_conf_dials(const struct cv_conf *c, enum cv_transport transport)
{
	for (size_t i = 0; i < c->peerc; ++i) {
		for (size_t n = 0; n < c->peers[i].targetc; ++n) {
			if (may_use(&c->peers[i].targets[n], transport))
				return true;
		}
	}

	return false;
}
