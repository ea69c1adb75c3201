/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What admin/sock.c promises, over real Unix sockets: on both loops for the
 * protocol, on virtual time for its limits.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "fake_loop.h"
#include "suite_admin.h"

enum {
	BIG = 1 << 20,  /* bytes of one value of the big command */
	BIG_COUNT = 4,  /* of them, more than a socket buffer takes */
	SMALL_BUF = 64, /* commands and answers of these tests */
};

typedef int open_fn(struct cv_loop **lp);

/** A socket in a directory of its own, and commands behind it. */
struct world {
	char dir[SMALL_BUF];
	char path[SMALL_BUF + 8];
	struct cv_loop *l;
	struct cv_cmds *cmds;
	struct cv_cmd echo, big;
	struct cv_admin *a;
	int runs; /* commands that ran */
};

/** One connection to it, on the same loop. */
struct client {
	struct cv_loop *l;
	struct cv_fd *watch;
	struct cv_buf in;
	int fd;
	bool is_closed; /* by the other end */
};

static int echo(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct world *w = arg;

	++w->runs;
	if (argc == 0)
		return EINVAL;

	cv_out_str(o, "word", CV_STR_FMT, CV_STR_ARG(argv[0]));

	return 0;
}

static int big(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	(void)argc;
	(void)argv;
	(void)arg;
	cv_out_list(o, "values");
	for (int i = 0; i < BIG_COUNT; ++i) {
		cv_out_item(o);
		cv_out_str(o, "v", "%0*d", BIG, 0);
		cv_out_end(o);
	}

	cv_out_end(o);

	return 0;
}

static void make(struct world *w, open_fn *open_loop)
{
	*w = (struct world){.dir = "/tmp/culvert-test-XXXXXX"};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/sock", w->dir);
	CU_ASSERT_EQUAL_FATAL(open_loop(&w->l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&w->cmds), 0);
	w->echo = (struct cv_cmd){.name = "echo", .help = "WORD", .run = echo, .arg = w};
	w->big = (struct cv_cmd){.name = "big", .help = "", .run = big, .arg = w};
	CU_ASSERT_EQUAL(cv_cmd_add(w->cmds, &w->echo), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(w->cmds, &w->big), 0);
	CU_ASSERT_EQUAL_FATAL(cv_admin_open(&w->a, w->l, w->cmds, w->path, getgid()), 0);
}

static void drop(struct world *w)
{
	cv_mem_unref(w->a);
	cv_mem_unref(w->cmds);
	cv_mem_unref(w->l);
	CU_ASSERT_EQUAL(access(w->path, F_OK), -1); /* the socket went with it */
	CU_ASSERT_EQUAL(rmdir(w->dir), 0);
}

static int dial(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);

	return fd;
}

static void on_answer(int fd, void *arg)
{
	struct client *c = arg;
	char part[4096];
	ssize_t n = recv(fd, part, sizeof(part), MSG_DONTWAIT);

	if (n > 0) {
		cv_buf_write(&c->in, part, (size_t)n);
		return;
	}

	c->watch = cv_mem_unref(c->watch);
	c->is_closed = true;
	cv_loop_break(c->l);
}

