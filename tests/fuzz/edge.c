/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edge of a fuzz target: joins the layers as core/wire.c does, without
 * media threads, door and administration. The program's own sendmsg() stands
 * in front of the C library's, so that what the edge sends ends here. One thread.
 */
#include "config.h"

#include "edge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sofia-sip/su_wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"
#include "fake_media.h"
#include "sip/sip_int.h"

enum {
	POINTS = 2, /* wan, lan */
	CONF_TEXT = 2048,
	WAKES = 3, /* of the loop after a datagram: taken, posted, timers of 0 ms */
	START_MS = 1000000,
	DRAIN_MS = 33000, /* a transaction lives 32 s */
	DRAINS = 64,
	DRAINS_MEDIA = 12,   /* until then whoever had media is gone */
	DRAINS_CALLS = 20,   /* then calls without media are ended, too */
	HOUR_MS = 4000000,   /* beyond what a registrar usually grants */
	WEEK_MS = 604801000, /* beyond what any registration stands */
	DRAINS_WEEK = 40,
};

struct cv_edge {
	struct cv_core core; /* as far as it is used here */
	struct cv_media_plane media;
	struct cv_buf error;
	uint64_t now_ms;
	struct cv_addr point[POINTS];
	struct cv_addr party[CV_EDGE_PARTIES];
	char point_text[POINTS][CV_ADDR_STRLEN];
	char party_text[CV_EDGE_PARTIES][CV_ADDR_STRLEN];
	int fd[CV_EDGE_PARTIES];
	bool trace; /* EDGE_TRACE is set: messages are written to standard error */
	struct cv_edge_heard heard[CV_EDGE_PARTIES];
};

static const char *const point_hosts[POINTS] = {"127.0.0.1", "127.0.0.65"};

static const struct {
	const char *host;
	int point;
} parties[CV_EDGE_PARTIES] = {
	[CV_EDGE_PBX] = {"127.0.0.2", 0},      [CV_EDGE_LAN] = {"127.0.0.70", 1},
	[CV_EDGE_FAR] = {"127.0.0.4", 0},      [CV_EDGE_TRUNK] = {"127.0.0.6", 0},
	[CV_EDGE_STRANGER] = {"127.0.0.5", 0},
};

static const char conf_form[] =
	"[general]\nname = edge.example\nstrangers = pass\n"
	"[listen wan]\naddress = 127.0.0.1\nudp = %u\ntcp = off\n"
	"[listen lan]\naddress = 127.0.0.65\nudp = %u\ntcp = off\n"
	"[peer pbx]\ntarget = sip:%s\ndomains = pbx.example\n"
	"options-ping = off\n[peer trunk]\noptions-ping = off\ntarget = sip:%s\ndomains "
	"= trunk.example\n"
	"username = account\npassword = secret\n"
	"[user alice]\npassword = secret\n"
	"[route in]\nfrom = peer:trunk\npeer = pbx\n"
	"[route numbers]\nto = ^[0-9]+$\npeer = trunk\n"
	"[route phones]\nfrom = phones\npeer = pbx\n";

static struct cv_edge *edge; /* once open: sendmsg() gets no argument of ours */

static uint64_t clock_of(void *arg)
{
	const struct cv_edge *e = arg;

	return e->now_ms;
}

