/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door itself: its thread, its listening sockets, who may come in how
 * often, which certificates count. Signalling thread until it is started, then
 * its own.
 */
#include "config.h"

#include "net/stream.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_int.h"

enum {
	BACKLOG = 512,
	PAUSE_MS = 200, /* without a descriptor left, accepting would spin */
	LOG_BURST = 20,
};

static void door_fini(void *obj)
{
	struct cv_door *d = obj;

	cv_mem_unref(d->tls);
	cv_mem_unref(atomic_load(&d->fresh));
	cv_mem_unref(d->pause);
	cv_mem_unref(d->sources);
	cv_mem_unref(d->loop);
	cv_mem_unref(d->gate);
}

void cv_source_drop(struct cv_source *s)
{
	if (!s || --s->count > 0)
		return;

	cv_hash_del(&s->node);
	cv_mem_unref(s);
}

/* The source's count with this connection in it; NULL: it has enough, or no memory. */
static struct cv_source *source_of(struct cv_door *d, const struct cv_addr *peer)
{
	size_t len = peer->family == AF_INET6 ? 16 : 4;
	struct cv_hash_node *n =
		cv_hash_find(d->sources, cv_str_make((const char *)peer->ip.bytes, len));
	struct cv_source *s = n ? n->obj : NULL;

	if (s && s->count >= d->conf.source_conns)
		return NULL;
	if (s) {
		++s->count;
		return s;
	}

	s = cv_mem_new(sizeof(*s), NULL);
	if (!s)
		return NULL;

	s->host = *peer;
	s->count = 1;
	cv_hash_add(d->sources, &s->node,
		    cv_str_make((const char *)s->host.ip.bytes, len), s);

	return s;
}

static const struct cv_door_way *way_find(const struct cv_door *d, uint8_t point,
					  enum cv_transport transport)
{
	for (size_t i = 0; i < d->wayc; ++i) {
		if (d->ways[i].point == point && d->ways[i].transport == transport)
			return &d->ways[i];
	}

	return NULL;
}

static void turn_away(struct cv_door *d, int fd, const struct cv_addr *peer,
		      const char *why)
{
	char text[CV_ADDR_STRLEN];

	(void)close(fd);
	cv_stat_add(d->conf.stat, CV_STAT_streams_refused, 1);
	if (cv_log_allow(&d->log, LOG_BURST))
		cv_info("door", "connection-refused peer=%s why=\"%s\"",
			cv_addr_print(peer, text), why);
}

static void take_peer(struct cv_door *d, const struct cv_door_way *way, int fd,
		      const struct cv_addr *peer)
{
	struct cv_source *s;
	int err;

	if (cv_door_count(d) >= d->conf.conns) {
		turn_away(d, fd, peer, "too many connections");
		return;
	}

	s = source_of(d, peer);
	if (!s) {
		turn_away(d, fd, peer, "too many connections of this address");
		return;
	}

	err = cv_conn_serve(d, way, s, fd, peer);
	if (err) {
		cv_source_drop(s);
		turn_away(d, -1, peer, strerror(err));
	}
}

/* The agent connects to a peer: the entry made by its connect() says to which. */
static void take_agent(struct cv_door *d, int fd, const struct cv_addr *from)
{
	const struct cv_door_way *way;
	struct cv_gate_dial dial;
	int err;

	if (cv_gate_dialled(d->gate, from, &dial)) {
		turn_away(d, fd, from, "not ours");
		return;
	}

	way = way_find(d, dial.point, dial.transport);
	if (!way) {
		turn_away(d, fd, &dial.to, "no way there");
		return;
	}

	err = cv_conn_dial(d, way, &dial, fd);
	if (err)
		turn_away(d, -1, &dial.to, strerror(err));
}

static void on_accept(struct evconnlistener *ear, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct cv_door_listener *l = arg;
	struct cv_addr peer;

	(void)ear;
	(void)len;
	if (cv_addr_from_sa(&peer, sa)) {
		(void)close(fd);
		return;
	}

	if (l->way)
		take_peer(l->door, l->way, fd, &peer);
	else
		take_agent(l->door, fd, &peer);
}

static void on_again(void *arg)
{
	struct cv_door *d = arg;

	for (size_t i = 0; i < d->earc; ++i)
		(void)evconnlistener_enable(d->ears[i].ear);
}

/* Out of descriptors, most likely. */
static void on_accept_failed(struct evconnlistener *ear, void *arg)
{
	struct cv_door_listener *l = arg;

	if (cv_log_allow(&l->door->log, LOG_BURST))
		cv_warn("door", "accept-failed err=\"%s\"", strerror(errno));
	(void)evconnlistener_disable(ear);
	(void)cv_timer_set(l->door->pause, PAUSE_MS);
}

