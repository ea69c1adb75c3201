/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of bindings on virtual time, and asks to give it. For the tests of
 * src/bind.
 */
#ifndef CV_TESTS_UNIT_BIND_KIT_H
#define CV_TESTS_UNIT_BIND_KIT_H

#include "bind/bind.h"

/** One table and what it told. All zero before cv_kit_open(). */
struct cv_kit {
	struct cv_conf conf; /* change, then cv_binds_conf() */
	struct cv_loop *loop;
	struct cv_cmds *cmds;
	struct cv_stats *stats;
	struct cv_binds *binds;
	unsigned pings, ends; /* calls up so far */
	uint64_t pinged_at;   /* virtual ms of the last ping */
	uint64_t pinged_id;
	char why[64]; /* of the last end */
	bool answers; /* pings are answered at once */
};

/** 25 s pings, 110 s on streams, 3 misses, no limit. Aborts the test when it can't. */
void cv_kit_open(struct cv_kit *k);
void cv_kit_close(struct cv_kit *k);
/** A far-end UDP phone "alice@example.net" at 203.0.113.5:@p port. */
struct cv_bind_ask cv_kit_ask(uint16_t port);
/** Takes and confirms @p ask for @p expires_s seconds; NULL when either fails. */
struct cv_binding *cv_kit_register(struct cv_kit *k, const struct cv_bind_ask *ask,
				   uint32_t expires_s);

#endif
