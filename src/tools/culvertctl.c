/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The admin command line: sends one line to the daemon's socket and prints
 * the answer. Knows the socket and the two forms of an answer, not the
 * commands. One thread, nothing else to do: it may wait.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum {
	LINE_SIZE = 4096, /* the daemon takes no longer line */
	WAIT_S = 30,      /* for an answer; the daemon gives up sooner */
};

static const char default_socket[] = "/run/culvert/culvert.sock";

static const char help_text[] =
	"usage: culvertctl [-s SOCKET] [--json] COMMAND [ARGUMENT...]\n"
	"\n"
	"  -s, --socket SOCKET  the daemon's admin socket; default $CULVERT_SOCKET, "
	"else\n"
	"                       /run/culvert/culvert.sock\n"
	"      --json           answer as one JSON object\n"
	"      --version        print the version of this program\n"
	"  -h, --help           print this\n"
	"\n"
	"\"culvertctl help\" asks the daemon for its commands. Exit: 0 ok, 1 the "
	"command\n"
	"failed, 2 usage.\n";

/** What the command line asks for. */
struct job {
	const char *socket;
	bool is_json;
	struct cv_buf line; /* owned */
};

static int say_usage(const char *what)
{
	(void)fprintf(stderr, "culvertctl: %s; see culvertctl --help\n", what);

	return EXIT_USAGE;
}

static int say_failure(const char *what, int err)
{
	(void)fprintf(stderr, "culvertctl: %s: %s\n", what, strerror(err));

	return EXIT_FAILED;
}

/* The words as one line. --json may stand among them: every command takes it. */
static int join(struct job *job, int argc, char **argv)
{
	struct cv_buf words = {0};

	for (int i = 0; i < argc; ++i) {
		if (strcmp(argv[i], "--json") == 0)
			job->is_json = true;
		else
			cv_buf_printf(&words, "%s%s", words.len > 0 ? " " : "", argv[i]);
	}

	cv_buf_printf(&job->line, "%s" CV_STR_FMT "\n", job->is_json ? "--json " : "",
		      CV_STR_ARG(cv_buf_view(&words)));
	if (cv_buf_err(&words) && !job->line.err)
		job->line.err = words.err;

	argc = words.len > 0 ? argc : 0;
	cv_buf_free(&words);

	if (cv_buf_err(&job->line))
		return say_failure("command line", cv_buf_err(&job->line));

	if (argc == 0)
		return say_usage("no command given");

	if (job->line.len > LINE_SIZE)
		return say_usage("command line too long");

	if (cv_str_chr(cv_buf_view(&job->line), '\n') < job->line.len - 1)
		return say_usage("a line break in an argument");

	return EXIT_OK;
}

static int dial(int *fdp, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval wait = {WAIT_S, 0};
	int fd, err;

	if (strlen(path) >= sizeof(un.sun_path))
		return ENAMETOOLONG;

	memcpy(un.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == -1 ||
	    connect(fd, (const struct sockaddr *)&un, sizeof(un)) == -1) {
		err = errno;
		(void)close(fd);
		return err;
	}

	*fdp = fd;

	return 0;
}

static int send_all(int fd, struct cv_str s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;

		/* A daemon that is full answers and closes before it has read. */
		if (n == -1)
			return errno == EPIPE ? 0 : errno;

		s = cv_str_from(s, (size_t)n);
	}

	return 0;
}

static int receive_all(int fd, struct cv_buf *to)
{
	char part[16384];

	while (cv_buf_err(to) == 0) {
		ssize_t n = recv(fd, part, sizeof(part), 0);

		if (n == -1 && errno == EINTR)
			continue;

		/* It closed without reading all of ours: the answer came before. */
		if (n == 0 || (n == -1 && errno == ECONNRESET && to->len > 0))
			return 0;

		if (n == -1)
			return errno == EAGAIN ? ETIMEDOUT : errno;

		cv_buf_write(to, part, (size_t)n);
	}

	return cv_buf_err(to);
}

static int ask(const struct job *job, struct cv_buf *to)
{
	int fd = -1, err;

	err = dial(&fd, job->socket);
	if (err)
		return err;

	err = send_all(fd, cv_buf_view(&job->line));
	if (!err)
		err = receive_all(fd, to);

	(void)close(fd);

	return err;
}

static int print(FILE *f, struct cv_str s)
{
	if (fwrite(s.p ? s.p : "", 1, s.len, f) != s.len || fflush(f) != 0)
		return say_failure("cannot write", errno);

	return EXIT_OK;
}

/* Text: all of it is the sentence. JSON: the object goes where scripts read. */
static int print_error(const struct job *job, struct cv_str code, struct cv_str body)
{
	if (job->is_json) {
		(void)print(stdout, body);
		(void)fprintf(stderr, "culvertctl: the command failed: " CV_STR_FMT "\n",
			      CV_STR_ARG(code));
		return EXIT_FAILED;
	}

	if (cv_str_starts(body, CV_STR("error: ")))
		body = cv_str_from(body, sizeof("error: ") - 1);

	(void)fprintf(stderr, "culvertctl: " CV_STR_FMT, CV_STR_ARG(body));

	return EXIT_FAILED;
}

static int print_answer(const struct job *job, struct cv_str all)
{
	struct cv_str body = all, head;

	if (!cv_str_next(&body, '\n', &head)) {
		(void)fprintf(stderr, "culvertctl: %s closed without an answer\n",
			      job->socket);
		return EXIT_FAILED;
	}

	if (cv_str_eq(head, CV_STR("ok")))
		return print(stdout, body);

	if (cv_str_starts(head, CV_STR("error ")))
		return print_error(job, cv_str_from(head, sizeof("error ") - 1), body);

	(void)fprintf(stderr, "culvertctl: %s doesn't speak our language\n", job->socket);

	return EXIT_FAILED;
}

static int run(struct job *job)
{
	struct cv_buf answer = {0};
	int err, res;

	err = ask(job, &answer);
	if (err == ENOENT || err == ECONNREFUSED) {
		(void)fprintf(stderr, "culvertctl: %s: %s; is culvertd running?\n",
			      job->socket, strerror(err));
		res = EXIT_FAILED;
	} else if (err) {
		res = say_failure(job->socket, err);
	} else {
		res = print_answer(job, cv_buf_view(&answer));
	}

	cv_buf_free(&answer);

	return res;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *from_env = getenv("CULVERT_SOCKET");
	struct job job = {.socket = from_env && *from_env ? from_env : default_socket};
	int c, res;

	while ((c = getopt_long(argc, argv, "+s:h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			job.socket = optarg;
			break;
		case 'j':
			job.is_json = true;
			break;
		case 'V':
			return print(stdout, CV_STR("culvertctl " PACKAGE_VERSION "\n"));
		case 'h':
			return print(stdout, CV_STR(help_text));
		default:
			return EXIT_USAGE; /* getopt_long() has said why */
		}
	}

	res = join(&job, argc - optind, argv + optind);
	if (res == EXIT_OK)
		res = run(&job);

	cv_buf_free(&job.line);

	return res;
}
