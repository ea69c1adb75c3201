/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP joined to TCP; the story is in media/splice.h. Media thread.
 */
#include "config.h"

#include "media/splice.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/sock.h"

enum {
	ROOM = 256 * 1024, /* bytes that wait for an end; then the sender does */
	IDLE_S = 7200,     /* a desk that is shared may rest for long (RFC 5382 REQ-5) */
	IDLE_MS = IDLE_S * 1000,
	PAUSE_MS = 500, /* descriptors come back with calls that end */
};

/* One end. */
struct leg {
	struct cv_splice *splice;
	struct cv_cell_end *cell;
	struct evconnlistener *ear[CV_MEDIA_FACES]; /* owned; NULL: none */
	struct bufferevent *bev;                    /* owned; NULL: nobody is there */
	struct cv_addr far;                         /* who is, or is connected to */
	struct cv_addr local[CV_MEDIA_FACES];       /* of ear, port 0 */
	struct cv_expect x;
	bool is_up;   /* connected */
	bool is_done; /* it will send no more */
};

struct cv_splice {
	struct event_base *base;
	struct cv_timer *pause; /* owned; ears rest until then */
	unsigned dscp;
	struct leg leg[2];
	uint64_t last_ms; /* bytes passed */
};

static struct leg *other(struct leg *l)
{
	return l == &l->splice->leg[CV_END_A] ? &l->splice->leg[CV_END_B]
					      : &l->splice->leg[CV_END_A];
}

static void hang_up(struct leg *l)
{
	const struct cv_addr none = {.family = AF_UNSPEC};

	if (l->bev)
		bufferevent_free(l->bev);
	l->bev = NULL;
	l->is_up = l->is_done = false;
	cv_cell_put_remote(l->cell, &none, CV_PROOF_NONE);
}

static void hang_up_both(struct cv_splice *s)
{
	hang_up(&s->leg[CV_END_A]);
	hang_up(&s->leg[CV_END_B]);
}

static void go_deaf(struct leg *l, unsigned face)
{
	if (l->ear[face])
		evconnlistener_free(l->ear[face]);
	l->ear[face] = NULL;
}

static void splice_fini(void *obj)
{
	struct cv_splice *s = obj;

	cv_splice_park(s);
	cv_mem_unref(s->pause);
}

static void on_again(void *arg)
{
	struct cv_splice *s = arg;

	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		if (s->leg[CV_END_A].ear[i])
			(void)evconnlistener_enable(s->leg[CV_END_A].ear[i]);
		if (s->leg[CV_END_B].ear[i])
			(void)evconnlistener_enable(s->leg[CV_END_B].ear[i]);
	}
}

/* Out of descriptors, most likely: who waits would wake us again at once. */
static void on_accept_failed(struct evconnlistener *ear, void *arg)
{
	struct leg *l = arg;

	(void)evconnlistener_disable(ear);
	(void)cv_timer_set(l->splice->pause, PAUSE_MS);
}

int cv_splice_new(struct cv_splice **sp, struct cv_loop *loop, struct cv_cell *cell,
		  unsigned dscp)
{
	struct cv_splice *s;
	int err;

	if (!sp || !cell || !cv_loop_native(loop))
		return EINVAL;

	s = cv_mem_new(sizeof(*s), splice_fini);
	if (!s)
		return ENOMEM;

	s->base = cv_loop_native(loop);
	s->dscp = dscp;
	for (size_t i = 0; i < 2; ++i) {
		s->leg[i].splice = s;
		s->leg[i].cell = &cell->end[i];
	}

	err = cv_timer_new(&s->pause, loop, on_again, s);
	if (err)
		cv_mem_unref(s);
	else
		*sp = s;

	return err;
}

/* Sends on that its sender is done, when all before that is out. */
static void pass_end(struct leg *from)
{
	struct leg *to = other(from);

	if (!from->is_done || !to->is_up ||
	    evbuffer_get_length(bufferevent_get_output(to->bev)) > 0)
		return;

	(void)shutdown(bufferevent_getfd(to->bev), SHUT_WR);
	if (to->is_done && evbuffer_get_length(bufferevent_get_output(from->bev)) == 0)
		hang_up_both(from->splice);
}

static void pump(struct leg *from)
{
	struct leg *to = other(from);
	struct evbuffer *in, *out;

	if (!from->is_up || !to->is_up)
		return;

	in = bufferevent_get_input(from->bev);
	out = bufferevent_get_output(to->bev);
	from->splice->last_ms = cv_clock_ms();
	cv_cell_add(from->cell, CV_COUNT_BYTES_IN, evbuffer_get_length(in));
	if (evbuffer_add_buffer(out, in)) {
		hang_up_both(from->splice);
		return;
	}

	if (evbuffer_get_length(out) >= ROOM)
		(void)bufferevent_disable(from->bev, EV_READ);
	pass_end(from);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	pump(arg);
}

