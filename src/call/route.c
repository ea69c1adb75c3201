/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registry of routes: who may choose a target, in order. Belongs to the
 * signalling thread.
 */
#include "config.h"

#include "call/route.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "module.h"

struct cv_route {
	const struct cv_route_ops *ops;
	void *arg;           /* the registrar's */
	struct cv_list node; /* the registry's; unlinked when that is gone first */
};

struct cv_routes {
	struct cv_list list; /* of cv_route, not owned */
};

static void routes_fini(void *obj)
{
	struct cv_routes *rs = obj;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &rs->list)
		cv_list_del(n);
}

int cv_routes_new(struct cv_routes **rp)
{
	struct cv_routes *rs;

	if (!rp)
		return EINVAL;

	rs = cv_mem_new(sizeof(*rs), routes_fini);
	if (!rs)
		return ENOMEM;

	cv_list_init(&rs->list);
	*rp = rs;

	return 0;
}

int cv_route_add(struct cv_env *env, struct cv_route **rp, const struct cv_route_ops *ops,
		 void *arg)
{
	struct cv_route *r;

	if (!env || !env->routes || !rp || !ops || !ops->pick)
		return EINVAL;

	r = cv_mem_new(sizeof(*r), NULL);
	if (!r)
		return ENOMEM;

	r->ops = ops;
	r->arg = arg;
	cv_list_add(&env->routes->list, &r->node);
	*rp = r;

	return 0;
}

struct cv_route *cv_route_del(struct cv_route *r)
{
	if (!r)
		return NULL;

	cv_list_del(&r->node);

	return cv_mem_unref(r);
}

int cv_routes_pick(struct cv_routes *rs, const struct cv_request *rq,
		   struct cv_targets *to)
{
	struct cv_list *n, *tmp;
	int err;

	to->c = 0;
	CV_LIST_FOREACH (n, tmp, &rs->list) {
		const struct cv_route *r = CV_CONTAINER(n, struct cv_route, node);

		err = r->ops->pick(r->arg, rq, to);
		if (!err)
			return 0;

		to->c = 0;
		if (err != ENOENT)
			return err;
	}

	return ENOENT;
}

struct cv_target *cv_targets_add(struct cv_targets *to)
{
	struct cv_target *t;

	if (to->c == CV_TARGETS)
		return NULL;

	t = &to->v[to->c++];
	memset(t, 0, sizeof(*t));

	return t;
}
