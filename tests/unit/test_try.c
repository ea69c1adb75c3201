/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a check asks and prints, with a STUN server of the test's own: a thread
 * on loopback.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/core_int.h"
#include "net/stun.h"
#include "net/udp.h"
#include "suite_core.h"

enum { TURN_US = 2000, TURNS = 2500 }; /* the server ends after five seconds anyway */

/** A server that sees everybody at 203.0.113.7. */
struct server {
	int fd;
	struct cv_addr at;
	pthread_t thread;
	_Atomic bool is_over;
};

static void answer(int fd)
{
	uint8_t in[CV_STUN_MAX], out[CV_STUN_MAX];
	struct sockaddr_storage ss;
	socklen_t sslen = sizeof(ss);
	struct cv_addr seen = {0};
	struct cv_stun_out o;
	struct cv_stun m;
	size_t len;
	ssize_t n;

	n = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&ss, &sslen);
	if (n <= 0 || cv_stun_parse(&m, in, (size_t)n) ||
	    cv_addr_parse(&seen, CV_STR("203.0.113.7:4000")))
		return;

	cv_stun_begin(&o, out, sizeof(out));
	cv_stun_head(&o, CV_STUN_SUCCESS, CV_STUN_BINDING, m.tid);
	cv_stun_put_addr(&o, CV_STUN_XOR_MAPPED_ADDRESS, &seen);
	if (!cv_stun_end(&o, &len))
		(void)sendto(fd, out, len, 0, (struct sockaddr *)&ss, sslen);
}

static void *serve(void *arg)
{
	struct server *s = arg;

	for (int i = 0; i < TURNS && !atomic_load(&s->is_over); ++i) {
		answer(s->fd);
		(void)usleep(TURN_US);
	}

	return NULL;
}

static void server_open(struct server *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct cv_addr a;

	memset(s, 0, sizeof(*s));
	CU_ASSERT_EQUAL(cv_addr_parse(&a, CV_STR("127.0.0.1")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_udp_open(&s->fd, &a, 0), 0);
	CU_ASSERT_EQUAL(getsockname(s->fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(&s->at, (struct sockaddr *)&ss), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_close(struct server *s)
{
	atomic_store(&s->is_over, true);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
}

/* The generation of a text. */
static struct cv_generation generation(const char *text)
{
	struct cv_generation g = {NULL, NULL};
	struct cv_buf error = {0};

	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&g.conf, "t.conf", cv_str_of(text), &error),
			      0);
	CU_ASSERT_EQUAL_FATAL(cv_plan_build(&g.net, g.conf, &error), 0);
	cv_buf_free(&error);

	return g;
}

static void has(const struct cv_buf *text, const char *what)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(text->p, what));
	if (!strstr(text->p, what))
		(void)fprintf(stderr, "no %s in %s\n", what, text->p);
}

static void test_table_shows_what_was_asked(void)
{
	struct cv_buf error = {0}, said = {0};
	struct cv_core *c = NULL;
	struct cv_generation g;
	struct cv_out *out;
	struct server s;
	char text[512];

	server_open(&s);
	(void)snprintf(text, sizeof(text),
		       "[network]\nlan = 127.9.0.0/16\n[listen a]\naddress = 127.0.0.1\n"
		       "advertise = stun:127.0.0.1:%u\n"
		       "[peer inside]\ntarget = sip:127.9.0.1\nrelay = never\n"
		       "[peer outside]\ntarget = sip:127.8.0.1:5070;transport=tcp\n"
		       "[media]\nrelay = always\n",
		       (unsigned)s.at.port);
	g = generation(text);
	CU_ASSERT_EQUAL(cv_core_try(&c, "t.conf", &g, &error), 0);
	CU_ASSERT_EQUAL(error.len, 0);
	CU_ASSERT_PTR_NULL(g.net); /* taken over */
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_TEXT), 0);
	cv_core_try_show(c, out);
	CU_ASSERT_EQUAL_FATAL(cv_out_finish(out, &said), 0);
	has(&said, "advertise=203.0.113.7 source=stun:127.0.0.1:");
	has(&said, "source_state=ok");
	has(&said, "name=inside relay=never");
	has(&said,
	    "hop=127.9.0.1:5060 transport=udp side=lan listen=a shown=203.0.113.7");
	has(&said, "name=outside relay=always");
	has(&said,
	    "hop=127.8.0.1:5070 transport=tcp side=wan listen=a shown=203.0.113.7");
	cv_mem_unref(out);
	cv_core_close(c);
	cv_buf_free(&said);
	cv_buf_free(&error);
	server_close(&s);
}

static void test_address_that_cant_be_had_is_refused(void)
{
	struct cv_generation g;
	struct cv_buf error = {0};
	struct cv_core *c = NULL;

	/* from this server's side there is no way: sendto() says so at once */
	g = generation("[listen a]\naddress = 127.0.0.1\nudp = 5060\n"
		       "advertise = stun:192.0.2.1\n");
	CU_ASSERT_EQUAL(cv_core_try(&c, "t.conf", &g, &error), EINVAL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(error.p);
	has(&error, "t.conf:4: [listen a] advertise: stun:192.0.2.1: ");
	cv_core_close(c);
	cv_buf_free(&error);
}

static void test_try_oom(void)
{
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 200; ++n) {
		struct cv_generation g =
			generation("[listen a]\naddress = 127.0.0.1\nadvertise = "
				   "203.0.113.1\n[peer p]\ntarget = sip:127.8.0.1\n");
		struct cv_buf error = {0};
		struct cv_core *c = NULL;

		cv_mem_budget(n);
		err = cv_core_try(&c, "t.conf", &g, &error);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		if (c)
			cv_core_close(c);
		cv_generation_drop(&g);
		cv_buf_free(&error);
	}

	CU_ASSERT_EQUAL(err, 0);
}

int cv_test_try(void)
{
	CU_pSuite s = CU_add_suite("try", NULL, NULL);

	CU_add_test(s, "table", test_table_shows_what_was_asked);
	CU_add_test(s, "refused", test_address_that_cant_be_had_is_refused);
	CU_add_test(s, "no memory", test_try_oom);

	return (int)CU_get_error();
}
