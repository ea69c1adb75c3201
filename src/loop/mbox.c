/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Typed messages between two threads. Knows a ring and a wake-up descriptor.
 * One thread sends; one reads, on its loop.
 */
#include "config.h"

#include "loop/mbox.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/ring.h"

enum {
	BATCH = 256
}; /* messages a wake-up, so that a busy writer can't starve the loop */

struct cv_mbox {
	struct cv_ring *ring; /* owned */
	int fd;               /* eventfd, owned; -1 until opened */
	_Atomic bool awake;   /* a wake-up is under way; saves a system call a message */

	/* The reader's alone. */
	void *msg;           /* owned; room for one message */
	struct cv_fd *watch; /* owned; NULL: nobody listens */
	cv_mbox_fn *fn;
	void *arg;
};

static void mbox_fini(void *obj)
{
	struct cv_mbox *m = obj;

	cv_mem_unref(m->watch);
	cv_mem_unref(m->ring);
	free(m->msg);
	if (m->fd != -1)
		(void)close(m->fd);
}

int cv_mbox_open(struct cv_mbox **mp, size_t count, size_t size)
{
	struct cv_mbox *m;
	int err;

	m = cv_mem_new(sizeof(*m), mbox_fini);
	if (!m)
		return ENOMEM;

	m->fd = -1;
	err = cv_ring_new(&m->ring, count, size);
	if (err)
		goto out;

	m->msg = cv_mem_zalloc(1, size);
	if (!m->msg) {
		err = ENOMEM;
		goto out;
	}

	m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->fd == -1)
		err = errno;

out:
	if (err)
		cv_mem_unref(m);
	else
		*mp = m;

	return err;
}

static void wake(struct cv_mbox *m)
{
	const uint64_t one = 1;
	ssize_t n;

	if (atomic_exchange(&m->awake, true))
		return;

	do {
		n = write(m->fd, &one, sizeof(one));
	} while (n == -1 && errno == EINTR);
}

static void on_wake(int fd, void *arg)
{
	struct cv_mbox *m = arg;
	uint64_t count;
	int left = BATCH;

	while (read(fd, &count, sizeof(count)) == -1 && errno == EINTR)
		;

	/* Before the ring is read: what is pushed later wakes us again. */
	(void)atomic_exchange(&m->awake, false);

	cv_mem_ref(m);
	while (m->watch && left > 0 && cv_ring_pop(m->ring, m->msg)) {
		--left;
		m->fn(m->msg, m->arg);
	}

	if (m->watch && left == 0)
		wake(m);

	cv_mem_unref(m);
}

int cv_mbox_listen(struct cv_mbox *m, struct cv_loop *l, cv_mbox_fn *fn, void *arg)
{
	int err;

	if (m->watch)
		return EBUSY;

	m->fn = fn;
	m->arg = arg;
	err = cv_fd_new(&m->watch, l, m->fd, on_wake, m);
	if (err)
		return err;

	/* a stream's new address before the packets that come from it */
	cv_fd_first(m->watch);

	return 0;
}

void cv_mbox_close(struct cv_mbox *m)
{
	m->watch = cv_mem_unref(m->watch);
}

int cv_mbox_send(struct cv_mbox *m, const void *msg)
{
	int err = cv_ring_push(m->ring, msg);

	if (err)
		return err;

	wake(m);

	return 0;
}
