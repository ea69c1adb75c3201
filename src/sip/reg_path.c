/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * By what a registrar upstream finds its way back to a phone: a Contact of ours
 * with the phone's token, or the phone's own Contact and a Path (RFC 3327) with
 * that token (CG-11). Signalling thread.
 *
 * With contact = auto of a [peer] a phone that knows Path asks for both: a
 * Contact of ours, which works whatever the registrar does, and a Path. A 200
 * that shows the Path again says that the registrar keeps it, and phones that
 * register from then on go up as they are, with a Path. A 420 for it is answered
 * by the same REGISTER without, and remembered. A registration keeps its form,
 * or the registrar would hold it twice.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/reg_int.h"

/** What the registrar of a peer does with Path. */
enum taking { UNTRIED = 0, TAKEN, IGNORED, REFUSED };

/** One peer of which something is known. In sip->paths, which holds the reference. */
struct path {
	char *peer; /* owned */
	enum taking taking;
	struct cv_list node;
};

static void path_fini(void *obj)
{
	struct path *p = obj;

	cv_list_del(&p->node);
	free(p->peer);
}

static struct path *path_find(const struct cv_sip *s, const char *peer)
{
	for (const struct cv_list *n = s->paths.next; n != &s->paths; n = n->next) {
		struct path *p = CV_CONTAINER(n, struct path, node);

		if (strcmp(p->peer, peer) == 0)
			return p;
	}

	return NULL;
}

static const char *taking_name(enum taking t)
{
	switch (t) {
	case UNTRIED:
		return "untried";
	case TAKEN:
		return "taken";
	case IGNORED:
		return "ignored";
	case REFUSED:
		return "refused";
	}

	return "?";
}

static enum taking taking_of(const struct cv_sip *s, const char *peer)
{
	const struct path *p = path_find(s, peer);

	return p ? p->taking : UNTRIED;
}

/* Without memory it is learned again by the next one. */
static void learn(struct cv_sip *s, const char *peer, enum taking t)
{
	struct path *p = path_find(s, peer);

	if (!p) {
		p = cv_mem_new(sizeof(*p), path_fini);
		if (!p)
			return;

		p->peer = cv_mem_strdup(peer);
		if (!p->peer) {
			cv_mem_unref(p);
			return;
		}
		cv_list_add(&s->paths, &p->node);
	}

	if (p->taking != t)
		cv_info("sip", "path peer=%s registrar=%s", peer, taking_name(t));
	p->taking = t;
}

const char *cv_reg_path_name(const struct cv_sip *s, const char *peer)
{
	return taking_name(taking_of(s, peer));
}

void cv_reg_path_close(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->paths) {
		cv_mem_unref(CV_CONTAINER(n, struct path, node));
	}
}

struct cv_binding *cv_reg_binding(const struct cv_reg *r, size_t i)
{
	return r->v[i].binding ? cv_bind_by_id(r->sip->binds, r->v[i].binding) : NULL;
}

/* Form */

static bool knows_path(const sip_t *sip)
{
	return sip_has_feature(sip->sip_supported, "path");
}

/* Two homes may use one private address: upstream they would be one. */
static bool is_shared(const struct cv_reg *r, const struct cv_binding *b)
{
	struct cv_binding *o = NULL;

	while ((o = cv_bind_by_aor(r->sip->binds, cv_str_of(b->aor), o))) {
		if (o != b && strcmp(o->contact, b->contact) == 0)
			return true;
	}

	return false;
}

/* Contacts that are to stand: one Path goes for all of them. */
static size_t standing(const struct cv_reg *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->c; ++i)
		n += r->v[i].expires_s > 0;

	return n;
}

/* One that registers now for the first time. */
static enum cv_bind_form form_of_new(const struct cv_reg *r, const struct cv_binding *b,
				     const struct cv_conf_peer *peer, const sip_t *sip)
{
	enum taking t = taking_of(r->sip, peer->name);

	if (peer->contact == CV_CONTACT_REWRITE || t == REFUSED)
		return CV_BIND_ALIAS;
	if (peer->contact == CV_CONTACT_PATH)
		return CV_BIND_PATH;
	if (t == IGNORED || is_shared(r, b))
		return CV_BIND_ALIAS;
	if (t == TAKEN)
		return CV_BIND_PATH;

	return knows_path(sip) ? CV_BIND_BOTH : CV_BIND_ALIAS;
}

static enum cv_bind_form form_of(const struct cv_reg *r, const struct cv_binding *b,
				 const struct cv_conf_peer *peer, const sip_t *sip)
{
	enum taking t = taking_of(r->sip, peer->name);

	if (standing(r) > 1)
		return CV_BIND_ALIAS;
	if (!b->shown || !b->confirmed)
		return form_of_new(r, b, peer, sip);
	if (t == REFUSED || (t == IGNORED && b->form == CV_BIND_BOTH))
		return CV_BIND_ALIAS;

	return b->form;
}

/* What goes up */

/* A Contact's parameters as the registrar may see them: without what only holds between
 * the phone and us (RFC 5626). */
static char *params_upstream(su_home_t *home, const char *params)
{
	struct cv_str rest = cv_str_of(params), one;
	char *text = su_strdup(home, "");

	while (text && cv_str_next(&rest, ';', &one)) {
		if (cv_str_is_empty(one) || cv_str_istarts(one, CV_STR("reg-id")) ||
		    cv_str_ieq(one, CV_STR("ob")))
			continue;

		text = su_sprintf(home, "%s;" CV_STR_FMT, text, CV_STR_ARG(one));
	}

	return text;
}

