/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of media/splice.c: real connections on loopback, the loop of a media thread
 * turned by the test. Ours are 127.0.2.1 (end A) and 127.0.2.2 (end B).
 */
#include "config.h"

#include "media/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/sock.h"
#include "suite_media.h"

enum {
	TURN_MS = 5,
	WAIT_MS = 5000, /* bound of every wait; none is that long when it passes */
	SOON_MS = 60,   /* for what must not come */
	REST_MS = 300,
	MUCH = 3 * 1024 * 1024,
};

struct world {
	struct cv_loop *loop;
	struct cv_timer *timer;
	struct cv_arena *arena;
	struct cv_cell *cell;
	struct cv_splice *splice;
	struct cv_addr port[2]; /* ours, that listen */
	bool (*until)(struct world *w);
	int fd; /* what `until` looks at */
	uint64_t end_ms;
	bool is_met;
};

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {.family = AF_UNSPEC};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static void on_turn(void *arg)
{
	struct world *w = arg;

	w->is_met = w->until && w->until(w);
	if (w->is_met || cv_clock_ms() >= w->end_ms)
		cv_loop_break(w->loop);
	else
		(void)cv_timer_set(w->timer, TURN_MS);
}

static bool turn(struct world *w, bool (*until)(struct world *), int fd, uint32_t ms)
{
	w->until = until;
	w->fd = fd;
	w->end_ms = cv_clock_ms() + ms;
	w->is_met = false;
	CU_ASSERT_EQUAL(cv_timer_set(w->timer, 0), 0);
	cv_loop_run(w->loop);

	return w->is_met;
}

static struct cv_addr bound(int fd)
{
	struct cv_addr a = {.family = AF_UNSPEC};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(&a, (struct sockaddr *)&ss), 0);

	return a;
}

static void listens(struct world *w, enum cv_end end, const char *host)
{
	struct cv_addr a = addr(host);
	int fd = -1;

	CU_ASSERT_EQUAL_FATAL(cv_sock_listen(&fd, &a, 26), 0);
	w->port[end] = bound(fd);
	CU_ASSERT_EQUAL(cv_splice_listen(w->splice, end, 0, fd), 0);
}

static void world_open(struct world *w)
{
	*w = (struct world){.fd = -1};
	CU_ASSERT_EQUAL_FATAL(cv_loop_ev_open(&w->loop), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer, w->loop, on_turn, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_arena_new(&w->arena), 0);
	CU_ASSERT_EQUAL_FATAL(cv_arena_clear(w->arena, 0), 0);
	w->cell = cv_arena_cell(w->arena, 0);
	CU_ASSERT_EQUAL_FATAL(cv_splice_new(&w->splice, w->loop, w->cell, 26), 0);
	listens(w, CV_END_A, "127.0.2.1:0");
	listens(w, CV_END_B, "127.0.2.2:0");
}

static void world_close(struct world *w)
{
	cv_mem_unref(w->splice);
	cv_mem_unref(w->timer);
	cv_mem_unref(w->loop);
	cv_mem_unref(w->arena);
}

/* Who may come; @p to, when set, waits for us there. */
static void expect(struct world *w, enum cv_end end, const char *host,
		   const struct cv_addr *to)
{
	struct cv_expect x = {.spoken = true};

	x.allow[1].lo = x.allow[1].hi = addr(host);
	if (to) {
		x.to[CV_COMP_RTP] = *to;
		x.dial = true;
	}
	cv_splice_expect(w->splice, end, &x);
}

/* A party connects from @p host to our port of an end. */
static int come(const struct world *w, const char *host, enum cv_end end)
{
	struct cv_addr from = addr(host);
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&w->port[end], &ss);
	int fd = -1;

	CU_ASSERT_EQUAL_FATAL(cv_sock_open(&fd, SOCK_STREAM, &from, 0), 0);
	(void)fcntl(fd, F_SETFL, 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&ss, len), 0);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);

	return fd;
}

