/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which [peer] a request goes to: the [route] sections, then what follows from
 * who asks and for which domain. Signalling thread.
 *
 * Strangers see no [route]: they reach a peer only by its domain, only when
 * [general] strangers = pass, and never a trunk or a telephone number (threats
 * 20), for that peer and nobody else is to challenge them.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "call/route.h"
#include "conf/opts.h"
#include "module.h"

enum {
	USER_MAX = 127, /* longest user a [route] looks at and the target can hold */
	RULES_MAX = 1000,
	PEERS_MAX = 1000,
};

enum source { SOURCE_ANY = 0, SOURCE_PHONES, SOURCE_PEER };

/** One [route]. */
struct rule {
	char *name;
	enum source source;
	char *from; /* name of the peer when source is PEER */
	bool has_to;
	regex_t to;
	char *to_text;
	char *method; /* NULL: any */
	char **peers; /* in the order in which to try them; NULL: user rings */
	size_t peerc;
	char *user;   /* account of ours; NULL: to peer */
	char *prefix; /* NULL: none */
	size_t strip;
};

/** One [peer] as far as routing goes. */
struct peer {
	char *name;
	char *domains; /* as written, separated by commas; NULL: none */
	bool trunk;    /* register = yes, or it knows us by username: we are its customer
			*/
};

/** All that was read; replaced as a whole. */
struct table {
	struct rule *rules;
	size_t rulec;
	struct peer *peers;
	size_t peerc;
	bool strangers_pass;
};

struct route_peer {
	struct cv_route *reg;
	struct cv_routes *routes; /* asked again for a rule that rings a user */
	bool inside;              /* it is being asked */
	struct table *table;
};

static void table_fini(void *obj)
{
	struct table *t = obj;

	for (size_t i = 0; i < t->rulec; ++i) {
		struct rule *r = &t->rules[i];

		if (r->has_to)
			regfree(&r->to);

		free(r->name);
		free(r->from);
		free(r->to_text);
		free(r->method);
		for (size_t j = 0; j < r->peerc; ++j)
			free(r->peers[j]);
		free(r->peers);
		free(r->user);
		free(r->prefix);
	}

	for (size_t i = 0; i < t->peerc; ++i) {
		free(t->peers[i].name);
		free(t->peers[i].domains);
	}

	free(t->rules);
	free(t->peers);
}

/* Copies a text that may be absent. */
static int keep(char **to, const char *text)
{
	if (!text)
		return 0;

	*to = cv_mem_strdup(text);

	return *to ? 0 : ENOMEM;
}

static bool is_yes(const char *value)
{
	return value && strcmp(value, "yes") == 0;
}

static const struct peer *peer_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->peerc; ++i) {
		if (strcmp(t->peers[i].name, name) == 0)
			return &t->peers[i];
	}

	return NULL;
}

static int peer_read(struct table *t, const struct cv_opts_sec *s)
{
	struct peer *p = &t->peers[t->peerc++];
	int err;

	err = keep(&p->name, cv_opts_name(s));
	if (err)
		return err;

	p->trunk = is_yes(cv_opts_get(s, "register")) || cv_opts_get(s, "username");

	return keep(&p->domains, cv_opts_get(s, "domains"));
}

static int from_read(struct rule *r, const struct cv_opts_sec *s)
{
	const char *from = cv_opts_get(s, "from");

	if (!from || strcmp(from, "any") == 0)
		return 0;

	if (strcmp(from, "phones") == 0) {
		r->source = SOURCE_PHONES;
		return 0;
	}

	if (strncmp(from, "peer:", 5) != 0) {
		cv_opts_complain(s, "from", "from is phones, peer:NAME or any");
		return EINVAL;
	}

	r->source = SOURCE_PEER;

	return keep(&r->from, from + 5);
}

static int to_read(struct rule *r, const struct cv_opts_sec *s)
{
	const char *to = cv_opts_get(s, "to");
	char text[128];
	int code;

	if (!to)
		return 0;

	code = regcomp(&r->to, to, REG_EXTENDED | REG_NOSUB);
	if (code) {
		(void)regerror(code, &r->to, text, sizeof(text));
		cv_opts_complain(s, "to", "%s: %s", to, text);
		return code == REG_ESPACE ? ENOMEM : EINVAL;
	}

	r->has_to = true;

	return keep(&r->to_text, to);
}

