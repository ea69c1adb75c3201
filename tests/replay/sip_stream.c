/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connections of a scripted party that speaks SIP over TCP: it listens, and
 * connects when it has something to say and nobody has connected. Test's thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sip_party.h"

int cv_sstream_open(struct cv_sparty *p)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&p->addr, &ss);
	int on = 1;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd == -1)
		return errno;

	if (setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(p->fd, (struct sockaddr *)&ss, len) == -1 || listen(p->fd, 4) == -1)
		return errno;

	return 0;
}

void cv_sstream_hang_up(struct cv_sparty *p)
{
	if (p->conn != -1)
		(void)close(p->conn);

	p->conn = -1;
	p->inc = 0;
}

/* accept() and connect() are the stack's (core/accept.c): the party asks the kernel. */
static void accept_next(struct cv_sparty *p)
{
	int fd = (int)syscall(SYS_accept4, p->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1)
		return;

	cv_sstream_hang_up(p);
	p->conn = fd;
}

static int connect_edge(struct cv_sparty *p)
{
	struct sockaddr_storage from, to;
	socklen_t to_len = cv_addr_to_sa(&p->edge, &to), from_len;
	struct cv_addr own = p->addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	own.port = 0;
	from_len = cv_addr_to_sa(&own, &from);
	if (fd == -1)
		return errno;

	if (bind(fd, (struct sockaddr *)&from, from_len) == -1 ||
	    syscall(SYS_connect, fd, &to, to_len) == -1) {
		(void)close(fd);
		return ECONNREFUSED;
	}
	p->conn = fd;

	return 0;
}

int cv_sstream_send(struct cv_sparty *p, struct cv_str text)
{
	int err = p->conn == -1 ? connect_edge(p) : 0;

	if (err)
		return err;

	return send(p->conn, text.p, text.len, MSG_NOSIGNAL) == (ssize_t)text.len
		       ? 0
		       : ECONNRESET;
}

/* Length of the whole message that the input begins with; 0: there is none yet. */
static size_t whole(const struct cv_sparty *p)
{
	struct cv_str in = cv_str_make(p->in, p->inc), value;
	const char *end = memmem(p->in, p->inc, "\r\n\r\n", 4);
	uint64_t body = 0;

	if (!end)
		return 0;

	in.len = (size_t)(end - p->in) + 4;
	value = cv_stext_header(in, "Content-Length", 0);
	if (cv_str_u64(&body, value, CV_STEXT) || in.len + body > p->inc)
		return 0;

	return in.len + (size_t)body;
}

static void drop(struct cv_sparty *p, size_t len)
{
	p->inc -= len;
	memmove(p->in, p->in + len, p->inc);
}

bool cv_sstream_read(struct cv_sparty *p, char *text)
{
	size_t len;
	ssize_t n;

	accept_next(p);
	if (p->conn == -1)
		return false;

	n = recv(p->conn, p->in + p->inc, sizeof(p->in) - p->inc, MSG_DONTWAIT);
	if (n > 0)
		p->inc += (size_t)n;

	while (p->inc > 0 && (p->in[0] == '\r' || p->in[0] == '\n'))
		drop(p, 1); /* keepalives */

	len = whole(p);
	if (len == 0 || len >= CV_STEXT)
		return false;

	memcpy(text, p->in, len);
	text[len] = '\0';
	drop(p, len);

	return true;
}