static bool is_readable(struct world *w)
{
	char c;

	return recv(w->fd, &c, 1, MSG_PEEK) >= 0 || errno != EAGAIN;
}

static void says(int fd, const char *text)
{
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL),
			(ssize_t)strlen(text));
}

static void hears(struct world *w, int fd, const char *text)
{
	char got[64] = "";
	ssize_t n;

	CU_ASSERT_TRUE(turn(w, is_readable, fd, WAIT_MS));
	n = recv(fd, got, sizeof(got) - 1, 0);
	CU_ASSERT_EQUAL(n, (ssize_t)strlen(text));
	CU_ASSERT_STRING_EQUAL(got, text);
}

static void hears_end(struct world *w, int fd)
{
	char c;

	CU_ASSERT_TRUE(turn(w, is_readable, fd, WAIT_MS));
	CU_ASSERT_TRUE(recv(fd, &c, 1, 0) <= 0);
}

/* A phone that waits for connections at @p host. */
static int waits(const char *host, struct cv_addr *at)
{
	struct cv_addr a = addr(host);
	int fd = -1;

	CU_ASSERT_EQUAL_FATAL(cv_sock_listen(&fd, &a, 0), 0);
	*at = bound(fd);

	return fd;
}

static bool is_called(struct world *w)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = accept4(w->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK);

	if (fd == -1)
		return false;

	w->fd = fd;

	return true;
}

static void test_both_come(void)
{
	struct world w;
	int a, b;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	says(a, "early"); /* kept until the other one is there */
	CU_ASSERT_FALSE(turn(&w, NULL, -1, SOON_MS));
	b = come(&w, "127.0.1.2:0", CV_END_B);
	hears(&w, b, "early");
	says(b, "back");
	hears(&w, a, "back");
	CU_ASSERT_EQUAL(cv_cell_read(&w.cell->end[CV_END_A], CV_COUNT_BYTES_IN), 5);
	CU_ASSERT_EQUAL(cv_cell_read(&w.cell->end[CV_END_B], CV_COUNT_BYTES_IN), 4);
	(void)close(a);
	(void)close(b);
	world_close(&w);
}

static void test_one_waits(void)
{
	struct cv_addr at;
	struct world w;
	int ear = waits("127.0.1.1:0", &at), a, b;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", &at);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	CU_ASSERT_FALSE(turn(&w, is_called, ear, SOON_MS)); /* nobody to talk with yet */
	b = come(&w, "127.0.1.2:0", CV_END_B);
	CU_ASSERT_TRUE(turn(&w, is_called, ear, WAIT_MS));
	a = w.fd;
	says(a, "VER MSNFTP");
	hears(&w, b, "VER MSNFTP");
	says(b, "USR");
	hears(&w, a, "USR");
	(void)close(a);
	hears_end(&w, b);
	(void)close(b);
	(void)close(ear);
	world_close(&w);
}

static void test_both_wait(void)
{
	struct cv_addr at[2];
	struct world w;
	int ear[2] = {waits("127.0.1.1:0", &at[0]), waits("127.0.1.2:0", &at[1])}, fd[2];

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", &at[0]);
	expect(&w, CV_END_B, "127.0.1.2", &at[1]);
	for (size_t i = 0; i < 2; ++i) {
		CU_ASSERT_TRUE(turn(&w, is_called, ear[i], WAIT_MS));
		fd[i] = w.fd;
	}
	says(fd[0], "one");
	hears(&w, fd[1], "one");
	for (size_t i = 0; i < 2; ++i) {
		(void)close(fd[i]);
		(void)close(ear[i]);
	}
	world_close(&w);
}