static int peers_read(struct rule *r, const struct table *t, const struct cv_opts_sec *s)
{
	struct cv_str rest = cv_str_of(cv_opts_get(s, "peer")), name;

	r->peers = cv_mem_zalloc(CV_TARGETS, sizeof(*r->peers));
	if (!r->peers)
		return ENOMEM;

	while (cv_str_next(&rest, ',', &name)) {
		name = cv_str_trim(name);
		if (name.len == 0)
			continue;

		if (r->peerc == CV_TARGETS) {
			cv_opts_complain(s, "peer", "more than %d peers", CV_TARGETS);
			return EINVAL;
		}

		r->peers[r->peerc] = cv_str_dup(name);
		if (!r->peers[r->peerc])
			return ENOMEM;

		if (!peer_find(t, r->peers[r->peerc++])) {
			cv_opts_complain(s, "peer", "there is no [peer " CV_STR_FMT "]",
					 CV_STR_ARG(name));
			return EINVAL;
		}
	}

	return 0;
}

static int target_read(struct rule *r, const struct table *t, const struct cv_opts_sec *s)
{
	int err;

	if (cv_opts_get(s, "user"))
		return keep(&r->user, cv_opts_get(s, "user"));

	err = peers_read(r, t, s);
	if (!err && r->peerc == 0) {
		cv_opts_complain(s, "peer", "[route %s] needs peer or user",
				 cv_opts_name(s));
		err = EINVAL;
	}

	return err;
}

static int change_read(struct rule *r, const struct cv_opts_sec *s)
{
	const char *strip = cv_opts_get(s, "strip");
	const char *prefix = cv_opts_get(s, "prefix");
	uint64_t n = 0;

	if (strip && cv_str_u64(&n, cv_str_of(strip), USER_MAX) != 0) {
		cv_opts_complain(s, "strip", "strip is a number up to %d", USER_MAX);
		return EINVAL;
	}

	if (prefix && strlen(prefix) > USER_MAX) {
		cv_opts_complain(s, "prefix", "prefix is longer than %d", USER_MAX);
		return EINVAL;
	}

	r->strip = (size_t)n;

	return prefix && *prefix ? keep(&r->prefix, prefix) : 0;
}

static int rule_read(struct table *t, const struct cv_opts_sec *s)
{
	struct rule *r = &t->rules[t->rulec++];
	int err;

	err = keep(&r->name, cv_opts_name(s));
	if (!err)
		err = from_read(r, s);

	if (!err)
		err = to_read(r, s);

	if (!err)
		err = keep(&r->method, cv_opts_get(s, "method"));

	if (!err)
		err = target_read(r, t, s);

	return err ? err : change_read(r, s);
}

static size_t count(const struct cv_opts *o, const char *kind)
{
	const struct cv_opts_sec *s = NULL;
	size_t n = 0;

	while ((s = cv_opts_next(o, kind, s)))
		++n;

	return n;
}

static int sections_read(struct table *t, const struct cv_opts *o)
{
	const struct cv_opts_sec *s = cv_opts_next(o, "general", NULL);
	const char *strangers = s ? cv_opts_get(s, "strangers") : NULL;
	size_t peers = count(o, "peer"), rules = count(o, "route");
	int err;

	if (peers > PEERS_MAX || rules > RULES_MAX)
		return E2BIG;

	t->strangers_pass = strangers && strcmp(strangers, "pass") == 0;
	t->peers = cv_mem_zalloc(peers + 1, sizeof(*t->peers));
	t->rules = cv_mem_zalloc(rules + 1, sizeof(*t->rules));
	if (!t->peers || !t->rules)
		return ENOMEM;

	for (s = NULL; (s = cv_opts_next(o, "peer", s));) {
		err = peer_read(t, s);
		if (err)
			return err;
	}

	for (s = NULL; (s = cv_opts_next(o, "route", s));) {
		err = rule_read(t, s);
		if (err)
			return err;
	}

	return 0;
}

