/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entries shared by the door's thread and the signalling thread, under one
 * lock that is held for a look-up only; and accept() and connect() as the
 * agent's library sees them. Those two get no argument of ours, so the gate
 * they obey is the thread's.
 */
#include "config.h"

#include "net/gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

enum {
	AIMS = 1024,   /* targets of all peers; far above any configuration */
	KEY_LEN = 3,   /* family, port */
	FAILURES = 64, /* targets whose failure is remembered; a line of the log is what
			  the oldest is worth */
	FAMILIES = 2,
};

/** One loopback connection on its way, by the address it comes from. */
struct pass {
	struct cv_hash_node node;
	char key[KEY_LEN];
	struct cv_addr peer;      /* inwards */
	struct cv_gate_dial dial; /* outwards */
};

/** Where to dial; signalling thread. */
struct aim {
	struct cv_gate_dial dial;
	struct aim *next;
};

/** Why a target could not be reached. */
struct failure {
	struct cv_addr to;
	int err; /* 0: the seat is free */
};

struct cv_gate {
	pthread_mutex_t lock; /* of in, out and failures */
	struct cv_hash *in, *out;
	struct failure failures[FAILURES];
	size_t failurec;                       /* ever: the oldest makes room */
	struct cv_addr guards[CV_GATE_GUARDS]; /* const once connections come */
	size_t guardc;
	struct cv_addr exits[FAMILIES]; /* IPv4, IPv6; const as well */
	struct aim *aims;               /* owned; signalling thread */
	size_t aimc;
};

/* accept() and connect() of a library take no argument of ours: the gate they obey is
 * that of the thread the library runs on. */
static _Thread_local struct cv_gate *here;

static void drop_pass(void *obj, void *arg)
{
	struct pass *p = obj;

	(void)arg;
	cv_hash_del(&p->node);
	free(p);
}

static void gate_fini(void *obj)
{
	struct cv_gate *g = obj;
	struct aim *a;

	if (g->in)
		cv_hash_walk(g->in, drop_pass, NULL);
	if (g->out)
		cv_hash_walk(g->out, drop_pass, NULL);
	cv_mem_unref(g->in);
	cv_mem_unref(g->out);
	while (g->aims) {
		a = g->aims;
		g->aims = a->next;
		free(a);
	}
	(void)pthread_mutex_destroy(&g->lock);
}

int cv_gate_new(struct cv_gate **gp)
{
	struct cv_gate *g;
	int err;

	g = cv_mem_new(sizeof(*g), gate_fini);
	if (!g)
		return ENOMEM;

	(void)pthread_mutex_init(&g->lock, NULL);
	err = cv_hash_new(&g->in);
	if (!err)
		err = cv_hash_new(&g->out);

	if (err)
		cv_mem_unref(g);
	else
		*gp = g;

	return err;
}

void cv_gate_here(struct cv_gate *g)
{
	here = g;
}

int cv_gate_guard(struct cv_gate *g, const struct cv_addr *listener)
{
	if (g->guardc == CV_GATE_GUARDS)
		return E2BIG;

	g->guards[g->guardc++] = *listener;

	return 0;
}

static size_t family_of(const struct cv_addr *a)
{
	return a->family == AF_INET6;
}

void cv_gate_exit(struct cv_gate *g, const struct cv_addr *listener)
{
	g->exits[family_of(listener)] = *listener;
}

static void make_key(char *key, const struct cv_addr *local)
{
	key[0] = (char)local->family;
	key[1] = (char)(local->port >> 8);
	key[2] = (char)(local->port & 0xff);
}

/* Takes the entry out; the caller frees it. NULL: none. */
static struct pass *take(struct cv_gate *g, struct cv_hash *from,
			 const struct cv_addr *local)
{
	struct cv_hash_node *n;
	char key[KEY_LEN];

	make_key(key, local);
	(void)pthread_mutex_lock(&g->lock);
	n = cv_hash_find(from, cv_str_make(key, KEY_LEN));
	if (n)
		cv_hash_del(n);
	(void)pthread_mutex_unlock(&g->lock);

	return n ? n->obj : NULL;
}

/* A stale entry of the same port goes: its socket is no more. */
static void put(struct cv_gate *g, struct cv_hash *in, const struct cv_addr *local,
		struct pass *p)
{
	free(take(g, in, local));
	make_key(p->key, local);
	(void)pthread_mutex_lock(&g->lock);
	cv_hash_add(in, &p->node, cv_str_make(p->key, KEY_LEN), p);
	(void)pthread_mutex_unlock(&g->lock);
}

int cv_gate_enter(struct cv_gate *g, const struct cv_addr *local,
		  const struct cv_addr *peer)
{
	struct pass *p = cv_mem_zalloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;

	p->peer = *peer;
	put(g, g->in, local, p);

	return 0;
}

void cv_gate_leave(struct cv_gate *g, const struct cv_addr *local)
{
	free(take(g, g->in, local));
}

int cv_gate_dialled(struct cv_gate *g, const struct cv_addr *local,
		    struct cv_gate_dial *dial)
{
	struct pass *p = take(g, g->out, local);

