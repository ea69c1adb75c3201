/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: outside, framed, and its loopback twin to the agent. Door's
 * thread. A callback that ends the connection returns at once.
 */
#include "config.h"

#include "net/stream_int.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/mem.h"

enum {
	QUEUE_MAX = 262144, /* bytes that wait for a slow reader; then we stop reading the
			       other end */
	STUCK_MS = 30000,   /* a reader that takes nothing for so long is closed */
	END_MS = 5000,      /* to deliver what is left */
	LOG_BURST = 20,     /* lines in 10 s: the network triggers them */
};

static void on_outer_read(struct bufferevent *b, void *arg);

static void conn_fini(void *obj)
{
	struct cv_conn *c = obj;

	if (c->outer && c->kind->bye)
		c->kind->bye(c);
	if (c->outer)
		bufferevent_free(c->outer);
	if (c->inner)
		bufferevent_free(c->inner);
	if (c->timer)
		event_free(c->timer);
	if (cv_addr_is_set(&c->local))
		cv_gate_leave(c->door->gate, &c->local);
	if (cv_list_is_linked(&c->node))
		atomic_fetch_sub_explicit(&c->door->count, 1, memory_order_relaxed);
	cv_list_del(&c->node);
	cv_source_drop(c->source);
	cv_mem_unref(c->tls);
}

static void arm(struct cv_conn *c, uint32_t ms)
{
	const struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	(void)event_add(c->timer, &tv);
}

static void say(struct cv_conn *c, const char *what, const char *why)
{
	char text[CV_ADDR_STRLEN];

	if (!cv_log_is_on(CV_LOG_INFO) || !cv_log_allow(&c->door->log, LOG_BURST))
		return;

	cv_info("door", "%s peer=%s transport=%s why=\"%s\"", what,
		cv_addr_print(&c->peer, text), cv_transport_name(c->way->transport),
		why ? why : strerror(errno));
}

static size_t waiting(const struct bufferevent *b)
{
	return b ? evbuffer_get_length(bufferevent_get_output((struct bufferevent *)b))
		 : 0;
}

/* True: the connection is no more. */
static bool settle(struct cv_conn *c)
{
	if (waiting(c->outer) > 0 || waiting(c->inner) > 0)
		return false;

	cv_mem_unref(c);

	return true;
}

static void quiet(struct bufferevent *b)
{
	if (!b)
		return;

	(void)bufferevent_disable(b, EV_READ);
	bufferevent_setwatermark(b, EV_WRITE, 0, 0);
}

/* No more is read; what is written already is delivered. */
static void end(struct cv_conn *c)
{
	c->phase = CV_CONN_ENDING;
	quiet(c->outer);
	quiet(c->inner);
	arm(c, END_MS);
	(void)settle(c);
}

static void cut(struct cv_conn *c, const char *why)
{
	cv_stat_add(c->door->conf.stat, CV_STAT_streams_cut, 1);
	say(c, "connection-cut", why);
	cv_mem_unref(c);
}

/* What became of a connection that the agent wanted. */
static void went(const struct cv_conn *c, int err)
{
	if (!c->source)
		cv_gate_went(c->door->gate, &c->dial.to, err);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct cv_conn *c = arg;

	(void)fd;
	(void)what;
	switch (c->phase) {
	case CV_CONN_SHAKING:
		went(c, ETIMEDOUT);
		cut(c, c->source ? "no handshake in time" : "not reached in time");
		return;
	case CV_CONN_MUTE:
		cut(c, "no byte in time");
		return;
	case CV_CONN_OPEN:
		cut(c, c->half ? "half a message" : "idle");
		return;
	case CV_CONN_ENDING:
		cv_mem_unref(c);
		return;
	}
}