static void test_half_close_is_passed(void)
{
	struct world w;
	int a, b;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	says(a, "last");
	CU_ASSERT_EQUAL(shutdown(a, SHUT_WR), 0);
	hears(&w, b, "last");
	hears_end(&w, b);
	says(b, "answer"); /* the other direction is open yet */
	hears(&w, a, "answer");
	CU_ASSERT_EQUAL(shutdown(b, SHUT_WR), 0);
	hears_end(&w, a);
	(void)close(a);
	(void)close(b);

	/* they may come again */
	CU_ASSERT_FALSE(turn(&w, NULL, -1, SOON_MS));
	a = come(&w, "127.0.1.1:0", CV_END_A);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	says(a, "again");
	hears(&w, b, "again");
	(void)close(a);
	(void)close(b);
	world_close(&w);
}

/* Of several phones that ring one is heard, and only that one is joined. */
static void test_another_phone_is_heard(void)
{
	struct cv_expect x = {.spoken = true, .fork = 1, .aside = true, .dial = true};
	struct cv_addr at;
	struct world w;
	int ear = waits("127.0.1.3:0", &at), a, b;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	x.to[CV_COMP_RTP] = at;
	x.allow[1].lo = x.allow[1].hi = at;
	cv_splice_expect(w.splice, CV_END_B, &x);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	CU_ASSERT_FALSE(turn(&w, is_called, ear, SOON_MS)); /* it only rings */
	b = come(&w, "127.0.1.2:0", CV_END_B);
	says(a, "to one");
	hears(&w, b, "to one");

	x.aside = false;
	x.only = true;
	cv_splice_expect(w.splice, CV_END_B, &x);
	hears_end(&w, b); /* a stranger from now on */
	hears_end(&w, a);
	(void)close(a);
	(void)close(b);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	CU_ASSERT_TRUE(turn(&w, is_called, ear, WAIT_MS));
	b = w.fd;
	says(a, "to it");
	hears(&w, b, "to it");
	(void)close(a);
	(void)close(b);
	(void)close(ear);
	world_close(&w);
}

static void test_without_descriptors_it_rests(void)
{
	struct rlimit was, none;
	struct world w;
	clock_t began;
	int a, b;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = was.rlim_max};
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	began = clock();
	CU_ASSERT_FALSE(turn(&w, NULL, -1, REST_MS));
	CU_ASSERT_TRUE((clock() - began) * 1000 / CLOCKS_PER_SEC < REST_MS / 3);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &was), 0);
	says(a, "late"); /* and goes on by itself */
	hears(&w, b, "late");
	(void)close(a);
	(void)close(b);
	world_close(&w);
}

static void test_strangers_are_sent_away(void)
{
	struct world w;
	int a, b, c;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	c = come(&w, "127.0.1.66:0", CV_END_A);
	hears_end(&w, c);
	(void)close(c);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	says(a, "mine");
	hears(&w, b, "mine");
	c = come(&w, "127.0.1.1:0", CV_END_A); /* one connection is enough */
	hears_end(&w, c);
	(void)close(c);
	says(b, "still");
	hears(&w, a, "still");
	CU_ASSERT_EQUAL(cv_cell_read(&w.cell->end[CV_END_A], CV_COUNT_FOREIGN), 2);
	(void)close(a);
	(void)close(b);
	world_close(&w);
}

static void test_nobody_there_ends_the_other(void)
{
	struct cv_addr at;
	struct world w;
	int ear = waits("127.0.1.1:0", &at), b;

	(void)close(ear);
	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", &at);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	hears_end(&w, b);
	CU_ASSERT_EQUAL(cv_cell_read(&w.cell->end[CV_END_A], CV_COUNT_WAIT), 1);
	(void)close(b);
	world_close(&w);
}

static void test_a_new_word_ends_what_was(void)
{
	struct cv_expect x = {.spoken = true, .any = true};
	struct world w;
	int a, b;

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	says(a, "x");
	hears(&w, b, "x");
	cv_splice_expect(w.splice, CV_END_A, &x); /* nothing new */
	says(a, "y");
	hears(&w, b, "y");
	x.reopen[CV_COMP_RTP] = true;
	cv_splice_expect(w.splice, CV_END_A, &x);
	hears_end(&w, a);
	hears_end(&w, b);
	(void)close(a);
	(void)close(b);
	world_close(&w);
}

