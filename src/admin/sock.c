/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The admin socket and its connections. Knows lines and answers, not what a
 * command does. Runs on the loop it was opened on. loop.h tells when a
 * descriptor can be read, not when it can be written: an answer that doesn't
 * fit into the socket at once is continued from a timer.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	BACKLOG = 16,
	WRITE_RETRY_MS = 10,    /* a full socket buffer each time is 20 MB/s */
	ACCEPT_RETRY_MS = 1000, /* when descriptors have run out */
};

struct cv_admin {
	struct cv_loop *loop;   /* borrowed */
	struct cv_cmds *cmds;   /* borrowed */
	char *path;             /* owned */
	struct stat file;       /* of the socket we made; st_ino 0: none yet */
	int fd;                 /* listens, owned; -1 until opened */
	struct cv_fd *watch;    /* owned; NULL while accepting is paused */
	struct cv_timer *pause; /* owned; ends the pause */
	struct cv_list conns;   /* of struct conn, owned */
	unsigned count;         /* of them */
	struct cv_log_limit limit;
};

/** One client: first its line is read, then its answer written. */
struct conn {
	struct cv_admin *admin;
	struct cv_list node;
	int fd;                 /* owned; -1 until accepted */
	struct cv_fd *watch;    /* owned; NULL once the line is there */
	struct cv_timer *timer; /* owned; idle time, then the next write */
	char in[CV_ADMIN_LINE_MAX];
	size_t in_len;
	struct cv_buf out; /* the answer */
	size_t sent;       /* bytes of it */
	uint64_t end_ms;   /* until then the answer must be read */
};

static const char *code_name(int err)
{
	switch (err) {
	case ENOENT:
		return "ENOENT";
	case EINVAL:
		return "EINVAL";
	case EEXIST:
		return "EEXIST";
	case EBUSY:
		return "EBUSY";
	case EAGAIN:
		return "EAGAIN";
	case ENOMEM:
		return "ENOMEM";
	case EMSGSIZE:
		return "EMSGSIZE";
	case ERANGE:
		return "ERANGE";
	case EPERM:
		return "EPERM";
	case EACCES:
		return "EACCES";
	case ENOTSUP:
		return "ENOTSUP";
	default:
		return "EIO";
	}
}

static void conn_fini(void *obj)
{
	struct conn *c = obj;

	cv_mem_unref(c->timer);
	cv_mem_unref(c->watch);
	cv_buf_free(&c->out);
	if (c->fd != -1)
		(void)close(c->fd);
}

static void drop(struct conn *c)
{
	cv_list_del(&c->node);
	--c->admin->count;
	cv_mem_unref(c);
}

/* Sends what the socket takes; the connection is gone when it returns true. */
static bool flush(struct conn *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.p + c->sent, c->out.len - c->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n == -1 && errno == EINTR)
			continue;

		if (n == -1 && errno == EAGAIN)
			return false;

		if (n == -1)
			break;

		c->sent += (size_t)n;
	}

	drop(c);

	return true;
}

static void write_on(struct conn *c)
{
	if (flush(c))
		return;

	if (cv_clock_ms() >= c->end_ms || cv_timer_set(c->timer, WRITE_RETRY_MS))
		drop(c);
}

/* Puts "ok" or "error CODE" in front of the text, as it was when the command ended. */
static void answer(struct conn *c, int err, struct cv_str text)
{
	cv_buf_reset(&c->out);
	if (err)
		cv_buf_printf(&c->out, "error %s\n", code_name(err));
	else
		cv_buf_printf(&c->out, "ok\n");

	cv_buf_str(&c->out, text);
	if (cv_buf_err(&c->out)) {
		drop(c);
		return;
	}

	c->watch = cv_mem_unref(c->watch);
	c->end_ms = cv_clock_ms() + CV_ADMIN_IDLE_MS;
	write_on(c);
}

static void run_command(struct conn *c, const struct cv_admin_line *line)
{
	struct cv_out *o = NULL;
	struct cv_buf text = {0};
	int err, print_err;

	cv_debug("admin", "command line=\"" CV_STR_FMT "\"", CV_STR_ARG(line->cmd));

	err = cv_out_new(&o, line->format);
	if (!err) {
		err = cv_cmd_run(c->admin->cmds, line->cmd, o);
		print_err = cv_out_finish(o, &text);
		if (print_err)
			cv_buf_reset(&text);

		err = err ? err : print_err;
	}

	if (err && text.len == 0)
		cv_buf_printf(&text, "error: %s\n", strerror(err));

	answer(c, err, cv_buf_view(&text));
	cv_buf_free(&text);
	cv_mem_unref(o);
}

static void take_line(struct conn *c, size_t len)
{
	struct cv_admin_line line;
	int err;

	err = cv_admin_line_parse(&line, cv_str_make(c->in, len));
	if (err)
		answer(c, err, CV_STR("error: empty line or control bytes in it\n"));
	else
		run_command(c, &line);
}