/* Whole messages are written at once: waiting to join them with the next only delays. */
static void dont_wait(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

struct bufferevent *cv_conn_plain(struct cv_conn *c, int fd)
{
	return bufferevent_socket_new(c->door->base, fd, BEV_OPT_CLOSE_ON_FREE);
}

static void on_inner_read(struct bufferevent *b, void *arg)
{
	struct cv_conn *c = arg;

	(void)bufferevent_write_buffer(c->outer, bufferevent_get_input(b));
	if (waiting(c->outer) > QUEUE_MAX)
		(void)bufferevent_disable(b, EV_READ);
}

/* The agent has taken what waited for it. */
static void unstick(struct cv_conn *c)
{
	if (!c->stuck || waiting(c->inner) > QUEUE_MAX || waiting(c->outer) > QUEUE_MAX)
		return;

	c->stuck = false;
	(void)bufferevent_enable(c->outer, EV_READ);
	on_outer_read(c->outer, c);
}

static void on_written(struct bufferevent *b, void *arg)
{
	struct cv_conn *c = arg;

	if (c->phase == CV_CONN_ENDING) {
		(void)settle(c);
		return;
	}

	if (b == c->outer && c->inner && c->phase != CV_CONN_SHAKING)
		(void)bufferevent_enable(c->inner, EV_READ);
	unstick(c);
}

static void on_inner_event(struct bufferevent *b, short what, void *arg)
{
	struct cv_conn *c = arg;

	if (what & BEV_EVENT_CONNECTED) {
		c->local.family = AF_UNSPEC; /* the entry is the agent's to take, though
						we may be gone when it comes to accept */
		return;
	}

	c->inner = NULL;
	bufferevent_free(b);
	if (c->phase == CV_CONN_SHAKING)
		cv_mem_unref(c); /* the agent gave a peer up that we still dial */
	else
		end(c);
}

static void watch_inner(struct cv_conn *c)
{
	bufferevent_setcb(c->inner, on_inner_read, on_written, on_inner_event, c);
	bufferevent_setwatermark(c->inner, EV_READ, 0, QUEUE_MAX);
	bufferevent_setwatermark(c->inner, EV_WRITE, QUEUE_MAX / 2, 0);
	(void)bufferevent_enable(c->inner, EV_WRITE);
}

/* A socket of ours bound to @p at, any port; -1: errno. */
static int bound(const struct cv_addr *at)
{
	struct sockaddr_storage ss;
	struct cv_addr a = *at;
	socklen_t len;
	int fd;

	a.port = 0;
	len = cv_addr_to_sa(&a, &ss);
	fd = socket(a.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;

	if (bind(fd, (const struct sockaddr *)&ss, len) == -1) {
		int err = errno;

		(void)close(fd);
		errno = err;
		return -1;
	}

	return fd;
}

static int name_local(struct cv_conn *c, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return errno;

	return cv_addr_from_sa(&c->local, (const struct sockaddr *)&ss);
}

/* To the agent's private listener; the gate knows of it before the kernel does. */
static int enter(struct cv_conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&c->way->inside, &ss);
	int err, fd = bound(&c->way->inside);

	if (fd == -1)
		return errno;

	err = name_local(c, fd);
	if (!err)
		err = cv_gate_enter(c->door->gate, &c->local, &c->peer);
	if (!err) {
		dont_wait(fd);
		c->inner = cv_conn_plain(c, fd);
		err = c->inner ? 0 : ENOMEM;
	}
	if (err) {
		(void)close(fd);
		return err;
	}

	watch_inner(c);
	if (bufferevent_socket_connect(c->inner, (struct sockaddr *)&ss, (int)len) == -1)
		return errno ? errno : ECONNREFUSED;

	(void)bufferevent_enable(c->inner, EV_READ);

	return 0;
}

/* A whole message goes in; its top Via names the transport it really came by. */
static int pass(struct cv_conn *c, struct cv_str msg)
{
	const struct cv_frame *f = &c->frame;
	struct cv_str word = cv_str_make(msg.p + f->via, f->via_len);
	struct cv_str ours = cv_str_of(c->kind->via);
	int err = c->inner ? 0 : enter(c);

	if (err)
		return err;

	if (f->via_len > 0 && !cv_str_eq(word, ours)) {
		cv_stat_add(c->door->conf.stat, CV_STAT_vias_mended, 1);
		(void)bufferevent_write(c->inner, msg.p, f->via);
		(void)bufferevent_write(c->inner, ours.p, ours.len);
		msg = cv_str_from(msg, f->via + f->via_len);
	}

	return bufferevent_write(c->inner, msg.p, msg.len) == 0 ? 0 : ENOMEM;
}

static const char *refusal_of(int status)
{
	switch (status) {
	case 501:
		return "a method of odd characters";
	case 505:
		return "another version of SIP";
	case 513:
		return "too large";
	default:
		return "not a SIP message with one Content-Length";
	}
}

/* What was read and isn't SIP: said once, then closed. */
static void refuse(struct cv_conn *c, struct cv_str in, int status)
{
	struct cv_buf out = {0};

	cv_stat_add(c->door->conf.stat, CV_STAT_frames_bad, 1);
	say(c, "framing-refused", refusal_of(status));
	if (cv_frame_refuse(&out, in, status) == 0)
		(void)bufferevent_write(c->outer, out.p, out.len);
	cv_buf_free(&out);
	end(c);
}

/* What stands at the front of the input; its bytes in @p in. */
static enum cv_frame_what look(struct cv_conn *c, struct cv_str *in, size_t *len,
			       int *status)
{
	struct evbuffer *input = bufferevent_get_input(c->outer);
	size_t n = evbuffer_get_length(input);

	if (n > c->frame.max)
		n = c->frame.max;
	in->p = (const char *)evbuffer_pullup(input, (ev_ssize_t)n);
	in->len = in->p ? n : 0;

	return cv_frame_look(&c->frame, *in, len, status);
}

/* The limit of the message that has begun runs from its first byte, however it drips. */
static void rest(struct cv_conn *c, bool half)
{
	if (half && c->half)
		return;

	c->half = half;
	arm(c, half ? c->door->conf.half_ms : c->door->conf.idle_ms);
}

static void on_outer_read(struct bufferevent *b, void *arg)
{
	struct cv_conn *c = arg;
	struct evbuffer *input = bufferevent_get_input(b);
	enum cv_frame_what what;
	struct cv_str in;
	size_t len = 0;
	int status = 0, err;

	if (c->phase == CV_CONN_ENDING)
		return;

	c->phase = CV_CONN_OPEN;
	while (waiting(c->inner) <= QUEUE_MAX && waiting(c->outer) <= QUEUE_MAX) {
		what = look(c, &in, &len, &status);
		if (what == CV_FRAME_BAD) {
			refuse(c, in, status);
			return;
		}
		if (what == CV_FRAME_MORE) {
			rest(c, in.len > 0);
			return;
		}

		err = what == CV_FRAME_MESSAGE ? pass(c, cv_str_make(in.p, len)) : 0;
		if (err) {
			errno = err;
			cut(c, NULL);
			return;
		}
		if (what == CV_FRAME_PING)
			(void)bufferevent_write(b, "\r\n", 2);

		cv_frame_next(&c->frame, what);
		(void)evbuffer_drain(input, len);
		c->half = false;
	}

	c->stuck = true;
	(void)bufferevent_disable(b, EV_READ);
}

/* Frames may go both ways from now on. */
static void ready(struct cv_conn *c)
{
	if (!c->source && c->kind->is_right && !c->kind->is_right(c)) {
		cv_stat_add(c->door->conf.stat, CV_STAT_tls_failed, 1);
		went(c, EPROTO);
		cut(c, "its certificate bears neither its address nor its domain");
		return;
	}

	went(c, 0);
	c->phase = c->source ? CV_CONN_MUTE : CV_CONN_OPEN;
	arm(c, c->source ? c->door->conf.first_ms : c->door->conf.idle_ms);
	(void)bufferevent_enable(c->outer, EV_READ | EV_WRITE);
	if (c->inner)
		(void)bufferevent_enable(c->inner, EV_READ);
}

/* It failed before the first frame; @p err what the socket said. */
static void not_reached(struct cv_conn *c, int err)
{
	const char *why = c->kind->why ? c->kind->why(c) : NULL;

	if (c->kind->shakes)
		cv_stat_add(c->door->conf.stat, CV_STAT_tls_failed, 1);
	went(c, why ? EPROTO : err ? err : ECONNRESET);
	say(c, c->source ? "handshake-failed" : "peer-not-reached",
	    why ? why : strerror(err));
	cv_mem_unref(c);
}

static void on_outer_event(struct bufferevent *b, short what, void *arg)
{
	struct cv_conn *c = arg;

	if (what & BEV_EVENT_CONNECTED) {
		if (c->phase == CV_CONN_SHAKING)
			ready(c);
		return;
	}
	if (what & BEV_EVENT_TIMEOUT) {
		cut(c, "it takes nothing");
		return;
	}
	if (c->phase == CV_CONN_SHAKING) {
		not_reached(c, what & BEV_EVENT_ERROR ? errno : ECONNRESET);
		return;
	}

	c->outer = NULL;
	bufferevent_free(b);
	end(c);
}

static void watch_outer(struct cv_conn *c)
{
	const struct timeval tv = {STUCK_MS / 1000, 0};

	bufferevent_setcb(c->outer, on_outer_read, on_written, on_outer_event, c);
	bufferevent_setwatermark(c->outer, EV_READ, 0, 2 * c->door->conf.max_message);
	bufferevent_setwatermark(c->outer, EV_WRITE, QUEUE_MAX / 2, 0);
	(void)bufferevent_set_timeouts(c->outer, NULL, &tv);
}

static int conn_new(struct cv_conn **cp, struct cv_door *d, const struct cv_door_way *way)
{
	struct cv_conn *c = cv_mem_new(sizeof(*c), conn_fini);

	if (!c)
		return ENOMEM;

	c->door = d;
	c->way = way;
	c->kind = way->transport == CV_TRANSPORT_TLS ? &cv_outer_tls : &cv_outer_tcp;
	c->tls = cv_mem_ref(d->tls);
	c->frame.max = d->conf.max_message;
	c->timer = event_new(d->base, -1, 0, on_timer, c);
	if (!c->timer) {
		cv_mem_unref(c);
		return ENOMEM;
	}

	*cp = c;

	return 0;
}

static void adopt(struct cv_conn *c)
{
	cv_list_add(&c->door->conns, &c->node);
	atomic_fetch_add_explicit(&c->door->count, 1, memory_order_relaxed);
	cv_stat_add(c->door->conf.stat, CV_STAT_streams_opened, 1);
}

int cv_conn_serve(struct cv_door *d, const struct cv_door_way *way,
		  struct cv_source *source, int fd, const struct cv_addr *peer)
{
	struct cv_conn *c;
	int err;

	err = conn_new(&c, d, way);
	if (err)
		goto out;

	c->peer = *peer;
	dont_wait(fd);
	c->outer = c->kind->serve(c, fd);
	if (!c->outer) {
		cv_mem_unref(c);
		err = ENOMEM;
		goto out;
	}

	c->source = source;
	adopt(c);
	watch_outer(c);
	arm(c, d->conf.shake_ms);
	if (!c->kind->shakes)
		ready(c);

out:
	if (err)
		(void)close(fd);

	return err;
}

static int reach(struct cv_conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&c->peer, &ss);
	int fd = bound(&c->way->own);

	if (fd == -1)
		return errno;

	dont_wait(fd);
	c->outer = c->kind->dial(c, fd);
	if (!c->outer) {
		(void)close(fd);
		return ENOMEM;
	}

	watch_outer(c);
	if (bufferevent_socket_connect(c->outer, (struct sockaddr *)&ss, (int)len) == -1)
		return errno ? errno : ECONNREFUSED;

	return 0;
}

int cv_conn_dial(struct cv_door *d, const struct cv_door_way *way,
		 const struct cv_gate_dial *dial, int fd)
{
	struct cv_conn *c;
	int err;

	err = conn_new(&c, d, way);
	if (err) {
		(void)close(fd);
		return err;
	}

	c->peer = dial->to;
	c->dial = *dial;
	dont_wait(fd);
	c->inner = cv_conn_plain(c, fd);
	if (!c->inner) {
		(void)close(fd);
		cv_mem_unref(c);
		return ENOMEM;
	}

	adopt(c);
	watch_inner(c);
	arm(c, d->conf.shake_ms);
	err = reach(c);
	if (err) {
		went(c, err);
		cv_mem_unref(c);
	}

	return err;
}