static void say(const struct client *c, const char *text, size_t len)
{
	CU_ASSERT_EQUAL(send(c->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void client_open(struct client *c, struct world *w)
{
	*c = (struct client){.l = w->l, .fd = dial(w->path)};
}

static void client_listen(struct client *c)
{
	CU_ASSERT_EQUAL_FATAL(cv_fd_new(&c->watch, c->l, c->fd, on_answer, c), 0);
}

static void client_close(struct client *c)
{
	cv_mem_unref(c->watch);
	cv_buf_free(&c->in);
	(void)close(c->fd);
}

static void ask(struct world *w, const char *line, const char *want)
{
	struct client c;

	client_open(&c, w);
	client_listen(&c);
	say(&c, line, strlen(line));
	cv_loop_run(w->l);
	CU_ASSERT_TRUE(c.is_closed);
	CU_ASSERT_STRING_EQUAL(c.in.p ? c.in.p : "", want);
	client_close(&c);
}

static void answers(open_fn *open_loop)
{
	struct world w;

	make(&w, open_loop);
	ask(&w, "echo hi\n", "ok\nword: hi\n");
	ask(&w, "--json echo hi\n", "ok\n{\n  \"word\": \"hi\"\n}\n");
	ask(&w, "echo hi\r\necho not this\n", "ok\nword: hi\n");
	CU_ASSERT_EQUAL(w.runs, 3);
	ask(&w, "echo\n", "error EINVAL\nerror: echo: Invalid argument\n");
	ask(&w, "nope\n",
	    "error ENOENT\nerror: no command \"nope\"; \"help\" lists all\n");
	ask(&w, "--json nope\n",
	    "error ENOENT\n{\n  \"error\": \"no command \\\"nope\\\"; "
	    "\\\"help\\\" lists all\"\n}\n");
	ask(&w, "\n", "error EINVAL\nerror: empty line or control bytes in it\n");
	ask(&w, "echo \x1b\n",
	    "error EINVAL\nerror: empty line or control bytes in it\n");
	ask(&w, "help\n", "ok\ncommands:\n  help: this list\n  big: \n  echo: WORD\n");
	drop(&w);
}

static void test_sock_answers_on_each_loop(void)
{
	answers(cv_loop_su_open);
	answers(cv_loop_ev_open);
	answers(cv_fake_loop_new);
}

static void test_sock_is_for_its_group_only(void)
{
	struct world w;
	struct stat st;

	make(&w, cv_fake_loop_new);
	CU_ASSERT_EQUAL(stat(w.path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0660);
	CU_ASSERT_EQUAL(st.st_gid, getgid());
	drop(&w);
}

/* Leaves a socket behind as a daemon does that was killed. */
static void leave_dead_socket(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	CU_ASSERT_EQUAL(listen(fd, 1), 0);
	(void)close(fd);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
}

static void test_sock_replaces_only_a_dead_one(void)
{
	struct cv_admin *other = NULL;
	struct world w;
	int fd;

	make(&w, cv_fake_loop_new);
	CU_ASSERT_EQUAL(cv_admin_open(&other, w.l, w.cmds, w.path, (gid_t)-1),
			EADDRINUSE);
	CU_ASSERT_PTR_NULL(other);
	ask(&w, "echo still\n", "ok\nword: still\n");

	w.a = cv_mem_unref(w.a);
	leave_dead_socket(w.path);
	CU_ASSERT_EQUAL(cv_admin_open(&w.a, w.l, w.cmds, w.path, (gid_t)-1), 0);
	ask(&w, "echo again\n", "ok\nword: again\n");

	/* A file that is no socket stays. */
	w.a = cv_mem_unref(w.a);
	fd = open(w.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CU_ASSERT_NOT_EQUAL(fd, -1);
	(void)close(fd);
	CU_ASSERT_EQUAL(cv_admin_open(&w.a, w.l, w.cmds, w.path, (gid_t)-1), EEXIST);
	CU_ASSERT_EQUAL(unlink(w.path), 0);
	drop(&w);
}

static void test_sock_refuses_bad_paths(void)
{
	char path[SMALL_BUF * 2], name[200];
	struct cv_admin *other = NULL;
	struct world w;

	make(&w, cv_fake_loop_new);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CU_ASSERT_EQUAL(cv_admin_open(&other, w.l, w.cmds, name, (gid_t)-1),
			ENAMETOOLONG);
	(void)snprintf(path, sizeof(path), "%s/none/sock", w.dir);
	CU_ASSERT_EQUAL(cv_admin_open(&other, w.l, w.cmds, path, (gid_t)-1), ENOENT);
	CU_ASSERT_PTR_NULL(other);
	drop(&w);
}

static void test_sock_leaves_a_successor_alone(void)
{
	struct cv_admin *first;
	struct world w;

	make(&w, cv_fake_loop_new);
	first = w.a;
	CU_ASSERT_EQUAL(unlink(w.path), 0);
	CU_ASSERT_EQUAL(cv_admin_open(&w.a, w.l, w.cmds, w.path, (gid_t)-1), 0);
	cv_mem_unref(first);
	ask(&w, "echo hi\n", "ok\nword: hi\n");
	drop(&w);
}

static void test_sock_takes_a_line_in_pieces(void)
{
	struct client c;
	struct world w;

	make(&w, cv_fake_loop_new);
	client_open(&c, &w);
	client_listen(&c);
	say(&c, "ec", 2);
	cv_fake_loop_advance(w.l, CV_ADMIN_IDLE_MS - 1);
	CU_ASSERT_FALSE(c.is_closed);
	say(&c, "ho x", 4);
	cv_fake_loop_advance(w.l, 0);
	CU_ASSERT_EQUAL(w.runs, 0);
	say(&c, "y\n", 2);
	cv_fake_loop_advance(w.l, 0);
	CU_ASSERT_TRUE(c.is_closed);
	CU_ASSERT_STRING_EQUAL(c.in.p ? c.in.p : "", "ok\nword: xy\n");
	client_close(&c);
	drop(&w);
}

static void test_sock_runs_no_half_line(void)
{
	struct client c;
	struct world w;

	make(&w, cv_fake_loop_new);
	client_open(&c, &w);
	say(&c, "echo x", 6);
	CU_ASSERT_EQUAL(shutdown(c.fd, SHUT_WR), 0);
	client_listen(&c);
	cv_fake_loop_advance(w.l, 0);
	CU_ASSERT_TRUE(c.is_closed);
	CU_ASSERT_EQUAL(c.in.len, 0);
	CU_ASSERT_EQUAL(w.runs, 0);
	client_close(&c);
	drop(&w);
}

static void test_sock_refuses_long_lines(void)
{
	static char line[CV_ADMIN_LINE_MAX];
	struct client c;
	struct world w;

	memset(line, 'x', sizeof(line));
	make(&w, cv_fake_loop_new);
	client_open(&c, &w);
	client_listen(&c);
	say(&c, line, sizeof(line));
	cv_fake_loop_advance(w.l, 0);
	CU_ASSERT_STRING_EQUAL(c.in.p ? c.in.p : "",
			       "error EMSGSIZE\nerror: line too long\n");
	client_close(&c);
	drop(&w);
}

static void test_sock_drops_idle_and_surplus_clients(void)
{
	struct client c[CV_ADMIN_CONNS_MAX + 1];
	struct world w;
	int closed = 0;

	make(&w, cv_fake_loop_new);
	for (int i = 0; i <= CV_ADMIN_CONNS_MAX; ++i) {
		client_open(&c[i], &w);
		client_listen(&c[i]);
		cv_fake_loop_advance(w.l, 0);
	}

	for (int i = 0; i < CV_ADMIN_CONNS_MAX; ++i)
		closed += c[i].is_closed;

	CU_ASSERT_EQUAL(closed, 0);
	CU_ASSERT_TRUE(c[CV_ADMIN_CONNS_MAX].is_closed);
	CU_ASSERT_STRING_EQUAL(c[CV_ADMIN_CONNS_MAX].in.p ? c[CV_ADMIN_CONNS_MAX].in.p
							  : "",
			       "error EBUSY\nerror: too many connections\n");

	cv_fake_loop_advance(w.l, CV_ADMIN_IDLE_MS);
	for (int i = 0; i < CV_ADMIN_CONNS_MAX; ++i)
		closed += c[i].is_closed;

	CU_ASSERT_EQUAL(closed, CV_ADMIN_CONNS_MAX);
	ask(&w, "echo room\n", "ok\nword: room\n");
	for (int i = 0; i <= CV_ADMIN_CONNS_MAX; ++i)
		client_close(&c[i]);

	drop(&w);
}

static void test_sock_gives_a_long_answer_whole(void)
{
	struct client c;
	struct world w;

	make(&w, cv_fake_loop_new);
	client_open(&c, &w);
	client_listen(&c);
	say(&c, "big\n", 4);
	cv_fake_loop_advance(w.l, CV_ADMIN_IDLE_MS);
	CU_ASSERT_TRUE(c.is_closed);
	CU_ASSERT_EQUAL(c.in.len,
			strlen("ok\nvalues: 4\n") + (size_t)BIG_COUNT * (BIG + 3));
	client_close(&c);
	drop(&w);
}

static void test_sock_drops_a_slow_reader(void)
{
	struct client c;
	struct world w;
	size_t live;

	make(&w, cv_fake_loop_new);
	live = cv_mem_live();
	client_open(&c, &w);
	say(&c, "big\n", 4);
	cv_fake_loop_advance(w.l, CV_ADMIN_IDLE_MS - 1);
	CU_ASSERT_TRUE(cv_mem_live() > live);
	ask(&w, "echo others\n", "ok\nword: others\n");
	cv_fake_loop_advance(w.l, 2);
	CU_ASSERT_EQUAL(cv_mem_live(), live);

	client_listen(&c);
	cv_fake_loop_advance(w.l, 0);
	CU_ASSERT_TRUE(c.is_closed);
	CU_ASSERT_TRUE(c.in.len > 0 && c.in.len < (size_t)BIG_COUNT * BIG);
	client_close(&c);
	drop(&w);
}

static void test_sock_ends_with_clients_open(void)
{
	struct client idle, slow;
	struct world w;

	make(&w, cv_fake_loop_new);
	client_open(&idle, &w);
	client_open(&slow, &w);
	say(&slow, "big\n", 4);
	cv_fake_loop_advance(w.l, 50);
	client_close(&idle);
	client_close(&slow);
	cv_fake_loop_advance(w.l, 50);
	client_open(&idle, &w);
	client_open(&slow, &w);
	say(&slow, "big\n", 4);
	cv_fake_loop_advance(w.l, 50);
	drop(&w);
	client_close(&idle);
	client_close(&slow);
}

static void test_sock_oom(void)
{
	struct cv_admin *a = NULL;
	struct world w;
	int err = ENOMEM;

	make(&w, cv_fake_loop_new);
	w.a = cv_mem_unref(w.a);
	for (long n = 0; err == ENOMEM && n < 16; ++n) {
		cv_mem_budget(n);
		err = cv_admin_open(&a, w.l, w.cmds, w.path, (gid_t)-1);
		CU_ASSERT(err == 0 || (err == ENOMEM && !a));
		CU_ASSERT(err == 0 || access(w.path, F_OK) == -1);
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	w.a = a;

	/* A client is dropped or answered, whichever allocation fails. */
	for (long n = 0; n < 40; ++n) {
		struct client c;

		client_open(&c, &w);
		say(&c, "echo hi\n", 8);
		cv_mem_budget(n);
		cv_fake_loop_advance(w.l, 0);
		cv_mem_budget(-1);
		client_listen(&c);
		cv_fake_loop_advance(w.l, 0);
		CU_ASSERT_TRUE(c.is_closed);
		client_close(&c);
	}

	ask(&w, "echo well\n", "ok\nword: well\n");
	drop(&w);
}

int cv_test_sock(void)
{
	CU_pSuite s = CU_add_suite("sock", NULL, NULL);

	CU_add_test(s, "answers on each loop", test_sock_answers_on_each_loop);
	CU_add_test(s, "is for its group only", test_sock_is_for_its_group_only);
	CU_add_test(s, "replaces only a dead one", test_sock_replaces_only_a_dead_one);
	CU_add_test(s, "refuses bad paths", test_sock_refuses_bad_paths);
	CU_add_test(s, "leaves a successor alone", test_sock_leaves_a_successor_alone);
	CU_add_test(s, "takes a line in pieces", test_sock_takes_a_line_in_pieces);
	CU_add_test(s, "runs no half line", test_sock_runs_no_half_line);
	CU_add_test(s, "refuses long lines", test_sock_refuses_long_lines);
	CU_add_test(s, "drops idle and surplus clients",
		    test_sock_drops_idle_and_surplus_clients);
	CU_add_test(s, "gives a long answer whole", test_sock_gives_a_long_answer_whole);
	CU_add_test(s, "drops a slow reader", test_sock_drops_a_slow_reader);
	CU_add_test(s, "ends with clients open", test_sock_ends_with_clients_open);
	CU_add_test(s, "out of memory", test_sock_oom);

	return (int)CU_get_error();
}
