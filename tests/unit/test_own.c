/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The own address followed, by names and servers of the test's own on virtual
 * time. One thread.
 */
#include "config.h"

#include "net/own.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "fake_loop.h"
#include "suite_net.h"

/** What is asked, what is told. */
struct world {
	struct cv_loop *loop;
	struct cv_own *own;
	unsigned looks, asks, told;
	int err; /* told last */
	struct cv_addr addr;
	struct cv_hop_ask ask;
	cv_hop_found_fn *found; /* NULL: no look-up is under way */
	cv_stun_ask_fn *mapped; /* NULL: no question is under way */
	void *arg;
	struct cv_addr server, local;
};

static struct world *the; /* the operations have no argument of the test's */

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static int look(struct cv_names *n, struct cv_name **qp, const struct cv_hop_ask *ask,
		cv_hop_found_fn *fn, void *arg)
{
	(void)n;

	*qp = cv_mem_new(1, NULL);
	if (!*qp)
		return ENOMEM;

	++the->looks;
	the->ask = *ask;
	the->found = fn;
	the->arg = arg;

	return 0;
}

static struct cv_name *forget(struct cv_name *q)
{
	the->found = NULL;

	return cv_mem_unref(q);
}

static void ask_fini(void *obj)
{
	(void)obj;

	the->mapped = NULL;
}

static int ask(struct cv_stun_ask **ap, struct cv_loop *l, const struct cv_addr *local,
	       const struct cv_addr *server, cv_stun_ask_fn *fn, void *arg)
{
	(void)l;

	*ap = cv_mem_new(1, ask_fini);
	if (!*ap)
		return ENOMEM;

	++the->asks;
	the->mapped = fn;
	the->arg = arg;
	the->server = *server;
	the->local = *local;

	return 0;
}

static const struct cv_own_ops ops = {.look = look, .close = forget, .ask = ask};

static void on_news(void *arg, int err, const struct cv_addr *a)
{
	struct world *w = arg;

	++w->told;
	w->err = err;
	if (!err)
		w->addr = *a;
}

static void world_open(struct world *w, const struct cv_own_conf *conf)
{
	struct cv_own_conf oc = *conf;

	*w = (struct world){.err = -1};
	the = w;
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&w->loop), 0);
	cv_fake_loop_advance(w->loop, 1000);
	oc.loop = w->loop;
	oc.ops = &ops;
	oc.local = addr("10.0.0.2:5060");
	oc.fn = on_news;
	oc.arg = w;
	CU_ASSERT_EQUAL_FATAL(cv_own_open(&w->own, &oc), 0);
	cv_fake_loop_advance(w->loop, 0);
}

static void open_stun(struct world *w)
{
	world_open(w, &(struct cv_own_conf){.server = addr("192.0.2.9:3478"),
					    .stun_port = 3478});
}

static void open_dns(struct world *w)
{
	world_open(w, &(struct cv_own_conf){.host = "edge.test"});
}

static void world_close(struct world *w)
{
	cv_mem_unref(w->own);
	CU_ASSERT_PTR_NULL(w->found);
	CU_ASSERT_PTR_NULL(w->mapped);
	cv_mem_unref(w->loop);
}

/* The server sees us at @p text; NULL: it doesn't answer. */
static void maps(struct world *w, const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_PTR_NOT_NULL_FATAL(w->mapped);
	if (text)
		a = addr(text);
	w->mapped(text ? 0 : ETIMEDOUT, text ? &a : NULL, w->arg);
}

/* The name stands for @p text and @p more; NULL: for nothing. */
static void resolves(struct world *w, const char *text, const char *more, uint32_t ttl_s)
{
	struct cv_hop v[2] = {0};
	struct cv_hop_found f = {.v = v, .ttl_s = ttl_s};

	CU_ASSERT_PTR_NOT_NULL_FATAL(w->found);
	if (text)
		v[f.c++].addr = addr(text);
	if (more)
		v[f.c++].addr = addr(more);
	f.err = text ? 0 : ENOENT;
	w->found(w->arg, &f);
}

static bool is(const struct world *w, const char *text)
{
	struct cv_addr a = addr(text);

	return cv_addr_eq(&w->addr, &a);
}

static void test_first_answer_counts_at_once(void)
{
	struct cv_addr none = addr("10.0.0.2");
	struct world w;

	open_stun(&w);
	CU_ASSERT_EQUAL(w.asks, 1);
	CU_ASSERT_EQUAL(w.server.port, 3478);
	CU_ASSERT(cv_addr_eq(&w.local, &none)); /* a port of its own */
	maps(&w, "203.0.113.7:4000");
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT(is(&w, "203.0.113.7"));
	cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS - 1);
	CU_ASSERT_EQUAL(w.asks, 1);
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_EQUAL(w.asks, 2);
	maps(&w, "203.0.113.7:4001"); /* another port is no news */
	CU_ASSERT_EQUAL(w.told, 1);
	world_close(&w);
}

