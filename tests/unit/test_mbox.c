/* SPDX-License-Identifier: BSD-3-Clause */
/* What loop/mbox.c promises: order, fullness, two threads, a reader that may leave. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "fake_loop.h"
#include "loop/mbox.h"
#include "suite_loop.h"

enum { MANY = 20000 }; /* messages that cross between the threads */

/** A message as ours are: plain data. */
struct msg {
	uint32_t id, check;
};

/** The reading side of a test. */
struct reader {
	struct cv_loop *l;
	struct cv_mbox *m;
	uint32_t next; /* id expected */
	uint32_t stop_at;
	int bad;
};

static void on_msg(const void *data, void *arg)
{
	const struct msg *msg = data;
	struct reader *r = arg;

	r->bad += msg->id != r->next || msg->check != ~msg->id;
	++r->next;
	if (r->next == r->stop_at)
		cv_loop_break(r->l);
}

static int send_one(struct cv_mbox *m, uint32_t id)
{
	struct msg msg = {id, ~id};

	return cv_mbox_send(m, &msg);
}

static void test_mbox_keeps_order_and_says_full(void)
{
	struct reader r = {0};

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&r.l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_mbox_open(&r.m, 4, sizeof(struct msg)), 0);

	for (uint32_t i = 0; i < 4; ++i)
		CU_ASSERT_EQUAL(send_one(r.m, i), 0);

	CU_ASSERT_EQUAL(send_one(r.m, 4), ENOBUFS);

	/* What was sent before anyone listened isn't lost. */
	CU_ASSERT_EQUAL(cv_mbox_listen(r.m, r.l, on_msg, &r), 0);
	CU_ASSERT_EQUAL(cv_mbox_listen(r.m, r.l, on_msg, &r), EBUSY);
	cv_fake_loop_advance(r.l, 0);
	CU_ASSERT_EQUAL(r.next, 4);
	CU_ASSERT_EQUAL(send_one(r.m, 4), 0);
	cv_fake_loop_advance(r.l, 0);
	CU_ASSERT_EQUAL(r.next, 5);
	CU_ASSERT_EQUAL(r.bad, 0);

	cv_mem_unref(r.m);
	cv_mem_unref(r.l);
}

static void on_msg_close(const void *data, void *arg)
{
	struct reader *r = arg;

	(void)data;
	++r->next;
	cv_mbox_close(r->m);
	r->m = cv_mem_unref(r->m);
}

static void test_mbox_reader_may_drop_it(void)
{
	struct reader r = {0};

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&r.l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_mbox_open(&r.m, 4, sizeof(struct msg)), 0);
	CU_ASSERT_EQUAL(cv_mbox_listen(r.m, r.l, on_msg_close, &r), 0);
	CU_ASSERT_EQUAL(send_one(r.m, 0), 0);
	CU_ASSERT_EQUAL(send_one(r.m, 1), 0);
	cv_fake_loop_advance(r.l, 0);
	CU_ASSERT_EQUAL(r.next, 1);
	CU_ASSERT_PTR_NULL(r.m);
	cv_mem_unref(r.l);
}

static void *send_many(void *arg)
{
	struct cv_mbox *m = arg;

	for (uint32_t i = 0; i < MANY; ++i) {
		while (send_one(m, i) == ENOBUFS)
			(void)sched_yield();
	}

	return NULL;
}

static void cross(int (*open)(struct cv_loop **lp))
{
	struct reader r = {.stop_at = MANY};
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(open(&r.l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_mbox_open(&r.m, 512, sizeof(struct msg)), 0);
	CU_ASSERT_EQUAL_FATAL(cv_mbox_listen(r.m, r.l, on_msg, &r), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, send_many, r.m), 0);
	cv_loop_run(r.l);
	(void)pthread_join(thread, NULL);

	CU_ASSERT_EQUAL(r.next, MANY);
	CU_ASSERT_EQUAL(r.bad, 0);
	cv_mbox_close(r.m);
	cv_mem_unref(r.m);
	cv_mem_unref(r.l);
}

static void test_mbox_crosses_threads(void)
{
	cross(cv_loop_su_open);
	cross(cv_loop_ev_open);
}

static void test_mbox_oom(void)
{
	struct cv_mbox *m = NULL;
	int err = ENOMEM;

	CU_ASSERT_EQUAL(cv_mbox_open(&m, 0, 4), EINVAL);
	CU_ASSERT_EQUAL(cv_mbox_open(&m, 4, 0), EINVAL);

	for (long n = 0; err == ENOMEM && n < 16; ++n) {
		cv_mem_budget(n);
		err = cv_mbox_open(&m, 4, 4);
		CU_ASSERT(err == 0 || (err == ENOMEM && !m));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(m);
}

/** A message and descriptors that are ready together; who was served first. */
struct order {
	struct cv_loop *l;
	struct cv_mbox *m;
	unsigned served, message_at;
};

enum { RIVALS = 8 };

static void on_order_msg(const void *data, void *arg)
{
	struct order *o = arg;

	(void)data;
	o->message_at = ++o->served;
	if (o->served > RIVALS)
		cv_loop_break(o->l);
}

static void on_rival(int fd, void *arg)
{
	struct order *o = arg;
	uint64_t n;

	CU_ASSERT_EQUAL(read(fd, &n, sizeof(n)), (ssize_t)sizeof(n));
	if (++o->served > RIVALS)
		cv_loop_break(o->l);
}

/* A media thread must know a stream's new address before the packets that come from it.
 */
static void test_mbox_is_read_before_what_is_ready_with_it(void)
{
	struct cv_fd *watch[RIVALS] = {NULL};
	struct order o = {.l = NULL};
	int fd[RIVALS];

	CU_ASSERT_EQUAL_FATAL(cv_loop_ev_open(&o.l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_mbox_open(&o.m, 4, sizeof(struct msg)), 0);
	for (size_t i = 0; i < RIVALS; ++i) {
		fd[i] = eventfd(1, EFD_NONBLOCK);
		CU_ASSERT_EQUAL_FATAL(cv_fd_new(&watch[i], o.l, fd[i], on_rival, &o), 0);
	}
	CU_ASSERT_EQUAL(cv_mbox_listen(o.m, o.l, on_order_msg, &o), 0);
	CU_ASSERT_EQUAL(send_one(o.m, 0), 0);
	cv_loop_run(o.l);
	CU_ASSERT_EQUAL(o.served, RIVALS + 1);
	CU_ASSERT_EQUAL(o.message_at, 1);
	for (size_t i = 0; i < RIVALS; ++i) {
		cv_mem_unref(watch[i]);
		(void)close(fd[i]);
	}
	cv_mbox_close(o.m);
	cv_mem_unref(o.m);
	cv_mem_unref(o.l);
}

int cv_test_mbox(void)
{
	CU_pSuite s = CU_add_suite("mbox", NULL, NULL);

	CU_add_test(s, "keeps order and says full", test_mbox_keeps_order_and_says_full);
	CU_add_test(s, "reader may drop it", test_mbox_reader_may_drop_it);
	CU_add_test(s, "crosses threads", test_mbox_crosses_threads);
	CU_add_test(s, "read before what is ready with it",
		    test_mbox_is_read_before_what_is_ready_with_it);
	CU_add_test(s, "out of memory", test_mbox_oom);

	return (int)CU_get_error();
}
