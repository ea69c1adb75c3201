/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NATs behind which phones don't reach each other, by face. Signalling thread.
 */
#include "config.h"

#include "call/apart.h"

#include <errno.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"

struct face {
	char host[CV_ADDR_STRLEN];
	uint64_t until_ms;
	struct cv_hash_node by_host;
	struct cv_list node; /* the table's, which holds the reference */
};

struct cv_apart {
	struct cv_hash *by_host;
	struct cv_list list; /* oldest first */
};

static void drop(struct face *f)
{
	cv_hash_del(&f->by_host);
	cv_list_del(&f->node);
	cv_mem_unref(f);
}

static void apart_fini(void *obj)
{
	struct cv_apart *a = obj;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &a->list)
		drop(CV_CONTAINER(n, struct face, node));

	cv_mem_unref(a->by_host);
}

int cv_apart_new(struct cv_apart **ap)
{
	struct cv_apart *a = cv_mem_new(sizeof(*a), apart_fini);
	int err;

	if (!a)
		return ENOMEM;

	cv_list_init(&a->list);
	err = cv_hash_new(&a->by_host);
	if (err)
		cv_mem_unref(a);
	else
		*ap = a;

	return err;
}

static struct face *find(const struct cv_apart *a, const struct cv_addr *host)
{
	char text[CV_ADDR_STRLEN];
	const struct cv_hash_node *n =
		cv_hash_find(a->by_host, cv_str_of(cv_addr_print_host(host, text)));

	return n ? n->obj : NULL;
}

static struct face *face_new(struct cv_apart *a, const struct cv_addr *host)
{
	struct face *f = cv_mem_new(sizeof(*f), NULL);

	if (!f)
		return NULL;

	cv_addr_print_host(host, f->host);
	cv_hash_add(a->by_host, &f->by_host, cv_str_of(f->host), f);
	if (cv_hash_count(a->by_host) > CV_APART_MAX)
		drop(CV_CONTAINER(a->list.next, struct face, node));

	return f;
}

void cv_apart_note(struct cv_apart *a, const struct cv_addr *host)
{
	struct face *f = find(a, host);

	if (f)
		cv_list_del(&f->node);
	else
		f = face_new(a, host);
	if (!f)
		return;

	f->until_ms = cv_clock_ms() + CV_APART_MS;
	cv_list_add(&a->list, &f->node);
}

bool cv_apart_is(const struct cv_apart *a, const struct cv_addr *host)
{
	const struct face *f = find(a, host);

	return f && f->until_ms > cv_clock_ms();
}