/* Reads all there is. */
static size_t drain(int fd, size_t *wrong, size_t at)
{
	static uint8_t block[65536];
	size_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, block, sizeof(block), 0)) > 0) {
		for (ssize_t i = 0; i < n; ++i)
			*wrong += block[i] != (uint8_t)((at + sum + (size_t)i) % 251);
		sum += (size_t)n;
	}

	return sum;
}

static void test_much_passes_at_the_readers_pace(void)
{
	uint8_t *much = cv_mem_zalloc(MUCH, 1);
	size_t out = 0, in = 0, wrong = 0, held;
	struct world w;
	int a, b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(much);
	for (size_t i = 0; i < MUCH; ++i)
		much[i] = (uint8_t)(i % 251);

	world_open(&w);
	expect(&w, CV_END_A, "127.0.1.1", NULL);
	expect(&w, CV_END_B, "127.0.1.2", NULL);
	a = come(&w, "127.0.1.1:0", CV_END_A);
	b = come(&w, "127.0.1.2:0", CV_END_B);
	for (unsigned i = 0; i < 2000 && in < MUCH; ++i) {
		ssize_t n =
			out < MUCH ? send(a, much + out, MUCH - out, MSG_NOSIGNAL) : 0;

		out += n > 0 ? (size_t)n : 0;
		(void)turn(&w, NULL, -1, TURN_MS);
		held = (size_t)cv_cell_read(&w.cell->end[CV_END_A], CV_COUNT_BYTES_IN);
		CU_ASSERT_TRUE(held <= out);
		if (i >= 20) /* until then nobody reads */
			in += drain(b, &wrong, in);
	}
	CU_ASSERT_EQUAL(in, MUCH);
	CU_ASSERT_EQUAL(wrong, 0);
	(void)close(a);
	(void)close(b);
	world_close(&w);
	free(much);
}

static void test_parked_ports_are_free(void)
{
	struct world w;
	int fd = -1;

	world_open(&w);
	cv_splice_park(w.splice);
	CU_ASSERT_EQUAL(cv_sock_listen(&fd, &w.port[CV_END_A], 0), 0);
	CU_ASSERT_EQUAL(cv_splice_listen(w.splice, CV_END_A, 0, fd), 0);
	world_close(&w);
}

static void test_splice_oom(void)
{
	struct cv_splice *s = NULL;
	struct world w;
	int err = ENOMEM;

	world_open(&w);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_splice_new(&s, w.loop, w.cell, 0);
		CU_ASSERT(err == 0 || (err == ENOMEM && !s));
	}
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(cv_splice_new(NULL, w.loop, w.cell, 0), EINVAL);
	cv_mem_unref(s);
	world_close(&w);
}

int cv_test_splice(void)
{
	CU_pSuite s = CU_add_suite("splice", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_both_come);
	CU_ADD_TEST(s, test_one_waits);
	CU_ADD_TEST(s, test_both_wait);
	CU_ADD_TEST(s, test_half_close_is_passed);
	CU_ADD_TEST(s, test_another_phone_is_heard);
	CU_ADD_TEST(s, test_without_descriptors_it_rests);
	CU_ADD_TEST(s, test_strangers_are_sent_away);
	CU_ADD_TEST(s, test_nobody_there_ends_the_other);
	CU_ADD_TEST(s, test_a_new_word_ends_what_was);
	CU_ADD_TEST(s, test_much_passes_at_the_readers_pace);
	CU_ADD_TEST(s, test_parked_ports_are_free);
	CU_ADD_TEST(s, test_splice_oom);

	return (int)CU_get_error();
}
