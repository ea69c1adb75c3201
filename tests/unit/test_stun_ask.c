/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of net/stun_ask.c against a server of the test's own on loopback, on
 * virtual time. One thread.
 */
#include "config.h"

#include "net/stun_ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "fake_loop.h"
#include "net/stun.h"
#include "net/udp.h"
#include "suite_net.h"

/** The bench: a loop, a server's socket, what was told. */
struct bench {
	struct cv_loop *loop;
	struct cv_stun_ask *ask;
	int server, stranger;
	struct cv_addr at;
	unsigned told;
	int err;
	struct cv_addr mapped;
};

static void on_told(int err, const struct cv_addr *mapped, void *arg)
{
	struct bench *b = arg;

	++b->told;
	b->err = err;
	if (mapped)
		b->mapped = *mapped;
}

static int open_any(struct cv_addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct cv_addr a = {0};
	int fd = -1;

	CU_ASSERT_EQUAL(cv_addr_parse(&a, CV_STR("127.0.0.1")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_udp_open(&fd, &a, 0), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(at, (struct sockaddr *)&ss), 0);

	return fd;
}

static void begin(struct bench *b)
{
	struct cv_addr other;

	*b = (struct bench){.err = -1};
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&b->loop), 0);
	b->server = open_any(&b->at);
	b->stranger = open_any(&other);
	CU_ASSERT_EQUAL_FATAL(cv_stun_ask_new(&b->ask, b->loop, NULL, &b->at, on_told, b),
			      0);
	cv_fake_loop_advance(b->loop, 0);
}

static void end(struct bench *b)
{
	b->ask = cv_mem_unref(b->ask);
	(void)close(b->server);
	(void)close(b->stranger);
	cv_mem_unref(b->loop);
}

/* The next request that waits at the server; false: none. */
static bool hear(const struct bench *b, struct cv_stun *m, uint8_t p[CV_STUN_MAX],
		 struct sockaddr_storage *from)
{
	socklen_t len = sizeof(*from);
	ssize_t n = recvfrom(b->server, p, CV_STUN_MAX, 0, (struct sockaddr *)from, &len);

	return n > 0 && cv_stun_parse(m, p, (size_t)n) == 0;
}

/* What the server says, and whence. */
struct answer {
	enum cv_stun_class class_;
	bool bare, stranger, other_tid;
	const char *junk;
};

static void say(const struct bench *b, const struct answer *a)
{
	uint8_t p[CV_STUN_MAX], out[CV_STUN_MAX], tid[CV_STUN_TID];
	struct sockaddr_storage from;
	struct cv_stun_out o;
	struct cv_addr shown = {0};
	struct cv_stun m;
	size_t len = 0;

	CU_ASSERT_TRUE_FATAL(hear(b, &m, p, &from));
	CU_ASSERT_EQUAL(m.class_, CV_STUN_REQUEST);
	CU_ASSERT_TRUE(m.fingerprint);
	memcpy(tid, m.tid, sizeof(tid));
	if (a->other_tid)
		tid[0] ^= 1;
	CU_ASSERT_EQUAL(cv_addr_parse(&shown, CV_STR("203.0.113.7:4000")), 0);
	cv_stun_begin(&o, out, sizeof(out));
	cv_stun_head(&o, a->class_, CV_STUN_BINDING, tid);
	if (a->class_ == CV_STUN_ERROR)
		cv_stun_put_error(&o, 500, "no");
	else if (!a->bare)
		cv_stun_put_addr(&o, CV_STUN_XOR_MAPPED_ADDRESS, &shown);
	CU_ASSERT_EQUAL(cv_stun_end(&o, &len), 0);
	if (a->junk)
		len = strlen(strcpy((char *)out, a->junk));
	CU_ASSERT_EQUAL(sendto(a->stranger ? b->stranger : b->server, out, len, 0,
			       (struct sockaddr *)&from, sizeof(struct sockaddr_in)),
			(ssize_t)len);
	cv_fake_loop_advance(b->loop, 0);
}

static void test_the_address_is_told(void)
{
	char text[CV_ADDR_STRLEN];
	struct bench b;

	begin(&b);
	say(&b, &(struct answer){.class_ = CV_STUN_SUCCESS});
	CU_ASSERT_EQUAL(b.told, 1);
	CU_ASSERT_EQUAL(b.err, 0);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&b.mapped, text), "203.0.113.7:4000");
	cv_fake_loop_advance(b.loop, 60000);
	CU_ASSERT_EQUAL(b.told, 1);
	end(&b);
}

static void test_only_the_answer_counts(void)
{
	static const struct answer not_it[] = {
		{.class_ = CV_STUN_SUCCESS, .stranger = true},
		{.class_ = CV_STUN_SUCCESS, .other_tid = true},
		{.class_ = CV_STUN_REQUEST},
		{.class_ = CV_STUN_INDICATION},
		{.class_ = CV_STUN_ERROR, .stranger = true},
		{.junk = "junk"},
	};
	struct bench b;

	/* as many as are sent again within the time */
	for (size_t i = 0; i < sizeof(not_it) / sizeof(not_it[0]); ++i) {
		begin(&b);
		say(&b, &not_it[i]);
		CU_ASSERT_EQUAL(b.told, 0);
		cv_fake_loop_advance(b.loop, 500);
		say(&b, &(struct answer){.class_ = CV_STUN_SUCCESS});
		CU_ASSERT_EQUAL(b.told, 1);
		CU_ASSERT_EQUAL(b.err, 0);
		end(&b);
	}
}

