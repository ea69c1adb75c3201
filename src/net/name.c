/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions about hosts, one after the other, through c-ares. The only file
 * that knows it. Owner thread of its loop.
 */
#include "config.h"

#include "net/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ares.h>

#include "base/list.h"
#include "base/mem.h"
#include "net/answer.h"
#include "net/name_int.h"

enum {
	CLASS_IN = 1,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	ALIASES = 16,      /* CNAMEs in a row; more is no answer */
	EDNS_BYTES = 1232, /* a datagram that no path cuts in two */
	WRITABLE_MS = 20,  /* a TCP connection to a server is tried so often */
	SOCKETS = 64,      /* of all servers together */
};

/** A socket of the library's. In cv_names.socks, which holds the reference. */
struct sock {
	int fd;
	struct cv_fd *reader;
	bool writes; /* it waits until it can */
	struct cv_list node;
};

struct cv_names {
	struct cv_loop *loop;
	uint32_t timeout_ms;
	unsigned tries;
	ares_channel channel; /* NULL: none yet */
	bool library;         /* ares_library_init() was called */
	struct cv_timer *timer;
	struct cv_list socks;
};

struct cv_name {
	struct cv_names *names; /* referenced */
	struct cv_hop_ask ask;
	cv_hop_found_fn *fn; /* NULL: answered, or nobody wants to hear */
	void *arg;
	struct cv_timer *timer; /* the start, then the end of patience */
	bool started;
	struct cv_name_set set;
	size_t at;      /* candidate that is asked for */
	size_t pending; /* records whose addresses were asked for */
	uint32_t ttl_s;
	int soft; /* a question failed for now: errno */
};

/* Sockets and time */

static void rearm(struct cv_names *n);

static void sock_fini(void *obj)
{
	struct sock *s = obj;

	cv_list_del(&s->node);
	cv_mem_unref(s->reader);
}

static void on_readable(int fd, void *arg)
{
	struct cv_names *n = arg;

	cv_mem_ref(n);
	ares_process_fd(n->channel, fd, ARES_SOCKET_BAD);
	rearm(n);
	cv_mem_unref(n);
}

/* The loop tells when something can be read. That a connection can be written to, which
 * is rare here, is found out by trying. */
static void on_timer(void *arg)
{
	struct cv_names *n = cv_mem_ref(arg);
	struct cv_list *node, *tmp;
	int fds[SOCKETS];
	size_t c = 0;

	CV_LIST_FOREACH (node, tmp, &n->socks) {
		const struct sock *s = CV_CONTAINER(node, struct sock, node);

		if (s->writes && c < SOCKETS)
			fds[c++] = s->fd;
	}

	for (size_t i = 0; i < c; ++i)
		ares_process_fd(n->channel, ARES_SOCKET_BAD, fds[i]);

	ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(n);
	cv_mem_unref(n);
}

static void rearm(struct cv_names *n)
{
	struct cv_list *node, *tmp;
	struct timeval tv, *left;
	uint32_t ms;

	left = ares_timeout(n->channel, NULL, &tv);
	if (!left) {
		cv_timer_stop(n->timer);
		return;
	}

	ms = (uint32_t)(left->tv_sec * 1000 + left->tv_usec / 1000) + 1;
	CV_LIST_FOREACH (node, tmp, &n->socks) {
		if (CV_CONTAINER(node, struct sock, node)->writes && ms > WRITABLE_MS)
			ms = WRITABLE_MS;
	}

	(void)cv_timer_set(n->timer, ms);
}

static struct sock *sock_find(struct cv_names *n, int fd)
{
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &n->socks) {
		struct sock *s = CV_CONTAINER(node, struct sock, node);

		if (s->fd == fd)
			return s;
	}

	return NULL;
}

static struct sock *sock_new(struct cv_names *n, int fd)
{
	struct sock *s = cv_mem_new(sizeof(*s), sock_fini);

	if (!s)
		return NULL;

	s->fd = fd;
	if (cv_fd_new(&s->reader, n->loop, fd, on_readable, n))
		return cv_mem_unref(s);

	cv_list_add(&n->socks, &s->node);