static void test_change_counts_when_seen_twice(void)
{
	struct world w;

	open_stun(&w);
	maps(&w, "203.0.113.7:1");
	cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS);
	maps(&w, "203.0.113.8:1");
	CU_ASSERT_EQUAL(w.told, 1);
	cv_fake_loop_advance(w.loop, CV_OWN_SURE_MS);
	maps(&w, "203.0.113.7:1"); /* that was a stray one */
	cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS);
	maps(&w, "203.0.113.8:1");
	CU_ASSERT_EQUAL(w.told, 1);
	cv_fake_loop_advance(w.loop, CV_OWN_SURE_MS);
	maps(&w, "203.0.113.9:1"); /* a NAT with several faces */
	CU_ASSERT_EQUAL(w.told, 1);
	cv_fake_loop_advance(w.loop, CV_OWN_SURE_MS);
	maps(&w, "203.0.113.9:1");
	CU_ASSERT_EQUAL(w.told, 2);
	CU_ASSERT_EQUAL(w.err, 0);
	CU_ASSERT(is(&w, "203.0.113.9"));
	world_close(&w);
}

static void test_silence_keeps_the_address(void)
{
	struct world w;

	open_stun(&w);
	maps(&w, NULL);
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT_EQUAL(w.err, ETIMEDOUT);
	cv_fake_loop_advance(w.loop, CV_OWN_RETRY_MS);
	maps(&w, "203.0.113.7:1");
	CU_ASSERT_EQUAL(w.told, 2);
	CU_ASSERT_EQUAL(w.err, 0);
	for (unsigned i = 0; i < 3; ++i) {
		cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS);
		maps(&w, NULL);
		CU_ASSERT_EQUAL(w.told, 3); /* said once */
	}
	CU_ASSERT_EQUAL(w.err, ETIMEDOUT);
	cv_fake_loop_advance(w.loop, CV_OWN_RETRY_MS);
	maps(&w, "203.0.113.7:1");
	CU_ASSERT_EQUAL(w.told, 4); /* it is back */
	CU_ASSERT_EQUAL(w.err, 0);
	CU_ASSERT(is(&w, "203.0.113.7"));
	world_close(&w);
}

static void test_nobodys_address_is_refused(void)
{
	static const char *const bad[] = {"0.0.0.0:1", "127.0.0.1:1", "224.0.0.1:1",
					  "169.254.1.1:1", "[2001:db8::1]:1"};
	struct world w;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
		open_stun(&w);
		maps(&w, bad[i]);
		CU_ASSERT_EQUAL(w.told, 1);
		CU_ASSERT_EQUAL(w.err, EADDRNOTAVAIL);
		world_close(&w);
	}
}

static void test_name_is_followed_by_its_ttl(void)
{
	struct world w;

	open_dns(&w);
	CU_ASSERT_STRING_EQUAL(w.ask.host, "edge.test");
	CU_ASSERT(w.ask.port > 0); /* or service records would be asked for */
	resolves(&w, "203.0.113.7:1", NULL, 40);
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT(is(&w, "203.0.113.7"));
	cv_fake_loop_advance(w.loop, 39999);
	CU_ASSERT_EQUAL(w.looks, 1);
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_EQUAL(w.looks, 2);
	resolves(&w, "203.0.113.8:1", NULL, 40); /* a name is believed at once */
	CU_ASSERT_EQUAL(w.told, 2);
	CU_ASSERT(is(&w, "203.0.113.8"));
	CU_ASSERT_EQUAL(w.asks, 0);
	world_close(&w);
}

static void test_address_in_use_stays_among_several(void)
{
	struct world w;

	open_dns(&w);
	resolves(&w, "203.0.113.7:1", "203.0.113.8:1", 60);
	cv_fake_loop_advance(w.loop, 60000);
	resolves(&w, "203.0.113.8:1", "203.0.113.7:1", 60); /* they go round */
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT(is(&w, "203.0.113.7"));
	cv_fake_loop_advance(w.loop, 60000);
	resolves(&w, "[2001:db8::1]:1", "203.0.113.8:1", 60); /* ours is IPv4 */
	CU_ASSERT_EQUAL(w.told, 2);
	CU_ASSERT(is(&w, "203.0.113.8"));
	cv_fake_loop_advance(w.loop, 60000);
	resolves(&w, NULL, NULL, 0);
	CU_ASSERT_EQUAL(w.err, ENOENT);
	CU_ASSERT(is(&w, "203.0.113.8"));
	world_close(&w);
}

