/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The route named "binding": from a Request-URI to a registered phone, by the
 * token of our Contact or by the AOR of an account of ours. Signalling thread.
 *
 * A token speaks only from a peer: the registrar is shown it, nobody else. A
 * phone or stranger that uses one has seen what it should not.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sip/reg_int.h"

static bool is_reachable(const struct cv_binding *b)
{
	return b->confirmed && cv_sip_link_is_alive(b->link);
}

static void aim(const struct cv_binding *b, const char *how, struct cv_target *to)
{
	to->kind = CV_TARGET_BINDING;
	to->binding = b->id;
	to->hop = b->flow.seen;
	to->transport = b->flow.transport;
	to->place = b->place;
	(void)snprintf(to->why, sizeof(to->why),
		       "binding: %s names the registration of %s", how, b->aor);
}

/* ENOENT: the user part is no token. */
static int by_token(struct cv_sip *s, const struct cv_request *rq, struct cv_target *to)
{
	struct cv_binding *b = NULL;
	int err;

	err = cv_bind_by_token(s->binds, &b, rq->ruri_user);
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
		return ESTALE;
	}

	if (!err)
		aim(b, "the contact token", to);

	return err;
}

/* The newest that answers pings; else the newest that can be sent to at all. */
static struct cv_binding *best_of(struct cv_sip *s, const char *aor)
{
	struct cv_binding *b = NULL, *first = NULL;

	while ((b = cv_bind_by_aor(s->binds, cv_str_of(aor), b))) {
		if (b->home || !is_reachable(b))
			continue;

		if (!b->flow_dead)
			return b;

		first = first ? first : b;
	}

	return first;
}

/* ENOENT: no account of ours; EHOSTUNREACH: one without a phone. */
static int by_account(struct cv_sip *s, const struct cv_request *rq, struct cv_target *to)
{
	struct cv_str host = rq->ruri_ours ? CV_STR_NULL : rq->ruri_host;
	char user[CV_BIND_CONTACT], aor[CV_BIND_CONTACT];
	struct cv_binding *b;
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

	b = best_of(s, aor);
	if (!b)
		return EHOSTUNREACH;

	aim(b, "the address of an account", to);

	return 0;
}

static int pick(void *arg, const struct cv_request *rq, struct cv_target *to)
{
	int err = by_token(arg, rq, to);

	return err == ENOENT ? by_account(arg, rq, to) : err;
}

const struct cv_route_ops cv_sip_binding_route = {
	.name = "binding",
	.pick = pick,
};
