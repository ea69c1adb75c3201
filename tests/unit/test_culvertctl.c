/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tools/culvertctl.c promises: exit codes, where its output goes, and
 * what it sends. The program as built is run against a real admin socket.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "suite_admin.h"

enum {
	ARGS_MAX = 12,
	OUT_MAX = 4096, /* bytes of each output that a test looks at */
};

extern char **environ;

/** A daemon of one command, and a run of the program against it. */
struct world {
	char dir[64], path[80], program[1024];
	struct cv_loop *l;
	struct cv_cmds *cmds;
	struct cv_cmd echo;
	struct cv_admin *a;
	struct cv_fd *watch[2]; /* of the program's two outputs */
	char out[2][OUT_MAX];   /* standard output, standard error */
	int open;               /* outputs that haven't ended */
};

static int echo(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	(void)arg;
	if (argc == 0)
		return EINVAL;

	for (int i = 0; i < argc; ++i)
		cv_out_str(o, i == 0 ? "first" : "last", CV_STR_FMT, CV_STR_ARG(argv[i]));

	return 0;
}

static void make(struct world *w)
{
	const char *top = getenv("top_builddir");

	*w = (struct world){.dir = "/tmp/culvert-test-XXXXXX"};
	(void)snprintf(w->program, sizeof(w->program), "%s/culvertctl", top ? top : ".");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/sock", w->dir);
	CU_ASSERT_EQUAL_FATAL(cv_loop_ev_open(&w->l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&w->cmds), 0);
	w->echo = (struct cv_cmd){.name = "echo", .help = "WORD", .run = echo};
	CU_ASSERT_EQUAL(cv_cmd_add(w->cmds, &w->echo), 0);
	CU_ASSERT_EQUAL_FATAL(cv_admin_open(&w->a, w->l, w->cmds, w->path, (gid_t)-1), 0);
}

static void drop(struct world *w)
{
	cv_mem_unref(w->a);
	cv_mem_unref(w->cmds);
	cv_mem_unref(w->l);
	CU_ASSERT_EQUAL(rmdir(w->dir), 0);
}

static void take_output(struct world *w, int fd, int which)
{
	size_t len = strlen(w->out[which]);
	ssize_t n = read(fd, w->out[which] + len, OUT_MAX - 1 - len);

	if (n > 0) {
		w->out[which][len + (size_t)n] = '\0';
		return;
	}

	w->watch[which] = cv_mem_unref(w->watch[which]);
	if (--w->open == 0)
		cv_loop_break(w->l);
}

static void on_stdout(int fd, void *arg)
{
	take_output(arg, fd, 0);
}

static void on_stderr(int fd, void *arg)
{
	take_output(arg, fd, 1);
}

static pid_t start(struct world *w, int fds[2], char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int outs[2][2];
	pid_t pid = -1;

	CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_init(&actions), 0);
	for (int i = 0; i < 2; ++i) {
		CU_ASSERT_EQUAL_FATAL(pipe2(outs[i], O_CLOEXEC), 0);
		(void)posix_spawn_file_actions_adddup2(&actions, outs[i][1], i + 1);
	}

	CU_ASSERT_EQUAL_FATAL(
		posix_spawn(&pid, w->program, &actions, NULL, argv, environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);

	for (int i = 0; i < 2; ++i) {
		(void)close(outs[i][1]);
		fds[i] = outs[i][0];
	}

	return pid;
}

