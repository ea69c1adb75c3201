/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer that answers a call with 3xx names other places for it. Where it says
 * so ([peer] redirect = follow) they are tried here, one after the other, in
 * the order of their q, and the caller sees the result only. Signalling thread.
 *
 * Who redirects decides who pays and where media goes, so it may send a call
 * only to its own domains and addresses, and where the routes let it call, as
 * if it called itself: an account of ours, or by a [route]. All other contacts
 * are left out (threats 18, 20). No place is tried twice; REDIRECTS_MAX bounds
 * all of them together, also those that a next place names.
 */
#include "config.h"

#include "call/redirect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "call/fan.h"

enum { REDIRECTS_MAX = 5 }; /* places of one call; rings of forwards end there */

/** A place, and the [peer] that named it. */
struct place {
	char *uri, *by; /* owned */
};

struct cv_redirect {
	struct place v[REDIRECTS_MAX];
	size_t c, next;
};

static void redirect_fini(void *obj)
{
	struct cv_redirect *r = obj;

	for (size_t i = 0; i < r->c; ++i) {
		free(r->v[i].uri);
		free(r->v[i].by);
	}
}

/* The [peer] that refused; NULL: none. */
static const char *refuser(const struct cv_call *call)
{
	const struct cv_leg *leg = call->party[CV_END_B].leg;

	return cv_fan_is(leg) ? cv_fan_peer(leg) : call->peer;
}

static bool follows(const struct cv_call *call)
{
	const struct cv_conf_peer *peer;
	const char *name = refuser(call);

	peer = name ? cv_conf_peer_find(call->calls->env.conf, cv_str_of(name)) : NULL;

	return peer && peer->redirect == CV_REDIRECT_FOLLOW;
}

static bool is_redirection(const struct cv_msg *m)
{
	return m->status >= 300 && m->status < 400;
}

static void note(const struct cv_call *call, const char *what, const char *uri,
		 const char *why)
{
	cv_evid_add(call->evid, "redirect", what, "%s: %s", uri, why);
}

static bool is_named(const struct cv_redirect *r, struct cv_str uri)
{
	for (size_t i = 0; i < r->c; ++i) {
		if (cv_str_eq(uri, cv_str_of(r->v[i].uri)))
			return true;
	}

	return false;
}

/* One contact of a 3xx, in order. */
static void add(void *arg, struct cv_str uri)
{
	struct cv_call *call = arg;
	struct cv_redirect *r = call->redirect;
	struct place p = {.uri = cv_str_dup(uri), .by = cv_mem_strdup(refuser(call))};

	if (p.uri && p.by && r->c < REDIRECTS_MAX && !is_named(r, uri)) {
		r->v[r->c++] = p;
		return;
	}

	if (p.uri)
		note(call, "left out", p.uri,
		     r->c < REDIRECTS_MAX ? "named before" : "too many places");
	free(p.uri);
	free(p.by);
}

static void collect(const struct cv_pair *p, const struct cv_msg *m)
{
	const struct cv_leg *leg = p->in->leg; /* B's may be a fan */
	struct cv_call *call = p->call;

	if (!call->redirect)
		call->redirect = cv_mem_new(sizeof(*call->redirect), redirect_fini);
	if (call->redirect && leg && leg->ops->contacts)
		leg->ops->contacts(m, add, call);
}

struct attempt {
	struct cv_pair *p;
	const struct place *to;
};

static int attempt(void *arg, const struct cv_request *rq, bool own)
{
	const struct attempt *a = arg;

	return cv_call_again(a->p, rq, own ? a->to->by : NULL);
}

static int try(struct cv_pair *p, const struct place *to)
{
	const struct cv_leg *leg = p->in->leg;
	struct attempt a = {.p = p, .to = to};

	if (!leg || !leg->ops->redirected)
		return ESTALE;

	return leg->ops->redirected(p->in, cv_str_of(to->uri), to->by, attempt, &a);
}

bool cv_redirect_goes_on(struct cv_pair *p, const struct cv_msg *m)
{
	struct cv_call *call = p->call;
	struct cv_redirect *r;

	if (is_redirection(m) && follows(call))
		collect(p, m);

	r = call->redirect;
	if (!r || m->status == 401 || m->status == 407 || m->status >= 600)
		return false;

	while (r->next < r->c) {
		const struct place *to = &r->v[r->next++];
		int err = try(p, to);

		note(call, err ? "left out" : "followed", to->uri,
		     err ? cv_call_refusal_name(err) : "the next place of this call");
		if (!err)
			return true;
	}

	return false;
}

struct cv_msg cv_redirect_last(const struct cv_call *call, const struct cv_msg *m)
{
	const struct cv_msg nowhere = {.method = CV_METHOD_INVITE, .status = 480};

	return call->redirect && is_redirection(m) ? nowhere : *m;
}
