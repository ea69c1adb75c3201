/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions posted to a loop. Knows an eventfd and a locked list; any thread
 * adds, the loop's owner runs.
 */
#include "config.h"

#include "loop/postq.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

/** One posted function. */
struct post {
	struct cv_list node;
	cv_post_fn *fn;
	void *arg; /* the poster's */
};

struct cv_postq {
	int fd;               /* eventfd, owned; -1 until opened */
	_Atomic bool stop;    /* set by any thread, taken by the owner */
	pthread_mutex_t lock; /* guards list */
	struct cv_list list;  /* of struct post, owned */
};

static void wake(const struct cv_postq *q)
{
	const uint64_t one = 1;
	ssize_t n;

	/* EAGAIN: the counter is full, so the loop is awake already. */
	do {
		n = write(q->fd, &one, sizeof(one));
	} while (n == -1 && errno == EINTR);
}

static void free_all(struct cv_list *list)
{
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, list)
		free(CV_CONTAINER(node, struct post, node));
}

static void postq_fini(void *obj)
{
	struct cv_postq *q = obj;

	free_all(&q->list);
	(void)pthread_mutex_destroy(&q->lock);
	if (q->fd != -1)
		(void)close(q->fd);
}

int cv_postq_open(struct cv_postq **qp)
{
	struct cv_postq *q;

	q = cv_mem_new(sizeof(*q), postq_fini);
	if (!q)
		return ENOMEM;

	cv_list_init(&q->list);
	(void)pthread_mutex_init(&q->lock, NULL); /* cannot fail without attributes */

	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd == -1) {
		int err = errno;

		cv_mem_unref(q);
		return err;
	}

	*qp = q;

	return 0;
}

int cv_postq_fd(const struct cv_postq *q)
{
	return q->fd;
}

int cv_postq_add(struct cv_postq *q, cv_post_fn *fn, void *arg)
{
	struct post *p = cv_mem_zalloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;

	p->fn = fn;
	p->arg = arg;

	(void)pthread_mutex_lock(&q->lock);
	cv_list_add(&q->list, &p->node);
	(void)pthread_mutex_unlock(&q->lock);
	wake(q);

	return 0;
}

void cv_postq_stop(struct cv_postq *q)
{
	atomic_store(&q->stop, true);
	wake(q);
}

/* Moves everything to mine, so that no function runs under the lock. */
static void take_all(struct cv_postq *q, struct cv_list *mine)
{
	struct cv_list *node, *tmp;

	(void)pthread_mutex_lock(&q->lock);
	CV_LIST_FOREACH (node, tmp, &q->list) {
		cv_list_del(node);
		cv_list_add(mine, node);
	}

	(void)pthread_mutex_unlock(&q->lock);
}

void cv_postq_run(struct cv_postq *q)
{
	struct cv_list mine, *node, *tmp;
	uint64_t count;

	/* Empty the counter before the list: what comes in between wakes us again. */
	while (read(q->fd, &count, sizeof(count)) == -1 && errno == EINTR)
		;

	cv_list_init(&mine);
	take_all(q, &mine);

	CV_LIST_FOREACH (node, tmp, &mine) {
		struct post *p = CV_CONTAINER(node, struct post, node);
		cv_post_fn *fn = p->fn;
		void *arg = p->arg;

		free(p);
		fn(arg);
	}
}

bool cv_postq_take_stop(struct cv_postq *q)
{
	return atomic_exchange(&q->stop, false);
}