static void on_conn(int fd, void *arg)
{
	struct conn *c = arg;
	struct cv_str in;
	size_t end;
	ssize_t n;

	n = recv(fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;

	if (n <= 0) {
		drop(c); /* half a line isn't a command */
		return;
	}

	c->in_len += (size_t)n;
	in = cv_str_make(c->in, c->in_len);
	end = cv_str_chr(in, '\n');

	if (end < in.len)
		take_line(c, end);
	else if (c->in_len == sizeof(c->in))
		answer(c, EMSGSIZE, CV_STR("error: line too long\n"));
}

static void on_timer(void *arg)
{
	struct conn *c = arg;

	if (c->watch)
		drop(c); /* no line came in time */
	else
		write_on(c);
}

/* Takes over fd, whatever becomes of it. */
static int conn_open(struct cv_admin *a, int fd)
{
	struct conn *c;
	int err;

	c = cv_mem_new(sizeof(*c), conn_fini);
	if (!c) {
		(void)close(fd);
		return ENOMEM;
	}

	c->admin = a;
	c->fd = fd;

	err = cv_timer_new(&c->timer, a->loop, on_timer, c);
	if (err)
		goto out;

	err = cv_timer_set(c->timer, CV_ADMIN_IDLE_MS);
	if (err)
		goto out;

	err = cv_fd_new(&c->watch, a->loop, fd, on_conn, c);
	if (err)
		goto out;

	cv_list_add(&a->conns, &c->node);
	++a->count;

out:
	if (err)
		cv_mem_unref(c);

	return err;
}

/* No watch for a while: a listening socket that can't be accepted from stays readable. */
static void pause_accept(struct cv_admin *a)
{
	if (cv_log_allow(&a->limit, 1))
		cv_warn("admin", "accept-failed err=\"%s\"", strerror(errno));

	if (cv_timer_set(a->pause, ACCEPT_RETRY_MS) == 0)
		a->watch = cv_mem_unref(a->watch);
}

static void on_listen(int fd, void *arg)
{
	static const char busy[] = "error EBUSY\nerror: too many connections\n";
	struct cv_admin *a = arg;
	int conn, err;

	conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return;

	if (conn == -1) {
		pause_accept(a);
		return;
	}

	if (a->count == CV_ADMIN_CONNS_MAX) {
		(void)send(conn, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		(void)close(conn);
		return;
	}

	err = conn_open(a, conn);
	if (err && cv_log_allow(&a->limit, 1))
		cv_warn("admin", "connection-refused err=\"%s\"", strerror(err));
}

static void on_pause_end(void *arg)
{
	struct cv_admin *a = arg;

	if (cv_fd_new(&a->watch, a->loop, a->fd, on_listen, a))
		(void)cv_timer_set(a->pause, ACCEPT_RETRY_MS);
}

/* Takes a socket away on which nobody answers. */
static int clear_path(const struct sockaddr_un *un)
{
	struct stat st;
	int fd, err = 0;

	if (lstat(un->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : errno;

	if (!S_ISSOCK(st.st_mode))
		return EEXIST;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;

	/* EAGAIN: somebody's backlog is full, so somebody is there. */
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0 || errno == EAGAIN)
		err = EADDRINUSE;
	else if (errno != ECONNREFUSED)
		err = errno;

	(void)close(fd);
	if (!err && unlink(un->sun_path) == -1 && errno != ENOENT)
		err = errno;

	return err;
}

/* Nobody can connect before listen(), so the mode is right from the first moment. */
static int listen_at(struct cv_admin *a, gid_t gid)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int err;

	if (strlen(a->path) >= sizeof(un.sun_path))
		return ENAMETOOLONG;

	memcpy(un.sun_path, a->path, strlen(a->path) + 1);
	err = clear_path(&un);
	if (err)
		return err;

	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd == -1)
		return errno;

	if (bind(a->fd, (const struct sockaddr *)&un, sizeof(un)) == -1)
		return errno;

	if (lstat(a->path, &a->file) == -1 || chmod(a->path, 0660) == -1)
		return errno;

	if (gid != (gid_t)-1 && chown(a->path, (uid_t)-1, gid) == -1)
		return errno;

	return listen(a->fd, BACKLOG) == -1 ? errno : 0;
}

/* Only our own file: another daemon may have put its own there since. */
static void remove_file(const struct cv_admin *a)
{
	struct stat st;

	if (a->file.st_ino == 0 || lstat(a->path, &st) == -1)
		return;

	if (st.st_ino == a->file.st_ino && st.st_dev == a->file.st_dev)
		(void)unlink(a->path);
}

static void admin_fini(void *obj)
{
	struct cv_admin *a = obj;
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &a->conns)
		drop(CV_CONTAINER(node, struct conn, node));

	cv_mem_unref(a->pause);
	cv_mem_unref(a->watch);
	remove_file(a);
	if (a->fd != -1)
		(void)close(a->fd);

	free(a->path);
}

int cv_admin_open(struct cv_admin **ap, struct cv_loop *l, struct cv_cmds *cmds,
		  const char *path, gid_t gid)
{
	struct cv_admin *a;
	int err = 0;

	a = cv_mem_new(sizeof(*a), admin_fini);
	if (!a)
		return ENOMEM;

	a->fd = -1;
	a->loop = l;
	a->cmds = cmds;
	cv_list_init(&a->conns);

	a->path = cv_mem_strdup(path);
	if (!a->path) {
		err = ENOMEM;
		goto out;
	}

	err = listen_at(a, gid);
	if (err)
		goto out;

	err = cv_timer_new(&a->pause, l, on_pause_end, a);
	if (err)
		goto out;

	err = cv_fd_new(&a->watch, l, a->fd, on_listen, a);

out:
	if (err)
		cv_mem_unref(a);
	else
		*ap = a;

	return err;
}