static int add_path(struct cv_reg *r, msg_t *m, const char *alias)
{
	su_home_t *home = msg_home(m);
	char *text = su_sprintf(home, "<%s;lr>", alias);

	if (!text || sip_add_tl(m, sip_object(m), SIPTAG_PATH_STR(text), TAG_END()) < 0 ||
	    sip_add_make(m, sip_object(m), sip_supported_class, "path") < 0)
		return ENOMEM;

	r->pathed = true;

	return 0;
}

static int add_contact(struct cv_reg *r, msg_t *m, size_t i, const sip_t *sip,
		       const struct cv_target *to)
{
	const struct cv_conf_peer *peer =
		cv_conf_peer_find(r->sip->conf, cv_str_of(to->peer));
	const struct cv_reg_contact *v = &r->v[i];
	struct cv_binding *b = cv_reg_binding(r, i);
	su_home_t *home = msg_home(m);
	char *alias, *params, *text;
	const char *uri;
	enum cv_bind_form form;
	char expires[24] = "";

	if (!b || !peer)
		return ENOMEM;

	form = form_of(r, b, peer, sip);
	alias = cv_sip_contact_uri(r->sip, home, b->token, to->place.listen,
				   to->transport);
	uri = form == CV_BIND_PATH ? v->uri : alias;
	params = params_upstream(home, v->params);
	if (v->has_expires)
		(void)snprintf(expires, sizeof(expires), ";expires=%" PRIu32,
			       v->expires_s);

	text = uri && params ? su_sprintf(home, "<%s>%s%s", uri, params, expires) : NULL;
	if (!text || !alias ||
	    sip_add_make(m, sip_object(m), sip_contact_class, text) < 0 ||
	    cv_bind_shown(b, uri, form))
		return ENOMEM;

	r->by_path = r->by_path || form != CV_BIND_ALIAS;
	if (form == CV_BIND_ALIAS || v->expires_s == 0)
		return 0;

	return add_path(r, m, alias);
}

int cv_reg_add_contacts(struct cv_reg *r, msg_t *m, const sip_t *sip,
			const struct cv_target *to)
{
	r->pathed = r->by_path = false;
	if (r->star)
		return sip_add_tl(m, sip_object(m), SIPTAG_CONTACT_STR("*"), TAG_END()) <
				       0
			       ? ENOMEM
			       : 0;

	for (size_t i = 0; i < r->c; ++i) {
		int err = add_contact(r, m, i, sip, to);

		if (err)
			return err;
	}

	return 0;
}

/* What came back */

/* The Path we sent is in the answer (RFC 3327 5.3). */
static bool is_shown(const struct cv_reg *r, const sip_t *sip)
{
	for (const sip_path_t *p = sip->sip_path; p; p = p->r_next) {
		struct cv_binding *b = NULL;

		if (p->r_url->url_user &&
		    cv_bind_by_token(r->sip->binds, &b, cv_str_of(p->r_url->url_user)) ==
			    0)
			return true;
	}

	return false;
}

bool cv_reg_path_answered(struct cv_reg *r, const char *peer, int status,
			  const sip_t *sip)
{
	const struct cv_conf_peer *p = cv_conf_peer_find(r->sip->conf, cv_str_of(peer));

	if (!r->pathed || !sip)
		return false;

	if (status == 420 && sip_has_feature(sip->sip_unsupported, "path")) {
		learn(r->sip, peer, REFUSED);
		cv_evid_add(r->evid, "way back", "rewrite",
			    "peer %s answered 420 to Path; asked again without", peer);
		return true;
	}
	if (status >= 300 || r->star)
		return false;

	learn(r->sip, peer, is_shown(r, sip) ? TAKEN : IGNORED);
	cv_evid_add(r->evid, "way back", taking_name(taking_of(r->sip, peer)),
		    "peer %s %s the Path that was sent", peer,
		    is_shown(r, sip) ? "showed" : "did not show");
	if (!is_shown(r, sip) && p && p->contact == CV_CONTACT_PATH &&
	    cv_log_allow(&r->sip->reg_log, CV_REG_LOG_BURST))
		cv_warn("sip",
			"path not taken peer=%s why=\"its 200 shows no Path: calls may "
			"not arrive; try contact = auto\"",
			peer);

	return false;
}

int cv_reg_index_of(const struct cv_reg *r, const sip_contact_t *c,
		    struct cv_binding **bp)
{
	*bp = NULL;
	if (cv_bind_by_token(r->sip->binds, bp, cv_str_of(c->m_url->url_user)) == 0) {
		for (size_t i = 0; i < r->c; ++i) {
			if (r->v[i].binding == (*bp)->id)
				return (int)i;
		}
		return -1;
	}

	for (size_t i = 0; i < r->c; ++i) {
		struct cv_binding *b = cv_reg_binding(r, i);
		url_t *url = b && b->form == CV_BIND_PATH ? url_make(r->home, r->v[i].uri)
							  : NULL;

		if (!url || url_cmp(url, c->m_url) != 0)
			continue;

		*bp = b;
		return (int)i;
	}

	return -1;
}

struct cv_str cv_sip_flow_token(struct cv_sip *s, const sip_t *sip)
{
	const sip_route_t *r = sip->sip_route;

	if (!r || !r->r_url->url_user || !cv_sip_is_ours(s, r->r_url->url_host))
		return CV_STR_NULL;

	return cv_str_of(r->r_url->url_user);
}