static void log_nowhere(enum cv_log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

static void show(const struct cv_edge *e, const char *way, size_t who, const char *text,
		 size_t len)
{
	if (e->trace)
		(void)fprintf(stderr, "--- %llu ms, %s %zu\n%.*s\n",
			      (unsigned long long)e->now_ms, way, who, (int)len, text);
}

static void keep(char *dst, const char *text, size_t len)
{
	len = len < CV_EDGE_TEXT ? len : CV_EDGE_TEXT - 1;
	memcpy(dst, text, len);
	dst[len] = '\0';
}

/* What the edge sent. Only the five may hear of it. */
static void hear(const struct cv_addr *to, const char *text, size_t len)
{
	char host[CV_ADDR_STRLEN];
	struct cv_edge_heard *h;

	for (size_t i = 0; i < CV_EDGE_PARTIES; ++i) {
		if (!cv_addr_host_eq(&edge->party[i], to))
			continue;

		show(edge, "to", i, text, len);
		h = &edge->heard[i];
		if (len < 8)
			return; /* a keepalive without a word */
		if (memcmp(text, "INVITE ", 7) == 0)
			keep(h->invite, text, len);
		keep(memcmp(text, "SIP/2.0 ", 8) == 0 ? h->response : h->request, text,
		     len);
		return;
	}

	(void)fprintf(stderr, "sent to %s, who is nobody:\n%.*s\n",
		      cv_addr_print(to, host), (int)len, text);
	abort();
}

static void hear_at(const void *name, const char *text, size_t len)
{
	struct cv_addr to;

	if (cv_addr_from_sa(&to, name))
		abort();

	hear(&to, text, len);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	static char text[CV_EDGE_TEXT];
	size_t len = 0, left;

	if (!edge) /* the stack tries its sockets when it starts */
		return syscall(SYS_sendmsg, fd, msg, flags);
	if (!msg->msg_name) {
		errno = ENOTCONN;
		return -1;
	}

	for (size_t i = 0; i < msg->msg_iovlen; ++i) {
		left = sizeof(text) - len;
		if (msg->msg_iov[i].iov_len > left) {
			errno = EMSGSIZE;
			return -1;
		}

		memcpy(text + len, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
		len += msg->msg_iov[i].iov_len;
	}

	hear_at(msg->msg_name, text, len);

	return (ssize_t)len;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t size)
{
	if (!edge)
		return syscall(SYS_sendto, fd, data, len, flags, to, size);
	if (!to) {
		errno = ENOTCONN;
		return -1;
	}

	hear_at(to, data, len);

	return (ssize_t)len;
}

/* A socket at @p host, any port. */
static int open_at(int *fdp, struct cv_addr *a, const char *host)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, err = cv_addr_parse(a, cv_str_of(host));

	if (err)
		return err;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return errno;

	len = cv_addr_to_sa(a, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		err = errno;
	else
		err = cv_addr_from_sa(a, (struct sockaddr *)&ss);

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}

/* Ports that are free now, for the configuration to name. */
static int find_points(struct cv_edge *e)
{
	int err = 0, fd = -1;

	for (size_t i = 0; !err && i < POINTS; ++i) {
		err = open_at(&fd, &e->point[i], point_hosts[i]);
		if (err)
			return err;

		(void)close(fd);
		cv_addr_print(&e->point[i], e->point_text[i]);
	}
	for (size_t i = 0; !err && i < CV_EDGE_PARTIES; ++i) {
		err = open_at(&e->fd[i], &e->party[i], parties[i].host);
		cv_addr_print(&e->party[i], e->party_text[i]);
	}

	return err;
}

static void add_point(struct cv_net *net, const struct cv_addr *a, enum cv_side side)
{
	struct cv_point *p = &net->points[net->pointc];

	p->bind = *a;
	p->bind.port = 0;
	p->advertise = p->media = p->media_adv = p->bind;
	p->side = side;
	p->conf = net->pointc++;
}

static int plan(struct cv_edge *e)
{
	struct cv_generation *g = &e->core.gen[0];
	char text[CONF_TEXT];
	const char *why;
	int err;

	(void)snprintf(text, sizeof(text), conf_form, e->point[0].port, e->point[1].port,
		       e->party_text[CV_EDGE_PBX], e->party_text[CV_EDGE_TRUNK]);
	err = cv_conf_parse(&g->conf, "edge", cv_str_of(text), &e->error);
	if (!err)
		err = cv_net_new(&g->net);
	if (err)
		return err;

	e->core.now = g;
	e->core.genc = 1;
	add_point(g->net, &e->point[0], CV_SIDE_WAN);
	add_point(g->net, &e->point[1], CV_SIDE_LAN);
	err = cv_alist_add(g->net->lan, CV_STR("127.0.0.64/26"), &why);
	if (!err)
		err = cv_alist_add(g->net->nated, CV_STR("10.0.0.0/8"), &why);
	if (!err)
		err = cv_alist_add(g->net->nat_systems, CV_STR("127.0.0.4"), &why);

	return err;
}

static int open_tables(struct cv_core *c)
{
	int err;

	err = cv_loop_su_open(&c->loop);
	if (!err)
		err = cv_cmds_new(&c->cmds);
	if (!err)
		err = cv_stats_new(&c->stats, c->cmds);
	if (!err)
		err = cv_stats_cell(c->stats, &c->cell);
	if (!err)
		err = cv_routes_new(&c->routes);
	if (!err)
		err = cv_homes_new(&c->homes);
	if (!err) /* all targets are numbers */
		err = cv_peers_new(&c->peers, &(struct cv_peers_env){.conf = c->now->conf,
								     .loop = c->loop});

	return err;
}

static int open_sip(struct cv_edge *e)
{
	struct cv_core *c = &e->core;
	struct cv_sip_env env = {
		.conf = c->now->conf,
		.net = c->now->net,
		.loop = c->loop,
		.cmds = c->cmds,
		.stats = c->stats,
		.stat = c->cell,
		.routes = c->routes,
		.peers = c->peers,
		.homes = c->homes,
	};

	memset(env.key, 7, sizeof(env.key));

	return cv_sip_open(&c->sip, &env, &e->error);
}

static int open_modules(struct cv_edge *e)
{
	struct cv_core *c = &e->core;
	struct cv_env env = {
		.loop = c->loop,
		.cmds = c->cmds,
		.stats = c->stats,
		.stat = c->cell,
		.routes = c->routes,
		.homes = c->homes,
	};
	int err;

	err = cv_modules_conf(&c->modules, &c->modulec, c->now->conf, &e->error);
	if (!err)
		err = cv_modules_open(c->modules, c->modulec, &env);
	if (!err)
		err = cv_modules_start(c->modules, c->modulec, &env);

	return err;
}

/* Each party speaks to one listening point; a connected socket needs no sendto(). */
static int connect_all(struct cv_edge *e)
{
	struct sockaddr_storage ss;
	socklen_t len;

	for (size_t i = 0; i < CV_EDGE_PARTIES; ++i) {
		len = cv_addr_to_sa(&e->point[parties[i].point], &ss);
		if (connect(e->fd[i], (struct sockaddr *)&ss, len) == -1)
			return errno;
	}

	return 0;
}

int cv_edge_open(struct cv_edge **ep)
{
	struct cv_edge *e = cv_mem_zalloc(1, sizeof(*e));
	int err;

	if (!e)
		return ENOMEM;

	e->now_ms = START_MS;
	e->trace = getenv("EDGE_TRACE");
	cv_clock_set(clock_of, e);
	cv_log_sink(log_nowhere, NULL);
	cv_log_level(CV_LOG_DEBUG); /* whoever writes a line reads what came */
	cv_fake_media_init(&e->media);
	err = find_points(e);
	if (!err)
		err = plan(e);
	if (!err)
		err = open_tables(&e->core);
	if (!err)
		err = open_sip(e);
	if (!err)
		err = open_modules(e);
	if (!err)
		err = connect_all(e);
	if (err)
		(void)fprintf(stderr, "edge: %s %s\n", strerror(err),
			      e->error.p ? e->error.p : "");
	else
		edge = *ep = e;

	return err;
}

void cv_edge_close(struct cv_edge *e)
{
	struct cv_core *c = &e->core;

	cv_modules_stop(c->modules, c->modulec);
	cv_sip_close(c->sip);
	cv_mem_unref(c->sip);
	cv_modules_free(c->modules, c->modulec);
	cv_mem_unref(c->peers);
	cv_mem_unref(c->homes);
	cv_mem_unref(c->routes);
	cv_mem_unref(c->stats);
	cv_mem_unref(c->cmds);
	cv_mem_unref(c->loop);
	cv_generation_drop(c->now);
	for (size_t i = 0; i < CV_EDGE_PARTIES; ++i)
		(void)close(e->fd[i]);
	cv_buf_free(&e->error);
	edge = NULL;
	cv_clock_set(NULL, NULL);
	free(e);
}

/* As core/wire.c does, without asking the kernel. */
static void place_peer(void *arg, const struct cv_addr *hop,
		       const struct cv_conf_peer *peer, struct cv_place *place,
		       struct cv_evid *ev)
{
	const struct cv_net *net = ((struct cv_edge *)arg)->core.now->net;
	const struct cv_addr unset = {0};
	const struct cv_place_query q = {
		.party = peer->name,
		.seen = *hop,
		.listen = cv_place_point(net, hop, &unset),
	};

	cv_place_of(net, &q, place, ev);
}

void cv_edge_begin(struct cv_edge *e)
{
	struct cv_core *c = &e->core;
	const struct cv_call_env env = {
		.conf = c->now->conf,
		.loop = c->loop,
		.cmds = c->cmds,
		.stats = c->stats,
		.stat = c->cell,
		.routes = c->routes,
		.peers = c->peers,
		.media = &cv_fake_media_ops,
		.plane = &e->media,
		.leg_new = cv_sip_leg_new,
		.leg_arg = c->sip,
		.place_peer = place_peer,
		.place_arg = e,
		.same_nat_direct = true,
	};

	if (cv_calls_new(&c->calls, &env))
		abort();

	cv_sip_calls(c->sip, c->calls);
	for (size_t i = 0; i < CV_EDGE_PARTIES; ++i) {
		e->heard[i].request[0] = e->heard[i].response[0] = '\0';
		e->heard[i].invite[0] = '\0';
	}
}

static void wake(struct cv_edge *e)
{
	for (int i = 0; i < WAKES; ++i)
		(void)su_root_step(cv_loop_native(e->core.loop), 0);
}

void cv_edge_send(struct cv_edge *e, enum cv_edge_party from, const void *data,
		  size_t len)
{
	++e->now_ms;
	show(e, "from", from, data, len);
	if (write(e->fd[from], data, len) == (ssize_t)len)
		wake(e);
}

void cv_edge_wait(struct cv_edge *e, uint32_t ms)
{
	e->now_ms += ms;
	wake(e);
}

/* The packet path's word that nobody is there any more. */
static void silence(struct cv_edge *e)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &e->media.list) {
		const struct cv_media *m = CV_CONTAINER(n, struct cv_media, node);
		const struct cv_call_media_event ev = {
			.id = cv_fake_media_ops.id(m),
			.gen = cv_fake_media_ops.gen(m),
			.what = "idle",
			.dead = true,
		};

		cv_calls_media_event(e->core.calls, &ev);
	}
}

