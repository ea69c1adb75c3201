/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent: listening points, stack settings, and which file takes which
 * request. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/su_log.h>

#include "base/log.h"
#include "base/mem.h"
#include "module.h"
#include "sip/sip_int.h"

enum {
	SOCKET_BUFFER = 4 << 20, /* bytes; the default holds some 150 messages, a
				    registration storm more */
	MAX_PROCEEDING = 20000,  /* INVITEs in progress; beyond that the stack answers 503
				    by itself */
	LOG_BURST = 20,      /* stack's own lines in 10 s: the network triggers them */
	REFUSALS_LOGGED = 5, /* lines about refused strangers in 10 s */
};

static const char allow[] =
	"INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, "
	"NOTIFY, SUBSCRIBE, PUBLISH, MESSAGE, REGISTER";

static void sip_fini(void *obj)
{
	struct cv_sip *s = obj;

	for (size_t i = 0; i < s->fromc; ++i)
		cv_mem_unref(s->from[i]);
	free(s->from);
	cv_mem_unref(s->binds);
	cv_mem_unref(s->guard);
}

static void stack_log(void *stream, char const *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* The stack writes a line for every bad packet: ours to judge. */
__attribute__((format(printf, 2, 0))) static void stack_log(void *stream, char const *fmt,
							    va_list ap)
{
	static _Thread_local struct cv_log_limit
		limit; /* the library gives no argument that lives with the agent */
	char text[256];

	(void)stream;

	if (!cv_log_is_on(CV_LOG_DEBUG) || !cv_log_allow(&limit, LOG_BURST))
		return;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	cv_log_write(CV_LOG_DEBUG, "sip", "stack says=\"%s\"", text);
}

void cv_sip_refuse(struct cv_sip *s, nta_incoming_t *irq, int status, unsigned retry_s)
{
	char retry[16];

	(void)snprintf(retry, sizeof(retry), "%u", retry_s);
	cv_stat_add(s->stat, CV_STAT_requests_refused, 1);
	nta_incoming_treply(irq, status, cv_sip_phrase(status),
			    TAG_IF(retry_s > 0, SIPTAG_RETRY_AFTER_STR(retry)),
			    TAG_IF(status == 405, SIPTAG_ALLOW_STR(allow)), TAG_END());
	nta_incoming_destroy(irq);
}

/* What proved it to us is nobody else's: whom it calls could guess the password from it.
 */
static void drop_proof(struct cv_sip *s, nta_incoming_t *irq)
{
	msg_t *msg = nta_incoming_getrequest(irq);

	if (!msg)
		return;

	cv_sip_drop_own_auth(s, msg);
	msg_unref(msg);
}

/* Strangers may be asked who they are: accounts of the embedded registrar only. 0: it
 * proved to be one. */
static int ask_stranger(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
			struct cv_sip_origin *o)
{
	const url_t *from = sip->sip_from->a_url;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct cv_home_ask ask = {.seen = o->seen, .expires_s = 1};
	struct cv_home_answer ans = {.verdict = CV_HOME_REFUSE};

	su_home_init(home);
	ask.method = cv_str_of(sip->sip_request->rq_method_name);
	ask.user = cv_str_of(from->url_user);
	if (!cv_sip_is_ours(s, from->url_host))
		ask.host = cv_str_of(from->url_host);
	ask.ruri = cv_str_of(url_as_string(home, sip->sip_request->rq_url));
	ask.authorization = cv_sip_own_auth(s, home, sip);
	if (cv_homes_answer(s->homes, &ask, &ans))
		ans.verdict = CV_HOME_REFUSE;
	su_home_deinit(home);

	if (ans.verdict == CV_HOME_ACCEPT) {
		o->who = CV_WHO_PHONE;
		drop_proof(s, irq);
		cv_evid_add(o->evid, "sender", "phone",
			    "it proved to be account %s by digest",
			    from->url_user ? from->url_user : "");
		return 0;
	}
	if (ans.verdict != CV_HOME_CHALLENGE)
		return EACCES;

	nta_incoming_treply(irq, SIP_401_UNAUTHORIZED,
			    SIPTAG_WWW_AUTHENTICATE_STR(ans.challenge), TAG_END());
	nta_incoming_destroy(irq);

	return EINPROGRESS;
}

/* A local account's name belongs to its own registration. */
static bool borrows_identity(struct cv_sip *s, const sip_t *sip,
			     const struct cv_sip_origin *o)
{
	const url_t *from = sip->sip_from->a_url;
	struct cv_str aor, host = cv_str_of(from->url_host);

	if (o->who != CV_WHO_PHONE || !o->binding || o->binding->home)
		return false;

	if (cv_sip_is_ours(s, from->url_host))
		host = CV_STR_NULL;

	aor = cv_str_of(o->binding->aor);
	aor.len = cv_str_chr(aor, '@');

	return !cv_str_eq(aor, cv_str_of(from->url_user)) &&
	       cv_homes_know(s->homes, cv_str_of(from->url_user), host);
}

/* What starts something between two parties: strangers get what [general] strangers says.
 */
static int on_start(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		    struct cv_sip_origin *o)
{
	int err;

	if (o->who == CV_WHO_STRANGER) {
		cv_stat_add(s->stat, CV_STAT_strangers, 1);
		if (s->conf->general.strangers == CV_STRANGERS_REFUSE)
			return 403;
	}
	if (o->who == CV_WHO_STRANGER &&
	    s->conf->general.strangers == CV_STRANGERS_CHALLENGE) {
		err = ask_stranger(s, irq, sip, o);
		if (err)
			return err == EINPROGRESS ? 0 : 403;
	}
	if (borrows_identity(s, sip, o))
		return 403;

	if (sip->sip_request->rq_method == sip_method_invite)
		return cv_sip_on_invite(s, irq, sip, o);

	return cv_sip_on_other(s, irq, sip, o);
}

/* To us, to a phone's token (a registrar's own keepalive), or to a user. */
static int on_options(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		      struct cv_sip_origin *o)
{
	const url_t *url = sip->sip_request->rq_url;
	struct cv_binding *b;
	int err;

	if (url->url_user) {
		err = cv_bind_by_token(s->binds, &b, cv_str_of(url->url_user));
		if (err == ENOENT && o->peer && cv_sip_trunk_by_token(s, url->url_user))
			err = 0; /* a trunk looks whether we are still there */
		if (err == ENOENT)
			return on_start(s, irq, sip, o);
		if (err && o->who == CV_WHO_STRANGER)
			return 403;
		if (err)
			return err == ESTALE ? 480 : 404;
	}

	nta_incoming_treply(irq, SIP_200_OK, SIPTAG_ALLOW_STR(allow),
			    SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
	nta_incoming_destroy(irq);

	return 0;
}

static int dispatch(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		    struct cv_sip_origin *o)
{
	switch (sip->sip_request->rq_method) {
	case sip_method_register:
		cv_stat_add(s->stat, CV_STAT_registers, 1);
		return cv_sip_on_register(s, irq, sip, o);
	case sip_method_options:
		return on_options(s, irq, sip, o);
	case sip_method_bye:
	case sip_method_cancel:
	case sip_method_prack:
	case sip_method_update: /* these live in dialogs only */
		return 481;
	default: /* sofia's enumeration, open to methods it doesn't know */
		break;
	}

	return on_start(s, irq, sip, o);
}

/* What we could route at all (RFC 3261 8.2.2.1). */
static bool is_scheme_known(const url_t *url)
{
	return url->url_type == url_sip || url->url_type == url_sips ||
	       url->url_type == url_tel || url->url_type == url_im ||
	       url->url_type == url_pres ||
	       (url->url_scheme && strcasecmp(url->url_scheme, "urn") == 0);
}

/* A phone whose registration we don't know looks like this too: the operator must see it.
 */
static void log_stranger(struct cv_sip *s, const sip_t *sip,
			 const struct cv_sip_origin *o)
{
	const url_t *from = sip->sip_from->a_url;
	char seen[CV_ADDR_STRLEN];

	if (!cv_log_allow(&s->refusal_log, REFUSALS_LOGGED))
		return;

	cv_info("sip",
		"refused method=%s from=\"%s@%s\" source=%s "
		"why=\"neither the flow of a registration nor an address of a peer\"",
		sip->sip_request->rq_method_name, from->url_user ? from->url_user : "",
		from->url_host ? from->url_host : "", cv_addr_print(&o->seen, seen));
}

/* 0, or the status of a loop. */
static int note_pass(struct cv_sip *s, nta_incoming_t *irq, struct cv_sip_origin *o)
{
	msg_t *msg = nta_incoming_getrequest(irq);
	int err = msg ? cv_sip_pass(s, msg, o) : ENOMEM;

	if (msg)
		msg_unref(msg);

	return err ? cv_sip_status(err) : 0;
}

int cv_sip_on_initial(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip)
{
	struct cv_sip_origin o;
	int status;

	if (sip->sip_request->rq_method == sip_method_ack) {
		nta_incoming_destroy(
			irq); /* a stray ACK; returning 0 alone would leak it */
		return 0;
	}

	cv_stat_add(s->stat, CV_STAT_requests_in, 1);
	if (s->draining) {
		cv_sip_refuse(s, irq, 503, 30);
		return 0;
	}
	if (sip->sip_to->a_tag && sip->sip_request->rq_method != sip_method_register) {
		cv_sip_refuse(s, irq, 481, 0);
		return 0;
	}
	if (sip->sip_max_forwards && sip->sip_max_forwards->mf_count == 0 &&
	    sip->sip_request->rq_method != sip_method_options) {
		cv_sip_refuse(s, irq, 483, 0);
		return 0;
	}
	if (!is_scheme_known(sip->sip_request->rq_url)) {
		cv_sip_refuse(s, irq, 416, 0);
		return 0;
	}
	if (cv_sip_refuse_tags(s, irq, sip))
		return 0;
	if (cv_sip_origin_of(s, &o, irq, sip)) {
		cv_sip_refuse(s, irq, 503, 5);
		return 0;
	}

	status = note_pass(s, irq, &o);
	if (status == 0)
		status = dispatch(s, irq, sip, &o);
	if (status == 403 && o.who == CV_WHO_STRANGER &&
	    sip->sip_request->rq_method != sip_method_register)
		log_stranger(s, sip, &o);
	cv_sip_origin_done(&o);
	if (status >= 100)
		cv_sip_refuse(s, irq, status, 0);

	return 0;
}

static int on_default(nta_leg_magic_t *magic, nta_leg_t *leg, nta_incoming_t *irq,
		      const sip_t *sip)
{
	(void)leg;

	return cv_sip_on_initial(magic, irq, sip);
}

static int open_agent(struct cv_sip *s)
{
	/* how nta is told to open no listening point of its own */
	const url_string_t *none =
		(url_string_t *)-1; /* NOLINT(performance-no-int-to-ptr): its spelling */

	/* Each setting with its reason; doc/threats.md and doc/limits.md
	 * here */
	s->agent = nta_agent_create(
		s->root, none, NULL, s,
		NTATAG_MCLASS(
			cv_sip_guard_table(s->guard)), /* guard.c before its parsers */
		NTATAG_UA(1),           /* 2xx repeated by the stack until ACK */
		NTATAG_SERVER_RPORT(2), /* every request asked for rport: RFC 3581; port 0
					   in Via aborted the process */
		NTATAG_RPORT(1), NTATAG_TCP_RPORT(1), /* ours too */
		NTATAG_MERGE_482(1), /* the same request by two ways (RFC 3261 8.2.2.2) */
		NTATAG_UDP_MTU(65535), /* keep the flow's transport, never jump to TCP */
		NTATAG_MAXSIZE(s->conf->limits.max_message), /* a 65 kB Contact ended in
								stack exhaustion */
		NTATAG_MAX_PROCEEDING(MAX_PROCEEDING), NTATAG_USE_NAPTR(0),
		NTATAG_USE_SRV(0), /* next hops are numeric; the stack never resolves */
		NTATAG_TIMER_C(185000), /* a little after our own set-up limit, which acts
					   first */
		NTATAG_CANCEL_487(0),   /* the call answers its INVITE itself */
		NTATAG_USE_TIMESTAMP(0),
		TPTAG_STUN_SERVER(1), /* that is stun_plug.c, not the stack's own code */
		TAG_END());
	if (!s->agent)
		return ENOMEM;

	s->dflt =
		nta_leg_tcreate(s->agent, on_default, s, NTATAG_NO_DIALOG(1), TAG_END());

	return s->dflt ? cv_sip_late_open(s) : ENOMEM;
}

/* "sip:SHOWN:PORT;maddr=BOUND;transport=udp": bound here, shown there. */
static int add_udp(struct cv_sip *s, size_t point, uint16_t port)
{
	const struct cv_point *p = &s->net->points[point];
	char shown[CV_ADDR_STRLEN], bound[CV_ADDR_STRLEN], ident[32],
		url[2 * CV_ADDR_STRLEN + 64];
	struct cv_addr a = p->advertise;

	a.port = port;
	(void)snprintf(ident, sizeof(ident), "%zu udp", point);
	(void)snprintf(url, sizeof(url), "sip:%s;maddr=%s;transport=udp",
		       cv_addr_print(&a, shown), cv_addr_print(&p->bind, bound));
	if (nta_agent_add_tport(s->agent, URL_STRING_MAKE(url), TPTAG_IDENT(ident),
				TPTAG_UDP_RMEM(SOCKET_BUFFER),
				TPTAG_UDP_WMEM(SOCKET_BUFFER), TPTAG_STUN_SERVER(1),
				TAG_END()) < 0)
		return su_errno() ? su_errno() : EADDRINUSE;

	return 0;
}

/* First listener of each point and transport: by it we open requests, and it stands in
 * our Contacts. */
static void index_tports(struct cv_sip *s)
{
	tport_t *tp = tport_primaries(nta_agent_tports(s->agent));

	for (; tp; tp = tport_next(tp)) {
		enum cv_transport t;
		uint8_t n;

		if (cv_sip_listener(tp, &n, &t))
			continue;
		if (!s->tports[n][t])
			s->tports[n][t] = tp;
	}
}

static int open_ports(struct cv_sip *s, size_t point, struct cv_buf *error)
{
	const struct cv_conf_listen *l = &s->conf->listens[s->net->points[point].conf];
	char host[CV_ADDR_STRLEN];

	for (size_t i = 0; i < l->udpc; ++i) {
		int err = add_udp(s, point, l->udp[i]);

		if (!err)
			continue;

		cv_conf_complain(
			error, l->pos, "[listen %s]: can't listen on udp %s port %u: %s",
			l->name, cv_addr_print(&s->net->points[point].bind, host),
			(unsigned)l->udp[i], strerror(err));
		return err;
	}

	return 0;
}

static int open_points(struct cv_sip *s, struct cv_buf *error)
{
	int err;

	for (size_t i = 0; i < s->net->pointc; ++i) {
		err = open_ports(s, i, error);
		if (!err)
			err = cv_sip_streams_open(s, i, CV_TRANSPORT_TCP, error);
		if (!err)
			err = cv_sip_streams_open(s, i, CV_TRANSPORT_TLS, error);
		if (err)
			return err;
	}

	index_tports(s);
	cv_sip_show(s);

	return 0;
}

/* The peers' from lists; their text was checked when the configuration was read. */
static int read_from(struct cv_sip *s, const struct cv_conf *conf)
{
	struct cv_alist **v = cv_mem_zalloc(conf->peerc + 1, sizeof(struct cv_alist *));
	const char *why;
	int err = v ? 0 : ENOMEM;

	for (size_t i = 0; !err && i < conf->peerc; ++i) {
		const struct cv_conf_list *from = &conf->peers[i].from;

		if (from->c > 0)
			err = cv_alist_new(&v[i]);
		for (size_t n = 0; !err && n < from->c; ++n)
			err = cv_alist_add(v[i], cv_str_of(from->v[n].text), &why);
	}

	for (size_t i = 0; i < s->fromc; ++i)
		cv_mem_unref(s->from[i]);
	free(s->from);
	s->from = v;
	s->fromc = v ? conf->peerc : 0;

	return err;
}

static int64_t count_legs(void *arg)
{
	const struct cv_sip *s = arg;
	int64_t n = 0;

	for (const struct cv_list *l = s->legs.next; l != &s->legs; l = l->next)
		++n;

	return n;
}

/* The stack's tables; its reference tags write an unsigned int. */
static int64_t count_in(void *arg)
{
	struct cv_sip *s = arg;
	usize_t n = 0;

	if (s->agent)
		nta_agent_get_stats(s->agent, NTATAG_S_IRQ_HASH_USED_REF(n), TAG_END());

	return n;
}

static int64_t count_out(void *arg)
{
	struct cv_sip *s = arg;
	usize_t n = 0;

	if (s->agent)
		nta_agent_get_stats(s->agent, NTATAG_S_ORQ_HASH_USED_REF(n), TAG_END());

	return n;
}

static void add_gauges(struct cv_sip *s)
{
	static const struct {
		const char *name;
		cv_gauge_fn *read;
	} rows[CV_SIP_GAUGES] = {
		{"legs", count_legs},
		{"transactions_in", count_in},
		{"transactions_out", count_out},
	};

	for (size_t i = 0; i < CV_SIP_GAUGES; ++i) {
		s->gauges[i].name = rows[i].name;
		s->gauges[i].read = rows[i].read;
		s->gauges[i].arg = s;
		cv_gauge_add(s->stats, &s->gauges[i]);
	}
}

static int open_binds(struct cv_sip *s, const struct cv_sip_env *env)
{
	struct cv_binds_env be = {
		.conf = env->conf,
		.loop = env->loop,
		.cmds = env->cmds,
		.stats = env->stats,
		.stat = env->stat,
		.ping = cv_sip_ping,
		.arg = s,
	};

	memcpy(be.key, env->key, sizeof(be.key));

	return cv_binds_new(&s->binds, &be);
}

static int open_route(struct cv_sip *s)
{
	struct cv_env env = {.routes = s->routes};

	return cv_route_add(&env, &s->route, &cv_sip_binding_route, s);
}

static int open_commands(struct cv_sip *s)
{
	if (!s->cmds)
		return 0;

	s->show_peers = (struct cv_cmd){
		.name = "show peers",
		.help = "peers: targets, hops and their health, calls, registration",
		.run = cv_sip_show_peers,
		.arg = s,
	};

	return cv_cmd_add(s->cmds, &s->show_peers);
}

int cv_sip_open(struct cv_sip **sp, const struct cv_sip_env *env, struct cv_buf *error)
{
	struct cv_sip *s;
	int err;

	if (!sp || !env || !error)
		return EINVAL;

	s = cv_mem_new(sizeof(*s), sip_fini);
	if (!s)
		return ENOMEM;

	s->conf = env->conf;
	s->net = env->net;
	s->loop = env->loop;
	s->door = env->door;
	s->root = cv_loop_native(env->loop);
	s->routes = env->routes;
	s->peers = env->peers;
	s->homes = env->homes;
	s->stat = env->stat;
	s->stats = env->stats;
	s->cmds = env->cmds;
	memcpy(s->key, env->key, sizeof(s->key));
	cv_list_init(&s->links);
	cv_list_init(&s->legs);
	cv_list_init(&s->pings);
	cv_list_init(&s->regs);
	cv_list_init(&s->trunks);
	cv_list_init(&s->probes);

	su_log_redirect(NULL, stack_log, NULL);
	cv_gate_here(s->door ? cv_door_gate(s->door) : NULL);
	err = read_from(s, env->conf);
	if (!err)
		err = cv_sip_guard_new(&s->guard);
	if (!err)
		cv_sip_guard_stat(s->guard, s->stat);
	if (!err)
		err = cv_sip_stun_plug();
	if (!err)
		err = open_binds(s, env);
	if (!err)
		err = open_agent(s);
	if (!err)
		err = open_points(s, error);
	if (!err)
		err = open_route(s);
	if (!err)
		err = open_commands(s);
	if (err) {
		cv_sip_close(s);
		cv_mem_unref(s);
		return err;
	}

	add_gauges(s);
	cv_sip_trunks_fill(s);
	cv_sip_health_open(s);
	*sp = s;

	return 0;
}

void cv_sip_calls(struct cv_sip *s, struct cv_calls *calls)
{
	s->calls = calls;
}

struct cv_binds *cv_sip_binds(struct cv_sip *s)
{
	return s->binds;
}

void cv_sip_conf(struct cv_sip *s, const struct cv_conf *conf, const struct cv_net *net)
{
	if (read_from(s, conf))
		cv_error("sip", "reload lost the peers' source lists err=%s",
			 strerror(ENOMEM));

	s->conf = conf;
	s->net = net;
	cv_binds_conf(s->binds, conf);
	cv_sip_trunks_conf(s);
}

void cv_sip_drain(struct cv_sip *s)
{
	s->draining = true;
	cv_sip_trunks_leave(s);
}

bool cv_sip_is_idle(const struct cv_sip *s)
{
	for (const struct cv_list *n = s->trunks.next; n != &s->trunks; n = n->next) {
		if (CV_CONTAINER(n, struct cv_sip_trunk, node)->reg)
			return false;
	}

	return true;
}

void cv_sip_close(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	for (size_t i = 0; i < CV_SIP_GAUGES; ++i)
		cv_gauge_del(&s->gauges[i]);

	s->route = cv_route_del(s->route);
	cv_cmd_del(&s->show_peers);
	cv_sip_health_close(s);
	cv_sip_trunks_close(s);
	cv_sip_keep_close(s);
	cv_sip_reg_close(s);
	CV_LIST_FOREACH (n, tmp, &s->legs) {
		struct cv_sip_leg *leg = CV_CONTAINER(n, struct cv_sip_leg, node);

		cv_sip_leg_close(leg);
	}

	s->binds = cv_mem_unref(s->binds);
	if (s->dflt)
		nta_leg_destroy(s->dflt);
	s->dflt = NULL;
	if (s->stray)
		nta_outgoing_destroy(s->stray);
	s->stray = NULL;
	if (s->agent)
		nta_agent_destroy(s->agent);
	s->agent = NULL;
	cv_gate_here(NULL);
}