	return s;
}

/* Without memory the socket is not heard, and its question times out. */
static void on_sock(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct cv_names *n = arg;
	struct sock *s = sock_find(n, fd);

	if (!readable && !writable) {
		cv_mem_unref(s);
		return;
	}

	if (!s)
		s = sock_new(n, fd);
	if (s)
		s->writes = writable;
}

/* Answers */

static int error_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
	case ARES_ENONAME:
	case ARES_EBADNAME:
		return ENOENT;
	case ARES_ENOMEM:
		return ENOMEM;
	case ARES_EDESTRUCTION:
	case ARES_ECANCELLED:
		return ECANCELED;
	default: /* an open list; all of them: nobody could say */
		return ETIMEDOUT;
	}
}

static void hold(struct cv_name *q, uint32_t ttl_s)
{
	q->ttl_s = ttl_s < q->ttl_s ? ttl_s : q->ttl_s;
}

/* Says it, once. */
static void tell(struct cv_name *q, const struct cv_hop_found *f)
{
	cv_hop_found_fn *fn = q->fn;

	cv_timer_stop(q->timer);
	q->fn = NULL;
	if (fn)
		fn(q->arg, f);
}

static void fail(struct cv_name *q, int err)
{
	tell(q, &(struct cv_hop_found){.err = err});
}

/* All addresses were asked for. */
static void finish(struct cv_name *q)
{
	struct cv_hop v[CV_NAME_HOPS];
	struct cv_hop_found f = {.v = v, .ttl_s = q->ttl_s};

	f.c = cv_name_set_hops(&q->set, q->ask.host, v);
	if (f.ttl_s < CV_NAME_TTL_MIN_S || q->soft)
		f.ttl_s = CV_NAME_TTL_MIN_S; /* what is missing may come back */
	if (f.ttl_s > CV_NAME_TTL_MAX_S)
		f.ttl_s = CV_NAME_TTL_MAX_S;
	if (f.c == 0)
		f.err = q->soft ? q->soft : ENOENT;

	tell(q, &f);
}

static void read_addresses(struct cv_name *q, struct cv_name_record *r,
			   const struct ares_addrinfo *ai)
{
	struct cv_addr a;
	size_t aliases = 0;

	for (const struct ares_addrinfo_cname *c = ai->cnames; c; c = c->next) {
		hold(q, c->ttl > 0 ? (uint32_t)c->ttl : 0);
		++aliases;
	}

	if (aliases > ALIASES)
		return;

	for (const struct ares_addrinfo_node *n = ai->nodes; n; n = n->ai_next) {
		if (cv_addr_from_sa(&a, n->ai_addr) == 0 && cv_name_set_address(r, &a))
			hold(q, n->ai_ttl > 0 ? (uint32_t)n->ai_ttl : 0);
	}
}

/* One record's; its question holds a reference. */
static void on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
	struct cv_name_record *r = arg;
	struct cv_name *q = r->name;
	int err = error_of(status);

	(void)timeouts;

	--q->pending;
	if (!err && ai)
		read_addresses(q, r, ai);
	if (ai)
		ares_freeaddrinfo(ai);
	if (err && err != ENOENT)
		q->soft = err;
	if (q->pending == 0)
		finish(q);

	cv_mem_unref(q);
}

static void ask_address(struct cv_name *q, struct cv_name_record *r)
{
	const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC};

	if (cv_addr_parse(&r->v[0], cv_str_of(r->host)) == 0) {
		r->c = 1;
		return;
	}

	r->name = cv_mem_ref(q);
	++q->pending;
	ares_getaddrinfo(q->names->channel, r->host, NULL, &hints, on_addresses, r);
}

static void ask_addresses(struct cv_name *q)
{
	q->pending = 1; /* an answer may come at once: none of them is the last yet */
	for (size_t i = 0; i < q->set.recordc; ++i)
		ask_address(q, &q->set.records[i]);

	if (--q->pending == 0)
		finish(q);
}

/* No records: the host itself. */
static void ask_host(struct cv_name *q)
{
	cv_name_set_host(&q->set, &q->ask);
	ask_addresses(q);
}