/* What waited for this end is out: its sender may go on. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct leg *to = arg, *from = other(to);

	(void)bev;
	if (from->is_up && !from->is_done)
		(void)bufferevent_enable(from->bev, EV_READ);
	if (from->is_up)
		pass_end(from);
}

static void on_event(struct bufferevent *bev, short what, void *arg);

static int attach(struct leg *l, int fd, const struct cv_addr *far)
{
	const struct timeval idle = {.tv_sec = IDLE_S};

	l->bev = bufferevent_socket_new(l->splice->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!l->bev) {
		(void)close(fd);
		return ENOMEM;
	}

	l->far = *far;
	bufferevent_setcb(l->bev, on_read, on_written, on_event, l);
	bufferevent_setwatermark(l->bev, EV_READ, 0, ROOM);
	(void)bufferevent_set_timeouts(l->bev, &idle, NULL);

	return 0;
}

static int dial(struct leg *l)
{
	const struct cv_addr *to = &l->x.to[CV_COMP_RTP];
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(to, &ss);
	int err, fd;

	err = cv_sock_open(&fd, SOCK_STREAM, &l->local[l->x.face], l->splice->dscp);
	if (err)
		return err;

	err = attach(l, fd, to);
	if (err)
		return err;

	if (bufferevent_socket_connect(l->bev, (struct sockaddr *)&ss, (int)len)) {
		hang_up(l);
		return ECONNREFUSED;
	}

	return 0;
}

/* An end that waits for us is connected to when somebody is there to talk with. */
static void meet(struct cv_splice *s)
{
	for (size_t i = 0; i < 2; ++i) {
		struct leg *l = &s->leg[i];

		if (l->bev || !l->x.dial || !l->ear[l->x.face] ||
		    (!other(l)->is_up && !other(l)->x.dial))
			continue;

		if (dial(l)) {
			hang_up_both(s);
			return;
		}
	}

	if (!s->leg[CV_END_A].is_up || !s->leg[CV_END_B].is_up)
		return;

	pump(&s->leg[CV_END_A]);
	if (s->leg[CV_END_A].is_up)
		pump(&s->leg[CV_END_B]);
}

static void come_up(struct leg *l)
{
	l->is_up = true;
	l->splice->last_ms = cv_clock_ms();
	cv_cell_put_remote(l->cell, &l->far, CV_PROOF_FIRST);
	(void)bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	meet(l->splice);
}

/* Both directions rest; each tells its own time. */
static void rest(struct leg *l)
{
	if (cv_clock_ms() - l->splice->last_ms >= IDLE_MS)
		hang_up_both(l->splice);
	else
		(void)bufferevent_enable(l->bev, EV_READ);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct leg *l = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		come_up(l);
	} else if (what & BEV_EVENT_TIMEOUT) {
		rest(l);
	} else if (what & BEV_EVENT_ERROR || !other(l)->is_up) {
		if (!l->is_up)
			cv_cell_add(l->cell, CV_COUNT_WAIT, 1); /* not reached */
		hang_up_both(l->splice);
	} else {
		l->is_done = true;
		pump(l);
	}
}

static bool is_allowed(const struct leg *l, const struct cv_addr *from)
{
	if (l->x.any)
		return true;

	for (size_t i = 0; i < CV_EXPECT_ALLOW; ++i) {
		if (cv_hosts_have(&l->x.allow[i], from))
			return true;
	}

	return false;
}

static void on_accept(struct evconnlistener *ear, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct leg *l = arg;
	struct cv_addr from;

	(void)ear;
	(void)len;
	if (cv_addr_from_sa(&from, sa) || l->bev || !is_allowed(l, &from)) {
		cv_cell_add(l->cell, CV_COUNT_FOREIGN, 1);
		(void)close(fd);
		return;
	}

	if (attach(l, fd, &from) == 0)
		come_up(l);
}

int cv_splice_listen(struct cv_splice *s, enum cv_end end, unsigned face, int fd)
{
	struct leg *l = &s->leg[end];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int err = 0;

	go_deaf(l, face);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		err = errno;
	else
		err = cv_addr_from_sa(&l->local[face], (struct sockaddr *)&ss);
	l->local[face].port = 0;
	if (!err) {
		l->ear[face] = evconnlistener_new(
			s->base, on_accept, l,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
		err = l->ear[face] ? 0 : ENOMEM;
	}
	if (err) {
		(void)close(fd);
		return err;
	}

	evconnlistener_set_error_cb(l->ear[face], on_accept_failed);
	meet(s);

	return 0;
}

void cv_splice_keep(struct cv_splice *s, enum cv_end end, unsigned face)
{
	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		if (i != face)
			go_deaf(&s->leg[end], i);
	}
}

void cv_splice_expect(struct cv_splice *s, enum cv_end end, const struct cv_expect *x)
{
	struct leg *l = &s->leg[end];
	bool is_other = x->fork != l->x.fork;

	if (x->aside)
		return;
	if (x->reopen[CV_COMP_RTP] && l->bev)
		hang_up_both(s);

	l->x = *x;
	if (is_other && l->bev && !is_allowed(l, &l->far))
		hang_up_both(s);
	meet(s);
}

void cv_splice_park(struct cv_splice *s)
{
	hang_up_both(s);
	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		go_deaf(&s->leg[CV_END_A], i);
		go_deaf(&s->leg[CV_END_B], i);
	}
}