	if (!p)
		return ENOENT;

	*dial = p->dial;
	free(p);

	return 0;
}

/* Under the lock. NULL: none of that target. */
static struct failure *find_failure(struct cv_gate *g, const struct cv_addr *to)
{
	for (size_t i = 0; i < FAILURES; ++i) {
		if (g->failures[i].err && cv_addr_eq(&g->failures[i].to, to))
			return &g->failures[i];
	}

	return NULL;
}

void cv_gate_went(struct cv_gate *g, const struct cv_addr *to, int err)
{
	struct failure *f;

	(void)pthread_mutex_lock(&g->lock);
	f = find_failure(g, to);
	if (!f && err)
		f = &g->failures[g->failurec++ % FAILURES];
	if (f)
		*f = (struct failure){.to = *to, .err = err};
	(void)pthread_mutex_unlock(&g->lock);
}

int cv_gate_failure(struct cv_gate *g, const struct cv_addr *to)
{
	const struct failure *f;
	int err;

	(void)pthread_mutex_lock(&g->lock);
	f = find_failure(g, to);
	err = f ? f->err : 0;
	(void)pthread_mutex_unlock(&g->lock);

	return err;
}

static struct aim *find_aim(struct cv_gate *g, const struct cv_addr *to)
{
	struct aim *a = g->aims;

	while (a && !cv_addr_eq(&a->dial.to, to))
		a = a->next;

	return a;
}

int cv_gate_aim(struct cv_gate *g, const struct cv_gate_dial *dial)
{
	struct aim *a = find_aim(g, &dial->to);

	if (a) {
		a->dial = *dial;
		return 0;
	}
	if (g->aimc == AIMS)
		return E2BIG;

	a = cv_mem_zalloc(1, sizeof(*a));
	if (!a)
		return ENOMEM;

	a->dial = *dial;
	a->next = g->aims;
	g->aims = a;
	++g->aimc;

	return 0;
}

static int local_of(int fd, struct cv_addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return errno;

	return cv_addr_from_sa(local, (const struct sockaddr *)&ss);
}

static bool is_guarded(const struct cv_gate *g, int fd)
{
	struct cv_addr local;

	if (local_of(fd, &local))
		return false;

	for (size_t i = 0; i < g->guardc; ++i) {
		if (cv_addr_eq(&g->guards[i], &local))
			return true;
	}

	return false;
}

/* The real peer in place of the loopback address; ECONNABORTED: not one of the door's. */
static int unmask(struct cv_gate *g, struct sockaddr_storage *sa, socklen_t *len)
{
	struct cv_addr from;
	struct pass *p = NULL;

	if (!cv_addr_from_sa(&from, (const struct sockaddr *)sa))
		p = take(g, g->in, &from);
	if (!p)
		return ECONNABORTED;

	memset(sa, 0, sizeof(*sa));
	*len = cv_addr_to_sa(&p->peer, sa);
	free(p);

	return 0;
}

int cv_gate_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_storage ss;
	socklen_t sslen = sizeof(ss);
	int conn, err = 0;

	if (!here || !sa || !len || !is_guarded(here, fd))
		return accept4(fd, sa, len, 0);

	memset(&ss, 0, sizeof(ss));
	conn = accept4(fd, (struct sockaddr *)&ss, &sslen, SOCK_CLOEXEC);
	if (conn == -1)
		return -1;

	if (unmask(here, &ss, &sslen) || sslen > *len)
		err = ECONNABORTED;
	if (err) {
		(void)close(conn);
		errno = err;
		return -1;
	}

	memcpy(sa, &ss, sslen);
	*len = sslen;

	return conn;
}

static bool is_stream(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_STREAM;
}

static int really_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return (int)syscall(SYS_connect, fd, sa, len);
}

/* Writes down whom the socket means and gives the address it is led to. */
static int lead(struct cv_gate *g, const struct cv_addr *local, const struct cv_addr *to,
		struct cv_addr *through)
{
	const struct aim *a = find_aim(g, to);
	struct pass *p;

	*through = g->exits[family_of(to)];
	if (!a || !cv_addr_is_set(through))
		return ECONNREFUSED;

	p = cv_mem_zalloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;

	p->dial = a->dial;
	put(g, g->out, local, p);

	return 0;
}

int cv_gate_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct cv_addr to = {0}, local = {0}, through;
	struct sockaddr_storage ss;
	int err;

	if (!here || !sa || cv_addr_from_sa(&to, sa) || !is_stream(fd) ||
	    local_of(fd, &local) || local.port == 0 ||
	    cv_addr_kind(&local) != CV_ADDR_LOOPBACK)
		return really_connect(fd, sa, len);

	/* the agent binds its streams to its private address; nothing else does */
	err = lead(here, &local, &to, &through);
	if (err) {
		errno = err;
		return -1;
	}

	len = cv_addr_to_sa(&through, &ss);

	return really_connect(fd, (const struct sockaddr *)&ss, len);
}