static void test_errors_are_told(void)
{
	struct bench b;

	begin(&b);
	say(&b, &(struct answer){.class_ = CV_STUN_ERROR});
	CU_ASSERT_EQUAL(b.told, 1);
	CU_ASSERT_EQUAL(b.err, ECONNREFUSED);
	end(&b);
	begin(&b);
	say(&b, &(struct answer){.class_ = CV_STUN_SUCCESS, .bare = true});
	CU_ASSERT_EQUAL(b.told, 1);
	CU_ASSERT_EQUAL(b.err, EBADMSG);
	end(&b);
}

static void test_silence_ends(void)
{
	static const unsigned at_ms[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	struct bench b;
	unsigned now = 0;

	begin(&b);
	for (size_t i = 0; i < sizeof(at_ms) / sizeof(at_ms[0]); ++i) {
		struct sockaddr_storage from;
		uint8_t p[CV_STUN_MAX];
		struct cv_stun m;

		if (at_ms[i] > now) {
			cv_fake_loop_advance(b.loop, at_ms[i] - now - 1);
			CU_ASSERT_FALSE(hear(&b, &m, p, &from));
			cv_fake_loop_advance(b.loop, 1);
			now = at_ms[i];
		}
		CU_ASSERT_TRUE(hear(&b, &m, p, &from));
	}

	cv_fake_loop_advance(b.loop, 7999);
	CU_ASSERT_EQUAL(b.told, 0);
	cv_fake_loop_advance(b.loop, 1);
	CU_ASSERT_EQUAL(b.told, 1);
	CU_ASSERT_EQUAL(b.err, ETIMEDOUT);
	end(&b);
}

static void on_told_drop(int err, const struct cv_addr *mapped, void *arg)
{
	struct bench *b = arg;

	on_told(err, mapped, arg);
	b->ask = cv_mem_unref(b->ask);
}

static void test_it_may_be_dropped_when_told(void)
{
	struct bench b;

	begin(&b);
	cv_mem_unref(b.ask);
	CU_ASSERT_EQUAL_FATAL(
		cv_stun_ask_new(&b.ask, b.loop, NULL, &b.at, on_told_drop, &b), 0);
	cv_fake_loop_advance(b.loop, 0);
	/* the first one's request is still there */
	say(&b, &(struct answer){.class_ = CV_STUN_SUCCESS});
	CU_ASSERT_EQUAL(b.told, 0);
	say(&b, &(struct answer){.class_ = CV_STUN_SUCCESS});
	CU_ASSERT_EQUAL(b.told, 1);
	end(&b);

	begin(&b);
	cv_mem_unref(b.ask);
	CU_ASSERT_EQUAL_FATAL(
		cv_stun_ask_new(&b.ask, b.loop, NULL, &b.at, on_told_drop, &b), 0);
	cv_fake_loop_advance(b.loop, 60000);
	CU_ASSERT_EQUAL(b.err, ETIMEDOUT);
	end(&b);
}

static void test_bad_addresses(void)
{
	struct cv_addr elsewhere = {0}, server = {0}, none = {0};
	struct cv_stun_ask *a = NULL;
	struct cv_loop *l = NULL;

	CU_ASSERT_EQUAL(cv_addr_parse(&elsewhere, CV_STR("192.0.2.9")), 0);
	CU_ASSERT_EQUAL(cv_addr_parse(&server, CV_STR("127.0.0.1:3478")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&l), 0);
	CU_ASSERT_EQUAL(cv_stun_ask_new(&a, l, NULL, &none, on_told, NULL), EINVAL);
	CU_ASSERT_EQUAL(cv_stun_ask_new(&a, l, &elsewhere, &server, on_told, NULL),
			EADDRNOTAVAIL);
	CU_ASSERT_PTR_NULL(a);
	cv_mem_unref(l);
}

static void test_stun_ask_oom(void)
{
	struct cv_stun_ask *a = NULL;
	struct cv_addr server = {0};
	struct cv_loop *l = NULL;
	int err = ENOMEM;

	CU_ASSERT_EQUAL(cv_addr_parse(&server, CV_STR("127.0.0.1:3478")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&l), 0);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_stun_ask_new(&a, l, NULL, &server, on_told, NULL);
		CU_ASSERT(err == 0 || (err == ENOMEM && !a));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(a);
	cv_mem_unref(l);
}

int cv_test_stun_ask(void)
{
	CU_pSuite s = CU_add_suite("net/stun_ask", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "address", test_the_address_is_told);
	CU_add_test(s, "only the answer counts", test_only_the_answer_counts);
	CU_add_test(s, "errors", test_errors_are_told);
	CU_add_test(s, "silence", test_silence_ends);
	CU_add_test(s, "dropped when told", test_it_may_be_dropped_when_told);
	CU_add_test(s, "bad addresses", test_bad_addresses);
	CU_add_test(s, "memory runs out", test_stun_ask_oom);

	return (int)CU_get_error();
}