static bool comes_from(const struct rule *r, const struct cv_request *rq)
{
	switch (r->source) {
	case SOURCE_ANY:
		break;
	case SOURCE_PHONES:
		return rq->who == CV_WHO_PHONE;
	case SOURCE_PEER:
		return rq->who == CV_WHO_PEER && rq->peer &&
		       strcmp(rq->peer, r->from) == 0;
	}

	return true;
}

static bool rule_matches(const struct rule *r, const struct cv_request *rq)
{
	char user[USER_MAX + 1];

	if (!comes_from(r, rq))
		return false;

	if (r->method && strcasecmp(r->method, cv_method_name(rq->method)) != 0)
		return false;

	/* a bounded subject: the expression can't be made to work for long */
	if (rq->ruri_user.len > USER_MAX)
		return !r->has_to && r->strip == 0 && !r->prefix;

	if (rq->ruri_user.len < r->strip)
		return false;

	if (!r->has_to)
		return true;

	(void)snprintf(user, sizeof(user), CV_STR_FMT, CV_STR_ARG(rq->ruri_user));

	return regexec(&r->to, user, 0, NULL, 0) == 0;
}

/* The user as the rule changes it. EINVAL: too long. */
static int change(const struct rule *r, const struct cv_request *rq, struct cv_target *to)
{
	struct cv_str rest = cv_str_from(rq->ruri_user, r->strip);
	int n;

	to->user_changed = r->strip > 0 || r->prefix;
	if (!to->user_changed)
		return 0;

	n = snprintf(to->user, sizeof(to->user), "%s" CV_STR_FMT,
		     r->prefix ? r->prefix : "", CV_STR_ARG(rest));

	return n < 0 || (size_t)n >= sizeof(to->user) ? EINVAL : 0;
}

static int rule_take(const struct rule *r, const struct cv_request *rq,
		     struct cv_targets *to)
{
	int err = 0;

	for (size_t i = 0; i < r->peerc && !err; ++i) {
		struct cv_target *t = cv_targets_add(to);

		t->kind = CV_TARGET_PEER;
		t->turn = (uint8_t)i;
		t->peer = r->peers[i];
		err = change(r, rq, t);
		(void)snprintf(t->why, sizeof(t->why),
			       "[route %s]%s%.40s; strip %zu, prefix \"%.20s\"", r->name,
			       r->has_to ? ": the user matches " : "",
			       r->has_to ? r->to_text : "", r->strip,
			       r->prefix ? r->prefix : "");
	}

	return err;
}

/* The phones of an account, found as if its address had been called. */
static int rule_ring(struct route_peer *m, const struct rule *r,
		     const struct cv_request *rq, struct cv_targets *to)
{
	struct cv_request asked = *rq;
	int err;

	asked.ruri_user = cv_str_of(r->user);
	asked.ruri_host = CV_STR_NULL;
	asked.ruri_ours = true;
	m->inside = true;
	err = cv_routes_pick(m->routes, &asked, to);
	m->inside = false;
	for (size_t i = 0; i < to->c; ++i)
		(void)snprintf(to->v[i].why, sizeof(to->v[i].why),
			       "[route %.40s] rings %.60s", r->name, r->user);

	return err;
}

static bool serves(const struct peer *p, struct cv_str host)
{
	struct cv_str rest = cv_str_of(p->domains), domain;

	while (cv_str_next(&rest, ',', &domain)) {
		if (host.len > 0 && cv_str_ieq(cv_str_trim(domain), host))
			return true;
	}

	return false;
}

static int peer_take(const struct peer *p, struct cv_targets *to, const char *why)
{
	struct cv_target *t = p ? cv_targets_add(to) : NULL;

	if (!t)
		return ENOENT;

	t->kind = CV_TARGET_PEER;
	t->peer = p->name;
	(void)snprintf(t->why, sizeof(t->why), "%s", why);

	return 0;
}

/* The one peer that isn't a trunk; NULL when there are none or several. */
static const struct peer *only_peer(const struct table *t)
{
	const struct peer *only = NULL;

	for (size_t i = 0; i < t->peerc; ++i) {
		if (t->peers[i].trunk)
			continue;

		if (only)
			return NULL;

		only = &t->peers[i];
	}

	return only;
}

static int for_phone(const struct table *t, const struct cv_request *rq,
		     struct cv_targets *to)
{
	for (size_t i = 0; i < t->peerc; ++i) {
		if (serves(&t->peers[i], rq->ruri_host))
			return peer_take(&t->peers[i], to,
					 "the Request-URI's host is in its domains");
	}