static void hold_answer(struct cv_name *q, const unsigned char *p, int len)
{
	uint32_t ttl = 0;

	if (cv_answer_ttl(&ttl, p, (size_t)len))
		ttl = 0;

	hold(q, ttl);
}

static void on_srv(void *arg, int status, int timeouts, unsigned char *p, int len);

static void ask_srv(struct cv_name *q)
{
	if (q->at < q->set.candidatec) {
		ares_query(q->names->channel, q->set.candidates[q->at].name, CLASS_IN,
			   TYPE_SRV, on_srv, cv_mem_ref(q));
		return;
	}

	if (q->set.refused)
		fail(q, ENOENT);
	else
		ask_host(q);
}

static void read_srv(struct cv_name *q, const unsigned char *p, int len)
{
	struct ares_srv_reply *list = NULL;

	if (ares_parse_srv_reply(p, len, &list) != ARES_SUCCESS)
		return;

	for (const struct ares_srv_reply *s = list; s; s = s->next) {
		struct cv_name_record r = {
			.port = s->port,
			.priority = s->priority,
			.weight = s->weight,
		};

		if (strlen(s->host) >= sizeof(r.host))
			continue;

		(void)snprintf(r.host, sizeof(r.host), "%s", s->host);
		cv_name_set_srv(&q->set, &r);
	}

	if (q->set.recordc > 0) {
		q->set.transport = q->set.candidates[q->at].transport;
		hold_answer(q, p, len);
	}

	ares_free_data(list);
}

static void on_srv(void *arg, int status, int timeouts, unsigned char *p, int len)
{
	struct cv_name *q = arg;
	int err = error_of(status);

	(void)timeouts;

	if (!err)
		read_srv(q, p, len);

	if (!q->fn) {
		/* nobody waits any more */
	} else if (q->set.recordc > 0) {
		ask_addresses(q);
	} else if (err && err != ENOENT) {
		fail(q, err); /* the host itself may be quite another server */
	} else {
		++q->at;
		ask_srv(q);
	}

	cv_mem_unref(q);
}

static void read_naptr(struct cv_name *q, const unsigned char *p, int len)
{
	struct ares_naptr_reply *list = NULL;

	if (ares_parse_naptr_reply(p, len, &list) != ARES_SUCCESS)
		return;

	for (const struct ares_naptr_reply *r = list; r; r = r->next)
		cv_name_set_naptr(&q->set, &(struct cv_name_naptr){
						   .order = r->order,
						   .preference = r->preference,
						   .flags = (const char *)r->flags,
						   .service = (const char *)r->service,
						   .regexp = (const char *)r->regexp,
						   .replacement = r->replacement,
					   });

	if (q->set.candidatec > 0)
		hold_answer(q, p, len);

	ares_free_data(list);
}

/* Many servers don't know these records: whatever goes wrong, SRV is asked next. */
static void on_naptr(void *arg, int status, int timeouts, unsigned char *p, int len)
{
	struct cv_name *q = arg;
	int err = error_of(status);

	(void)timeouts;

	if (!err)
		read_naptr(q, p, len);

	if (q->set.candidatec == 0)
		cv_name_set_services(&q->set, q->ask.host, NULL);

	if (q->fn && err == ECANCELED)
		fail(q, err);
	else if (q->fn)
		ask_srv(q);

	cv_mem_unref(q);
}

/* Life */

static void start(struct cv_name *q)
{
	struct cv_addr a;

	if (q->ask.port > 0 || cv_addr_parse(&a, cv_str_of(q->ask.host)) == 0) {
		ask_host(q);
		return;
	}

	if (!q->ask.transport_given) {
		ares_query(q->names->channel, q->ask.host, CLASS_IN, TYPE_NAPTR, on_naptr,
			   cv_mem_ref(q));
		return;
	}

	cv_name_set_services(&q->set, q->ask.host, &q->ask.transport);
	ask_srv(q);
}

