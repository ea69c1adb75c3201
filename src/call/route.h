/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kind *route*: chooses where a request goes, be it several places. Routes are asked in
 * the order in which they were added; the first that does not say ENOENT decides. The one
 * named "binding" (sip/reg_route.c) is added first.
 */
#ifndef CV_CALL_ROUTE_H
#define CV_CALL_ROUTE_H

#include "call/leg.h"

struct cv_env;
struct cv_routes;
struct cv_route; /* a registration */

enum { CV_TARGETS = 16 }; /* places one request may go to; bounds what one call asks */

/** Where a request goes, by rising turn. */
struct cv_targets {
	size_t c;
	struct cv_target v[CV_TARGETS];
};

struct cv_route_ops {
	const char *name;
	/** Adds to @p to, which is empty, at least one target; 0: chosen; ENOENT: ask the
	 * next; any other errno refuses the request with that reason (sip/status.c). */
	int (*pick)(void *arg, const struct cv_request *rq, struct cv_targets *to);
};

/** Makes an empty registry. ENOMEM. Ended by cv_mem_unref(). */
int cv_routes_new(struct cv_routes **rp);
/** Adds a route at the end of env->routes. ENOMEM. */
int cv_route_add(struct cv_env *env, struct cv_route **rp, const struct cv_route_ops *ops,
		 void *arg);
/** Takes it back; accepts NULL, returns NULL. */
struct cv_route *cv_route_del(struct cv_route *r);
/** Asks all in order; ENOENT when none decides. On error @p to is empty. */
int cv_routes_pick(struct cv_routes *rs, const struct cv_request *rq,
		   struct cv_targets *to);
/** A new one at the end, all zero; NULL: there are CV_TARGETS. */
struct cv_target *cv_targets_add(struct cv_targets *to);

#endif