/* Runs "culvertctl words..." and returns its exit code. */
static int run(struct world *w, const char *words)
{
	static cv_fd_fn *const handlers[] = {on_stdout, on_stderr};
	char text[256], *argv[ARGS_MAX + 1] = {w->program}, *save = NULL;
	int fds[2], status = -1;
	pid_t pid;

	(void)snprintf(text, sizeof(text), "%s", words);
	for (int i = 1; i < ARGS_MAX; ++i) {
		argv[i] = strtok_r(i == 1 ? text : NULL, " ", &save);
		if (!argv[i])
			break;
	}

	memset(w->out, 0, sizeof(w->out));
	w->open = 2;
	pid = start(w, fds, argv);
	for (int i = 0; i < 2; ++i)
		CU_ASSERT_EQUAL_FATAL(
			cv_fd_new(&w->watch[i], w->l, fds[i], handlers[i], w), 0);

	cv_loop_run(w->l);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	for (int i = 0; i < 2; ++i)
		(void)close(fds[i]);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_culvertctl_prints_the_answer(void)
{
	static const struct {
		const char *words;
		int exit;
		const char *out, *err;
	} rows[] = {
		{"echo a b", 0, "first: a\nlast: b\n", ""},
		{"--json echo a", 0, "{\n  \"first\": \"a\"\n}\n", ""},
		{"echo a --json", 0, "{\n  \"first\": \"a\"\n}\n", ""},
		{"echo --dry-run", 0, "first: --dry-run\n", ""},
		{"echo", 1, "", "culvertctl: echo: Invalid argument\n"},
		{"nope", 1, "", "culvertctl: no command \"nope\"; \"help\" lists all\n"},
		{"--json echo", 1, "{\n  \"error\": \"echo: Invalid argument\"\n}\n",
		 "culvertctl: the command failed: EINVAL\n"},
	};
	struct world w;

	make(&w);
	CU_ASSERT_EQUAL(setenv("CULVERT_SOCKET", w.path, 1), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		CU_ASSERT_EQUAL(run(&w, rows[i].words), rows[i].exit);
		CU_ASSERT_STRING_EQUAL(w.out[0], rows[i].out);
		CU_ASSERT_STRING_EQUAL(w.out[1], rows[i].err);
	}

	CU_ASSERT_EQUAL(unsetenv("CULVERT_SOCKET"), 0);
	drop(&w);
}

static void test_culvertctl_option_beats_environment(void)
{
	char words[256], want[256];
	struct world w;

	make(&w);
	CU_ASSERT_EQUAL(setenv("CULVERT_SOCKET", "/nonexistent/sock", 1), 0);
	(void)snprintf(words, sizeof(words), "-s %s echo hi", w.path);
	CU_ASSERT_EQUAL(run(&w, words), 0);
	CU_ASSERT_STRING_EQUAL(w.out[0], "first: hi\n");

	CU_ASSERT_EQUAL(run(&w, "echo hi"), 1);
	(void)snprintf(want, sizeof(want),
		       "culvertctl: /nonexistent/sock: %s; "
		       "is culvertd running?\n",
		       strerror(ENOENT));
	CU_ASSERT_STRING_EQUAL(w.out[1], want);
	CU_ASSERT_EQUAL(unsetenv("CULVERT_SOCKET"), 0);
	drop(&w);
}

static void test_culvertctl_usage(void)
{
	static const char *const rows[] = {"", "--json", "--nope", "-s", "-s x"};
	struct world w;

	make(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		CU_ASSERT_EQUAL(run(&w, rows[i]), 2);
		CU_ASSERT_STRING_EQUAL(w.out[0], "");
		CU_ASSERT_STRING_NOT_EQUAL(w.out[1], "");
	}

	CU_ASSERT_EQUAL(run(&w, "--version"), 0);
	CU_ASSERT_STRING_EQUAL(w.out[0], "culvertctl " PACKAGE_VERSION "\n");
	CU_ASSERT_EQUAL(run(&w, "--help"), 0);
	CU_ASSERT_EQUAL(strncmp(w.out[0], "usage: culvertctl ", 18), 0);
	drop(&w);
}

int cv_test_culvertctl(void)
{
	CU_pSuite s = CU_add_suite("culvertctl", NULL, NULL);

	CU_add_test(s, "prints the answer", test_culvertctl_prints_the_answer);
	CU_add_test(s, "option beats environment",
		    test_culvertctl_option_beats_environment);
	CU_add_test(s, "usage", test_culvertctl_usage);

	return (int)CU_get_error();
}