static void test_address_is_kept_for_a_while(void)
{
	struct world w;

	open_dns(&w);
	resolves(&w, "203.0.113.7:1", NULL, 5);
	cv_fake_loop_advance(w.loop, 5000);
	resolves(&w, "203.0.113.8:1", NULL, 5);
	CU_ASSERT_EQUAL(w.told, 1);
	cv_fake_loop_advance(w.loop, CV_OWN_STEADY_MS - 5000 - 1);
	CU_ASSERT_EQUAL(w.looks, 2);
	cv_fake_loop_advance(w.loop, 1);
	resolves(&w, "203.0.113.9:1", NULL, 5); /* what it says then counts */
	CU_ASSERT_EQUAL(w.told, 2);
	CU_ASSERT(is(&w, "203.0.113.9"));
	world_close(&w);
}

static void test_servers_of_a_name_take_turns(void)
{
	struct cv_addr one = addr("192.0.2.1:3479"), two = addr("192.0.2.2:3479");
	struct world w;

	world_open(&w, &(struct cv_own_conf){.host = "stun.test", .stun_port = 3479});
	CU_ASSERT_EQUAL(w.ask.port, 3479);
	resolves(&w, "192.0.2.1:3479", "192.0.2.2:3479", 100);
	CU_ASSERT(cv_addr_eq(&w.server, &one));
	maps(&w, NULL);
	cv_fake_loop_advance(w.loop, CV_OWN_RETRY_MS);
	CU_ASSERT_EQUAL(w.looks, 1); /* the answer still holds */
	CU_ASSERT(cv_addr_eq(&w.server, &two));
	maps(&w, "203.0.113.7:1");
	CU_ASSERT_EQUAL(w.err, 0);
	for (unsigned i = 0; i < 3; ++i) {
		cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS);
		CU_ASSERT(cv_addr_eq(&w.server, &two));
		maps(&w, "203.0.113.7:1");
	}
	cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS);
	CU_ASSERT_EQUAL(w.looks, 2); /* it has aged */
	world_close(&w);
}

static void test_known_address_is_confirmed(void)
{
	struct cv_own_conf oc = {.server = addr("192.0.2.9:3478"),
				 .stun_port = 3478,
				 .known = addr("203.0.113.7")};
	struct world w;

	world_open(&w, &oc);
	maps(&w, "203.0.113.8:1"); /* a change, so it must be seen twice */
	CU_ASSERT_EQUAL(w.told, 0);
	cv_fake_loop_advance(w.loop, CV_OWN_SURE_MS);
	maps(&w, "203.0.113.8:1");
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT(is(&w, "203.0.113.8"));
	world_close(&w);
}

static void test_it_may_end_at_any_time(void)
{
	struct world w;

	open_stun(&w);
	world_close(&w);
	open_dns(&w);
	world_close(&w);
}

static void test_own_oom(void)
{
	struct cv_own_conf oc = {.host = "edge.test", .ops = &ops, .fn = on_news};
	struct cv_own *o = NULL;
	struct world w = {0};
	int err = ENOMEM;

	the = &w;
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&oc.loop), 0);
	CU_ASSERT_EQUAL(
		cv_own_open(&o, &(struct cv_own_conf){.loop = oc.loop, .fn = on_news}),
		EINVAL);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_own_open(&o, &oc);
		CU_ASSERT(err == 0 || (err == ENOMEM && !o));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(o);
	cv_mem_unref(oc.loop);
}

/* A question that can't be asked for want of memory is asked again. */
static void test_round_oom(void)
{
	struct world w;

	open_stun(&w);
	maps(&w, "203.0.113.7:1");
	cv_fake_loop_advance(w.loop, CV_OWN_STUN_MS - 1);
	cv_mem_budget(0);
	cv_fake_loop_advance(w.loop, 1);
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(w.err, ENOMEM);
	cv_fake_loop_advance(w.loop, CV_OWN_RETRY_MS);
	maps(&w, "203.0.113.7:1");
	CU_ASSERT_EQUAL(w.err, 0);
	world_close(&w);
}

int cv_test_own(void)
{
	CU_pSuite s = CU_add_suite("net/own", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "first answer", test_first_answer_counts_at_once);
	CU_add_test(s, "change seen twice", test_change_counts_when_seen_twice);
	CU_add_test(s, "silence", test_silence_keeps_the_address);
	CU_add_test(s, "nobody's address", test_nobodys_address_is_refused);
	CU_add_test(s, "a name's TTL", test_name_is_followed_by_its_ttl);
	CU_add_test(s, "several addresses", test_address_in_use_stays_among_several);
	CU_add_test(s, "kept for a while", test_address_is_kept_for_a_while);
	CU_add_test(s, "servers take turns", test_servers_of_a_name_take_turns);
	CU_add_test(s, "known already", test_known_address_is_confirmed);
	CU_add_test(s, "ends at any time", test_it_may_end_at_any_time);
	CU_add_test(s, "memory runs out", test_own_oom);
	CU_add_test(s, "no memory for a question", test_round_oom);

	return (int)CU_get_error();
}