/** What may not be there once all is over. */
struct left {
	size_t calls, bindings, legs, media;
	usize_t dialogs, in, out; /* the stack's */
};

static size_t length(const struct cv_list *list)
{
	size_t n = 0;

	for (const struct cv_list *i = list->next; i != list; i = i->next)
		++n;

	return n;
}

static struct left count(struct cv_edge *e)
{
	struct left l = {
		.calls = cv_calls_count(e->core.calls),
		.bindings = cv_binds_count(cv_sip_binds(e->core.sip)),
		.legs = length(&e->core.sip->legs),
		.media = length(&e->media.list),
	};

	nta_agent_get_stats(e->core.sip->agent, NTATAG_S_IRQ_HASH_USED_REF(l.in),
			    NTATAG_S_ORQ_HASH_USED_REF(l.out),
			    NTATAG_S_LEG_HASH_USED_REF(l.dialogs), TAG_END());

	return l;
}

static bool is_empty(const struct left *l)
{
	return l->calls + l->bindings + l->legs + l->media + l->dialogs + l->in +
		       l->out ==
	       0;
}

static void complain(const struct left *l)
{
	(void)fprintf(stderr,
		      "left behind: calls=%zu bindings=%zu legs=%zu media=%zu dialogs=%u "
		      "transactions_in=%u transactions_out=%u\n",
		      l->calls, l->bindings, l->legs, l->media, l->dialogs, l->in,
		      l->out);
	abort();
}