static void on_name_timer(void *arg)
{
	struct cv_name *q = cv_mem_ref(arg);
	struct cv_names *n = q->names;

	if (!n->channel) {
		fail(q, ECANCELED);
	} else if (q->started || cv_timer_set(q->timer, CV_NAME_LIMIT_MS)) {
		fail(q, ETIMEDOUT);
	} else {
		q->started = true;
		start(q);
		rearm(n);
	}

	cv_mem_unref(q);
}

static void name_fini(void *obj)
{
	struct cv_name *q = obj;

	cv_mem_unref(q->timer);
	cv_mem_unref(q->names);
}

int cv_name_look(struct cv_names *n, struct cv_name **qp, const struct cv_hop_ask *ask,
		 cv_hop_found_fn *fn, void *arg)
{
	struct cv_name *q;
	int err;

	if (!n || !qp || !ask || !ask->host || !fn || strlen(ask->host) >= CV_NAME_HOST)
		return EINVAL;

	q = cv_mem_new(sizeof(*q), name_fini);
	if (!q)
		return ENOMEM;

	q->names = cv_mem_ref(n);
	q->ask = *ask;
	q->fn = fn;
	q->arg = arg;
	q->ttl_s = CV_NAME_TTL_MAX_S;
	err = cv_timer_new(&q->timer, n->loop, on_name_timer, q);
	if (!err)
		err = cv_timer_set(q->timer, 0);
	if (err)
		cv_mem_unref(q);
	else
		*qp = q;

	return err;
}

struct cv_name *cv_name_close(struct cv_name *q)
{
	if (!q)
		return NULL;

	q->fn = NULL;
	cv_timer_stop(q->timer);

	return cv_mem_unref(q);
}

static int channel_open(struct cv_names *n, const char *servers, ares_channel *channel)
{
	struct ares_options o = {
		.flags = ARES_FLAG_EDNS,
		.timeout = (int)n->timeout_ms,
		.tries = (int)n->tries,
		.ednspsz = EDNS_BYTES,
		.ndomains = 0, /* a name is what is written: no search list */
		.sock_state_cb = on_sock,
		.sock_state_cb_data = n,
	};
	int ret;

	ret = ares_init_options(channel, &o,
				ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					ARES_OPT_EDNSPSZ | ARES_OPT_DOMAINS |
					ARES_OPT_SOCK_STATE_CB);
	if (ret != ARES_SUCCESS)
		return ret == ARES_ENOMEM ? ENOMEM : EINVAL;

	if (servers && ares_set_servers_ports_csv(*channel, servers) != ARES_SUCCESS) {
		ares_destroy(*channel);
		return EINVAL;
	}

	return 0;
}

static void names_fini(void *obj)
{
	struct cv_names *n = obj;
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &n->socks) {
		cv_mem_unref(CV_CONTAINER(node, struct sock, node));
	}

	cv_mem_unref(n->timer);
	if (n->library)
		ares_library_cleanup();
}

int cv_names_open(struct cv_names **np, const struct cv_names_conf *conf)
{
	struct cv_names *n;
	int err;

	if (!np || !conf || !conf->loop || conf->timeout_ms == 0 || conf->tries == 0)
		return EINVAL;

	n = cv_mem_new(sizeof(*n), names_fini);
	if (!n)
		return ENOMEM;

	n->loop = conf->loop;
	n->timeout_ms = conf->timeout_ms;
	n->tries = conf->tries;
	cv_list_init(&n->socks);
	n->library = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
	err = n->library ? cv_timer_new(&n->timer, n->loop, on_timer, n) : ENOMEM;
	if (!err)
		err = channel_open(n, conf->servers, &n->channel);
	if (err)
		cv_mem_unref(n);
	else
		*np = n;

	return err;
}

int cv_names_servers(struct cv_names *n, const char *servers)
{
	ares_channel fresh, old = n->channel;
	int err;

	err = channel_open(n, servers, &fresh);
	if (err)
		return err;

	n->channel = fresh; /* what is cancelled asks nothing more, see error_of() */
	ares_destroy(old);
	rearm(n);

	return 0;
}

struct cv_names *cv_names_close(struct cv_names *n)
{
	if (!n)
		return NULL;

	ares_destroy(n->channel);
	n->channel = NULL;
	cv_timer_stop(n->timer);

	return cv_mem_unref(n);
}
