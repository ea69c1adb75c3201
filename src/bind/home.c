/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registry of homes. Knows their order, not what they do. Signalling
 * thread.
 */
#include "config.h"

#include "bind/home.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "base/list.h"
#include "base/mem.h"
#include "module.h"

struct cv_homes {
	struct cv_list all; /* struct cv_home, in the order they were added */
};

struct cv_home {
	const struct cv_home_ops *ops;
	void *arg;
	struct cv_list node;
};

static void homes_fini(void *obj)
{
	struct cv_homes *hs = obj;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &hs->all) {
		cv_list_del(n);
	}
}

static void home_fini(void *obj)
{
	struct cv_home *h = obj;

	cv_list_del(&h->node);
}

int cv_homes_new(struct cv_homes **hp)
{
	struct cv_homes *hs;

	hs = cv_mem_new(sizeof(*hs), homes_fini);
	if (!hs)
		return ENOMEM;

	cv_list_init(&hs->all);
	*hp = hs;

	return 0;
}

int cv_home_add(struct cv_env *env, struct cv_home **hp, const struct cv_home_ops *ops,
		void *arg)
{
	struct cv_home *h;

	h = cv_mem_new(sizeof(*h), home_fini);
	if (!h)
		return ENOMEM;

	h->ops = ops;
	h->arg = arg;
	cv_list_add(&env->homes->all, &h->node);
	*hp = h;

	return 0;
}

struct cv_home *cv_home_del(struct cv_home *h)
{
	return cv_mem_unref(h);
}

int cv_homes_answer(struct cv_homes *hs, const struct cv_home_ask *ask,
		    struct cv_home_answer *ans)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &hs->all) {
		struct cv_home *h = CV_CONTAINER(n, struct cv_home, node);
		int err;

		err = h->ops->answer(h->arg, ask, ans);
		if (err != ENOENT)
			return err;
	}

	return ENOENT;
}

/* The first home that has the account; NULL. */
static struct cv_home *owner(struct cv_homes *hs, struct cv_str user, struct cv_str host)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &hs->all) {
		struct cv_home *h = CV_CONTAINER(n, struct cv_home, node);

		if (h->ops->knows && h->ops->knows(h->arg, user, host))
			return h;
	}

	return NULL;
}

bool cv_homes_know(struct cv_homes *hs, struct cv_str user, struct cv_str host)
{
	return owner(hs, user, host);
}

int cv_homes_aor(struct cv_homes *hs, struct cv_str user, struct cv_str host, char *dst,
		 size_t size)
{
	struct cv_home *h = owner(hs, user, host);
	const char *domain = NULL;
	int n;

	if (!h)
		return ENOENT;

	if (h->ops->domain)
		domain = h->ops->domain(h->arg, user, host);

	if (domain)
		host = cv_str_of(domain);

	n = snprintf(dst, size, CV_STR_FMT "@" CV_STR_FMT, CV_STR_ARG(user),
		     CV_STR_ARG(host));

	return n < 0 || (size_t)n >= size ? EMSGSIZE : 0;
}