static int hear(struct cv_door *d, const struct cv_door_way *way, struct cv_addr *at)
{
	struct cv_door_listener *l = &d->ears[d->earc];
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(at, &ss);

	if (d->earc == CV_DOOR_LISTENERS)
		return E2BIG;

	errno = 0;
	l->door = d;
	l->way = way;
	l->ear = evconnlistener_new_bind(
		d->base, on_accept, l,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE |
			(at->family == AF_INET6 ? LEV_OPT_BIND_IPV6ONLY : 0),
		BACKLOG, (const struct sockaddr *)&ss, (int)len);
	if (!l->ear)
		return errno ? errno : ENOMEM;

	++d->earc;
	evconnlistener_set_error_cb(l->ear, on_accept_failed);
	len = sizeof(ss);
	if (getsockname(evconnlistener_get_fd(l->ear), (struct sockaddr *)&ss, &len) ==
	    -1)
		return errno;

	return cv_addr_from_sa(at, (const struct sockaddr *)&ss);
}

/* Where the agent's own connections come in. A host without IPv6 has no [::1]. */
static int hear_agent(struct cv_door *d)
{
	struct cv_addr v4, v6;
	int err;

	(void)cv_addr_parse(&v4, CV_STR("127.0.0.1"));
	(void)cv_addr_parse(&v6, CV_STR("::1"));
	err = hear(d, NULL, &v4);
	if (err)
		return err;

	cv_gate_exit(d->gate, &v4);
	if (hear(d, NULL, &v6) == 0)
		cv_gate_exit(d->gate, &v6);

	return 0;
}

int cv_door_open(struct cv_door **dp, const struct cv_door_conf *conf)
{
	struct cv_door *d;
	int err;

	if (!dp || !conf || conf->max_message == 0)
		return EINVAL;

	d = cv_mem_new(sizeof(*d), door_fini);
	if (!d)
		return ENOMEM;

	d->conf = *conf;
	cv_list_init(&d->conns);
	err = cv_gate_new(&d->gate);
	if (!err)
		err = cv_loop_ev_open(&d->loop);
	if (!err)
		err = cv_timer_new(&d->pause, d->loop, on_again, d);
	if (!err)
		err = cv_hash_new(&d->sources);
	if (!err) {
		d->base = cv_loop_native(d->loop);
		err = hear_agent(d);
	}

	if (err) {
		cv_door_close(d);
		cv_mem_unref(d);
	} else {
		*dp = d;
	}

	return err;
}

struct cv_gate *cv_door_gate(struct cv_door *d)
{
	return d->gate;
}

int cv_door_way(struct cv_door *d, const struct cv_door_way *way)
{
	if (d->wayc == CV_DOOR_WAYS)
		return E2BIG;

	d->ways[d->wayc++] = *way;

	return cv_gate_guard(d->gate, &way->inside);
}

int cv_door_listen(struct cv_door *d, uint8_t point, enum cv_transport transport,
		   struct cv_addr *at)
{
	const struct cv_door_way *way = way_find(d, point, transport);

	return way ? hear(d, way, at) : EINVAL;
}

static void *run(void *arg)
{
	struct cv_door *d = arg;

	cv_loop_run(d->loop);

	return NULL;
}

int cv_door_start(struct cv_door *d)
{
	sigset_t all, old;
	int err;

	/* signals are the signalling thread's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&d->thread, NULL, run, d);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	d->started = err == 0;

	return err;
}

static void on_fresh(void *arg)
{
	struct cv_door *d = arg;
	struct cv_tls *t = atomic_exchange(&d->fresh, NULL);

	if (!t)
		return;

	cv_mem_unref(d->tls);
	d->tls = t;
}

void cv_door_tls(struct cv_door *d, struct cv_tls *t)
{
	cv_mem_unref(atomic_exchange(&d->fresh, t)); /* one that wasn't taken yet */
	if (!d->started)
		on_fresh(d);
	else if (cv_loop_post(d->loop, on_fresh, d))
		cv_error("door", "certificates not taken over err=\"%s\"",
			 strerror(ENOMEM));
}

size_t cv_door_count(const struct cv_door *d)
{
	return atomic_load_explicit(&d->count, memory_order_relaxed);
}

void cv_door_close(struct cv_door *d)
{
	struct cv_list *n, *tmp;

	if (d->started) {
		cv_loop_break(d->loop);
		(void)pthread_join(d->thread, NULL);
	}

	d->started = false;
	for (size_t i = 0; i < d->earc; ++i)
		evconnlistener_free(d->ears[i].ear);
	d->earc = 0;
	CV_LIST_FOREACH (n, tmp, &d->conns) {
		cv_mem_unref(CV_CONTAINER(n, struct cv_conn, node));
	}
}
