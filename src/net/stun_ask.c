/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One Binding request and its answer. What comes from elsewhere, or answers
 * something else, is not an answer: anybody can send to the port.
 */
#include "config.h"

#include "net/stun_ask.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stun.h"
#include "net/udp.h"

enum {
	RTO_MS = 500, /* RFC 8489 6.2.1 */
	SENDS = 7,    /* its Rc */
	LAST_WAIT_MS = 16 * RTO_MS,
	READS = 16, /* datagrams looked at each time the socket is readable */
};

struct cv_stun_ask {
	cv_stun_ask_fn *fn;
	void *arg;
	int fd;              /* owned; -1: none */
	struct cv_fd *watch; /* owned */
	struct cv_timer *timer;
	struct cv_addr server;
	uint8_t request[CV_STUN_MAX], tid[CV_STUN_TID];
	size_t len;
	unsigned sends;
	bool told;
};

static void ask_fini(void *obj)
{
	struct cv_stun_ask *a = obj;

	cv_mem_unref(a->watch);
	cv_mem_unref(a->timer);
	if (a->fd != -1)
		(void)close(a->fd);
}

static void tell(struct cv_stun_ask *a, int err, const struct cv_addr *mapped)
{
	if (a->told)
		return;

	a->told = true;
	cv_timer_stop(a->timer);
	a->fn(err, mapped, a->arg);
}

static int transmit(struct cv_stun_ask *a)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&a->server, &ss);

	if (sendto(a->fd, a->request, a->len, 0, (struct sockaddr *)&ss, len) != -1)
		return 0;

	/* a refusal that an earlier one met is told with the next: only time decides */
	return errno == ECONNREFUSED || errno == EAGAIN ? 0 : errno;
}

static void on_timer(void *arg)
{
	struct cv_stun_ask *a = arg;
	uint32_t wait_ms;
	int err = 0;

	if (a->sends == SENDS) {
		tell(a, ETIMEDOUT, NULL);
		return;
	}

	wait_ms = ++a->sends == SENDS ? LAST_WAIT_MS : (uint32_t)RTO_MS << (a->sends - 1);
	err = transmit(a);
	if (!err)
		err = cv_timer_set(a->timer, wait_ms);
	if (err)
		tell(a, err, NULL);
}

/* EAGAIN: this is not the answer. */
static int judge(const struct cv_stun_ask *a, const uint8_t *p, size_t len,
		 struct cv_addr *mapped)
{
	struct cv_stun m;

	if (cv_stun_parse(&m, p, len) || m.method != CV_STUN_BINDING ||
	    memcmp(m.tid, a->tid, CV_STUN_TID) != 0)
		return EAGAIN;
	if (m.class_ == CV_STUN_ERROR)
		return ECONNREFUSED;
	if (m.class_ != CV_STUN_SUCCESS)
		return EAGAIN;

	return cv_stun_mapped(&m, mapped) == 0 && m.unknownc == 0 ? 0 : EBADMSG;
}

static void on_readable(int fd, void *arg)
{
	struct cv_stun_ask *a = cv_mem_ref(arg);

	for (unsigned i = 0; i < READS && !a->told; ++i) {
		struct cv_addr from = {0}, mapped = {0};
		struct sockaddr_storage ss;
		socklen_t sslen = sizeof(ss);
		uint8_t p[CV_STUN_MAX];
		ssize_t n;
		int err;

		n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&ss, &sslen);
		if (n == -1)
			break;
		if (cv_addr_from_sa(&from, (struct sockaddr *)&ss) ||
		    !cv_addr_eq(&from, &a->server))
			continue;

		err = judge(a, p, (size_t)n, &mapped);
		if (err != EAGAIN)
			tell(a, err, err ? NULL : &mapped);
	}

	cv_mem_unref(a);
}

static int compose(struct cv_stun_ask *a)
{
	struct cv_stun_out o;

	if (getrandom(a->tid, sizeof(a->tid), 0) != (ssize_t)sizeof(a->tid))
		return EIO;

	cv_stun_begin(&o, a->request, sizeof(a->request));
	cv_stun_head(&o, CV_STUN_REQUEST, CV_STUN_BINDING, a->tid);

	return cv_stun_end(&o, &a->len);
}

int cv_stun_ask_new(struct cv_stun_ask **ap, struct cv_loop *l,
		    const struct cv_addr *local, const struct cv_addr *server,
		    cv_stun_ask_fn *fn, void *arg)
{
	struct cv_addr from = {0};
	struct cv_stun_ask *a;
	int err;

	if (!ap || !l || !server || !fn || server->port == 0)
		return EINVAL;

	a = cv_mem_new(sizeof(*a), ask_fini);
	if (!a)
		return ENOMEM;

	a->fn = fn;
	a->arg = arg;
	a->server = *server;
	from.family = server->family;
	if (local && cv_addr_is_set(local))
		from = *local;
	a->fd = -1;
	err = cv_udp_open(&a->fd, &from, 0);
	if (!err)
		err = compose(a);
	if (!err)
		err = cv_timer_new(&a->timer, l, on_timer, a);
	if (!err)
		err = cv_fd_new(&a->watch, l, a->fd, on_readable, a);
	if (!err)
		err = cv_timer_set(a->timer, 0);

	if (err)
		cv_mem_unref(a);
	else
		*ap = a;

	return err;
}
