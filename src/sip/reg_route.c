/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The route named "binding": from a Request-URI to registered phones, to the one
 * of the token in our Contact or Path or to all of the AOR of an account of ours.
 * Signalling thread.
 *
 * A token speaks only from a peer: the registrar is shown it, nobody else. A
 * phone or stranger that uses one has seen what it should not.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sip/alg_int.h"

static bool is_reachable(const struct cv_binding *b)
{
	return b->confirmed && cv_sip_link_is_alive(b->link);
}

enum { Q_ONE = 1000 }; /* q=1, which is also what no q says */

/* Preference of a Contact in thousandths (RFC 3261 25.1). */
static unsigned q_of(const struct cv_binding *b)
{
	struct cv_str rest = cv_str_of(b->params), param;
	char text[8];

	while (cv_str_next(&rest, ';', &param)) {
		param = cv_str_trim(param);
		if (!cv_str_istarts(param, CV_STR("q=")))
			continue;

		(void)snprintf(text, sizeof(text), CV_STR_FMT,
			       CV_STR_ARG(cv_str_from(param, 2)));
		return sip_q_value(text);
	}

	return Q_ONE;
}

static void aim(const struct cv_request *rq, const struct cv_binding *b, const char *how,
		struct cv_target *to)
{
	cv_sip_alg_tell(b, rq->evid);
	to->kind = CV_TARGET_BINDING;
	to->binding = b->id;
	to->hop = b->flow.seen;
	to->transport = b->flow.transport;
	to->place = b->place;
	(void)snprintf(to->why, sizeof(to->why),
		       "binding: %s names the registration of %s", how, b->aor);
}

/* ENOENT: neither the Route nor the user part is a token. ENOLINK: RFC 5626 5.3.1 has a
 * word of its own for a Path whose flow is gone. */
static int by_token(struct cv_sip *s, const struct cv_request *rq, struct cv_targets *to)
{
	struct cv_binding *b = NULL;
	bool routed = true;
	int err;

	err = cv_bind_by_token(s->binds, &b, rq->flow_token);
	if (err == ENOENT) {
		routed = false;
		err = cv_bind_by_token(s->binds, &b, rq->ruri_user);
	}
	if (err == ENOENT)
		return ENOENT;

	if (err == EBADMSG) {
		cv_stat_add(s->stat, CV_STAT_tokens_bad, 1);
		return EACCES;
	}

	if (rq->who != CV_WHO_PEER)
		return EACCES;

	if (err == ESTALE || (!err && !is_reachable(b))) {
		cv_stat_add(s->stat, CV_STAT_tokens_gone, 1);
		return routed ? ENOLINK : ESTALE;
	}

	if (!err)
		aim(rq, b, routed ? "the token of our Path" : "the contact token",
		    cv_targets_add(to));

	return err;
}

/* A phone of the account that can be sent to; nobody rings himself. */
static bool is_asked(const struct cv_binding *b, const struct cv_request *rq,
		     bool flow_dead)
{
	return !b->home && is_reachable(b) && b->id != rq->binding &&
	       b->flow_dead == flow_dead;
}

/* Sorts them in: those preferred first, the newest first among equals. */
static void put(struct cv_binding **v, size_t *c, struct cv_binding *b)
{
	size_t i = *c;

	if (i == CV_TARGETS && q_of(v[i - 1]) >= q_of(b))
		return;

	if (i == CV_TARGETS)
		--i;
	else
		++*c;

	for (; i > 0 && q_of(v[i - 1]) < q_of(b); --i)
		v[i] = v[i - 1];

	v[i] = b;
}

/* All phones of an account that answer pings; else those that can be sent to at all. */
static void all_of(struct cv_sip *s, const char *aor, const struct cv_request *rq,
		   struct cv_targets *to)
{
	struct cv_binding *v[CV_TARGETS], *b = NULL;
	size_t c = 0;

	for (unsigned dead = 0; dead < 2 && c == 0; ++dead) {
		while ((b = cv_bind_by_aor(s->binds, cv_str_of(aor), b))) {
			if (is_asked(b, rq, dead == 1))
				put(v, &c, b);
		}
	}

	for (size_t i = 0; i < c; ++i) {
		struct cv_target *t = cv_targets_add(to);

		aim(rq, v[i], "the address of an account", t);
		if (i > 0)
			t->turn = (uint8_t)(t[-1].turn + (q_of(v[i]) < q_of(v[i - 1])));
	}
}

/* ENOENT: no account of ours; EHOSTUNREACH: one without a phone. */
static int by_account(struct cv_sip *s, const struct cv_request *rq,
		      struct cv_targets *to)
{
	struct cv_str host = rq->ruri_ours ? CV_STR_NULL : rq->ruri_host;
	char user[CV_BIND_CONTACT], aor[CV_BIND_CONTACT];
	int err;

	if (cv_str_is_empty(rq->ruri_user) || rq->ruri_user.len >= sizeof(user))
		return ENOENT;

	memcpy(user, rq->ruri_user.p, rq->ruri_user.len);
	user[rq->ruri_user.len] = '\0';
	if (strstr(user, "%00")) /* no user of ours; what follows would be lost */
		return ENOENT;

	url_unescape(user, user);
	err = cv_homes_aor(s->homes, cv_str_of(user), host, aor, sizeof(aor));
	if (err)
		return ENOENT;

	if (rq->who == CV_WHO_STRANGER && s->conf->general.strangers != CV_STRANGERS_PASS)
		return EACCES;

	all_of(s, aor, rq, to);

	return to->c > 0 ? 0 : EHOSTUNREACH;
}

static int pick(void *arg, const struct cv_request *rq, struct cv_targets *to)
{
	int err = by_token(arg, rq, to);

	return err == ENOENT ? by_account(arg, rq, to) : err;
}

const struct cv_route_ops cv_sip_binding_route = {
	.name = "binding",
	.pick = pick,
};