/* Weeks are for the few that need one: the library counts nanoseconds in 64 bits, and
 * after 458 years its timers fire for ever. */
static uint32_t drain_ms(int i)
{
	if (i >= DRAINS_WEEK)
		return i % 4 == 3 ? WEEK_MS : DRAIN_MS;

	return i % 4 == 3 ? HOUR_MS : DRAIN_MS;
}

void cv_edge_end(struct cv_edge *e)
{
	struct left l = count(e);

	for (int i = 0; i < DRAINS && !is_empty(&l); ++i) {
		silence(e);
		cv_edge_wait(e, drain_ms(i));
		l = count(e);
		if (i == DRAINS_MEDIA && l.media > 0)
			complain(&l);
		if (i == DRAINS_CALLS)
			cv_calls_close(e->core.calls);
	}
	if (!is_empty(&l))
		complain(&l);

	cv_calls_close(e->core.calls);
	cv_sip_calls(e->core.sip, NULL);
	e->core.calls = cv_mem_unref(e->core.calls);
}

const struct cv_edge_heard *cv_edge_heard(const struct cv_edge *e, enum cv_edge_party who)
{
	return &e->heard[who];
}

const char *cv_edge_point(const struct cv_edge *e, enum cv_edge_party who)
{
	return e->point_text[parties[who].point];
}

const char *cv_edge_party(const struct cv_edge *e, enum cv_edge_party who)
{
	return e->party_text[who];
}