	if (!rq->ruri_ours)
		return ENOENT;

	if (rq->home_peer)
		return peer_take(peer_find(t, rq->home_peer), to,
				 "the phone is registered there and asked us by name or "
				 "address");

	return peer_take(only_peer(t), to, "it is the only peer");
}

/* One character of a user, %HH taken for what it stands for. */
static int char_of(struct cv_str s, size_t *at)
{
	char hex[3] = {0};

	if (s.p[*at] != '%' || s.len - *at < 3 ||
	    !isxdigit((unsigned char)s.p[*at + 1]) ||
	    !isxdigit((unsigned char)s.p[*at + 2]))
		return (unsigned char)s.p[(*at)++];

	memcpy(hex, s.p + *at + 1, 2);
	*at += 3;

	return (int)strtol(hex, NULL, 16);
}

/* Digits and what people write between them; parameters of the user don't count. */
static bool is_number(struct cv_str user)
{
	for (size_t at = 0; at < user.len;) {
		int c = char_of(user, &at);

		if (c == ';' || c == ':')
			return true;

		if (c == 0 || !strchr("0123456789+*#-.() ", c))
			return false;
	}

	return user.len > 0;
}

static bool is_phone_uri(struct cv_str uri)
{
	struct cv_str part;

	if (cv_str_istarts(uri, CV_STR("tel:")))
		return true;

	while (cv_str_next(&uri, ';', &part)) {
		if (cv_str_istarts(part, CV_STR("user=phone")))
			return true;
	}

	return false;
}

static int for_stranger(const struct table *t, const struct cv_request *rq,
			struct cv_targets *to)
{
	if (!t->strangers_pass || is_number(rq->ruri_user) || is_phone_uri(rq->ruri))
		return EACCES;

	for (size_t i = 0; i < t->peerc; ++i) {
		if (!t->peers[i].trunk && serves(&t->peers[i], rq->ruri_host))
			return peer_take(
				&t->peers[i], to,
				"a stranger's request for a domain it serves; it "
				"is to challenge");
	}

	return EACCES;
}

static int pick(void *arg, const struct cv_request *rq, struct cv_targets *to)
{
	struct route_peer *m = arg;
	const struct table *t = m->table;

	/* a token of ours that no binding took is forged or gone: nobody's request */
	if (rq->ruri_token || m->inside)
		return ENOENT;

	if (rq->who == CV_WHO_STRANGER)
		return for_stranger(t, rq, to);

	for (size_t i = 0; i < t->rulec; ++i) {
		const struct rule *r = &t->rules[i];

		if (rule_matches(r, rq))
			return r->user ? rule_ring(m, r, rq, to) : rule_take(r, rq, to);
	}

	return rq->who == CV_WHO_PHONE ? for_phone(t, rq, to) : ENOENT;
}

static const struct cv_route_ops route_ops = {
	.name = "peer",
	.pick = pick,
};

static int conf(void *mod, const struct cv_opts *opts)
{
	struct route_peer *m = mod;
	struct table *t;
	int err;

	t = cv_mem_new(sizeof(*t), table_fini);
	if (!t)
		return ENOMEM;

	err = sections_read(t, opts);
	if (err)
		cv_mem_unref(t);
	else
		m->table = t;

	return err;
}

static int start(void *mod, struct cv_env *env)
{
	struct route_peer *m = mod;

	m->routes = env->routes;

	return cv_route_add(env, &m->reg, &route_ops, m);
}

static int adopt(void *mod, void *fresh)
{
	struct route_peer *m = mod, *f = fresh;
	struct table *old = m->table;

	m->table = f->table;
	f->table = old; /* its end is that of the second state */

	return 0;
}

static void stop(void *mod)
{
	struct route_peer *m = mod;

	m->reg = cv_route_del(m->reg);
	m->table = cv_mem_unref(m->table);
}

const struct cv_module cv_module_route_peer = {
	.name = "route_peer",
	.abi = CV_MODULE_ABI,
	.size = sizeof(struct route_peer),
	.conf = conf,
	.start = start,
	.adopt = adopt,
	.stop = stop,
};
