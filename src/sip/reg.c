/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * REGISTER: read, then asked of our own homes, else sent on to the registrar
 * of its domain (reg_up.c). Knows RFC 3261 10.3, not passwords.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sip/alg_int.h"

/* Reading */

static uint32_t seconds(const char *text)
{
	uint64_t n = 0;
	int err = cv_str_u64(&n, cv_str_of(text), UINT32_MAX);

	if (err == ERANGE)
		return UINT32_MAX;

	return err ? CV_REG_EXPIRES_S : (uint32_t)n;
}

uint32_t cv_reg_expires(const sip_contact_t *c, const sip_expires_t *ex, uint32_t def)
{
	if (c && c->m_expires)
		return seconds(c->m_expires);

	return ex ? (uint32_t)ex->ex_delta : def;
}

/* ";k=v" of all parameters but expires. EMSGSIZE, ENOMEM. */
static int params_text(su_home_t *home, const sip_contact_t *c, char **textp)
{
	struct cv_buf b = {0};
	int err;

	for (size_t i = 0; c->m_params && c->m_params[i]; ++i) {
		if (strncasecmp(c->m_params[i], "expires=", 8) == 0 ||
		    strcasecmp(c->m_params[i], "expires") == 0)
			continue;

		cv_buf_printf(&b, ";%s", c->m_params[i]);
		if (b.len > CV_BIND_CONTACT) {
			cv_buf_free(&b);
			return EMSGSIZE;
		}
	}

	err = cv_buf_err(&b);
	*textp = err ? NULL : su_strndup(home, b.p ? b.p : "", (isize_t)b.len);
	cv_buf_free(&b);

	return *textp ? 0 : ENOMEM;
}

static int contact_read(struct cv_reg *r, const sip_t *sip, const sip_contact_t *c)
{
	struct cv_reg_contact *v = &r->v[r->c];
	const char *instance = msg_params_find(c->m_params, "+sip.instance=");
	int err;

	v->uri = url_as_string(r->home, c->m_url);
	v->instance = su_strdup(r->home, instance ? instance : "");
	if (!v->uri || !v->instance)
		return ENOMEM;

	if (strlen(v->uri) > CV_BIND_CONTACT)
		return EMSGSIZE;

	err = params_text(r->home, c, &v->params);
	if (err)
		return err;

	v->has_expires = c->m_expires;
	v->expires_s = cv_reg_expires(c, sip->sip_expires, CV_REG_EXPIRES_S);
	++r->c;

	return 0;
}

static int contacts_read(struct cv_reg *r, const sip_t *sip)
{
	for (const sip_contact_t *c = sip->sip_contact; c; c = c->m_next) {
		int err;

		if (c->m_url->url_type == url_any) {
			if (c->m_next || r->c > 0 || !sip->sip_expires ||
			    sip->sip_expires->ex_delta != 0)
				return EINVAL; /* RFC 3261 10.3, step 6 */

			r->star = true;
			return 0;
		}

		if (r->c == CV_REG_CONTACTS)
			return EACCES;

		err = contact_read(r, sip, c);
		if (err)
			return err;
	}

	return 0;
}

/* User part without escapes; what could not stand in a line is refused. */
static int user_read(su_home_t *home, const url_t *url, char **userp)
{
	char *user;

	if (!url->url_user || !*url->url_user || !url->url_host ||
	    strstr(url->url_user, "%00")) /* what follows would be lost */
		return EINVAL;

	user = su_strdup(home, url->url_user);
	if (!user)
		return ENOMEM;

	url_unescape(user, url->url_user);
	for (const char *p = user; *p; ++p) {
		if ((unsigned char)*p <= 0x20 || *p == 0x7f)
			return EINVAL;
	}

	*userp = user;

	return 0;
}

static int reg_read(struct cv_reg *r, const sip_t *sip, const struct cv_sip_origin *o)
{
	const url_t *to = sip->sip_to->a_url;
	int err;

	err = user_read(r->home, to, &r->user);
	if (err)
		return err;

	r->host = su_strdup(r->home, to->url_host);
	r->agent = su_strdup(r->home, sip->sip_user_agent && sip->sip_user_agent->g_string
					      ? sip->sip_user_agent->g_string
					      : "");
	if (!r->host || !r->agent)
		return ENOMEM;

	r->seen = o->seen;
	r->flow.seen = o->seen;
	r->flow.transport = o->transport;
	r->flow.listen = o->listen;
	r->place = o->place;
	r->link = o->link;
	r->evid = o->evid;

	return contacts_read(r, sip);
}

void cv_reg_ask(const struct cv_reg *r, size_t i, const char *aor, const char *home,
		struct cv_bind_ask *ask)
{
	*ask = (struct cv_bind_ask){
		.aor = cv_str_of(aor),
		.contact = cv_str_of(r->v[i].uri),
		.params = cv_str_of(r->v[i].params),
		.instance = cv_str_of(r->v[i].instance),
		.agent = cv_str_of(r->agent),
		.home = home,
		.flow = r->flow,
		.link = r->link,
		.place = r->place,
		.evid = r->evid,
		.alg = &r->alg,
		.calls_us = home && cv_sip_is_ours(r->sip, r->host),
	};
}

uint32_t cv_reg_shown_s(const struct cv_reg *r, uint32_t granted_s)
{
	uint32_t most = r->sip->conf->registration.phone_expires_udp_s;

	return r->place.side == CV_SIDE_FAR && r->flow.transport == CV_TRANSPORT_UDP &&
			       granted_s > most
		       ? most
		       : granted_s;
}

void cv_reg_hide_expires(const struct cv_reg *r, msg_t *answer)
{
	sip_t *sip = sip_object(answer);
	const sip_expires_t *ex = sip->sip_expires;

	if (ex && ex->ex_delta <= UINT32_MAX &&
	    cv_reg_shown_s(r, (uint32_t)ex->ex_delta) < ex->ex_delta)
		msg_header_remove(answer, (msg_pub_t *)sip, (msg_header_t *)ex);
}

void cv_reg_list(struct cv_buf *to, const char *uri, const char *params,
		 uint32_t expires_s)
{
	cv_buf_printf(to, "%s<%s>%s;expires=%u", to->len > 0 ? ", " : "", uri, params,
		      expires_s);
}

/* With us */

/* The shortest that is asked, unregistering apart: one answer serves all Contacts. */
static uint32_t shortest(const struct cv_reg *r)
{
	uint32_t least = 0;

	for (size_t i = 0; i < r->c; ++i) {
		uint32_t s = r->v[i].expires_s;

		if (s > 0 && (least == 0 || s < least))
			least = s;
	}

	return least;
}

/* A Contact that stands twice in one REGISTER counts once. */
static bool is_repeated(const struct cv_reg *r, size_t i)
{
	for (size_t k = 0; k < i; ++k) {
		if (strcmp(r->v[k].uri, r->v[i].uri) == 0)
			return true;
	}

	return false;
}

/* How many bindings the AOR would have. */
static size_t would_have(const struct cv_reg *r, const char *aor)
{
	struct cv_binds *bs = r->sip->binds;
	struct cv_binding *b = NULL;
	struct cv_bind_ask ask;
	size_t n = 0;

	while ((b = cv_bind_by_aor(bs, cv_str_of(aor), b)))
		++n;

	for (size_t i = 0; i < r->c; ++i) {
		if (is_repeated(r, i))
			continue;

		cv_reg_ask(r, i, aor, NULL, &ask);
		b = cv_bind_find(bs, &ask);
		if (!b && r->v[i].expires_s > 0)
			++n;
		else if (b && r->v[i].expires_s == 0 && n > 0)
			--n;
	}

	return n;
}

static int bind_one(const struct cv_reg *r, size_t i, const char *aor, uint32_t grant_s)
{
	struct cv_binds *bs = r->sip->binds;
	struct cv_bind_ask ask;
	struct cv_binding *b;
	int err;

	cv_reg_ask(r, i, aor, NULL, &ask);
	if (r->v[i].expires_s == 0) {
		b = cv_bind_find(bs, &ask);
		if (b)
			cv_bind_drop(bs, b, "by the phone");

		return 0;
	}

	err = cv_bind_take(bs, &b, &ask);
	if (err)
		return err;

	err = cv_sip_flow_confirm(r->sip, b, &ask, grant_s, grant_s);
	if (err)
		cv_bind_giveup(bs, b, "no memory");

	return err;
}

/* The oldest binding of the AOR that came from the same host by another port: what a
 * phone left behind when it was switched off. NULL: none. */
static struct cv_binding *left_behind(const struct cv_reg *r, const char *aor)
{
	struct cv_binding *b = NULL, *oldest = NULL;

	while ((b = cv_bind_by_aor(r->sip->binds, cv_str_of(aor), b))) {
		if (cv_addr_host_eq(&b->flow.seen, &r->seen) &&
		    !cv_addr_eq(&b->flow.seen, &r->seen))
			oldest = b;
	}

	return oldest;
}

static int bind_all(const struct cv_reg *r, const char *aor,
		    const struct cv_home_answer *ans)
{
	struct cv_binding *b;
	int err = 0;

	while (r->star && (b = cv_bind_by_aor(r->sip->binds, cv_str_of(aor), NULL)))
		cv_bind_drop(r->sip->binds, b, "by the phone");

	while (ans->max_contacts > 0 && r->c > 0 &&
	       would_have(r, aor) > ans->max_contacts) {
		b = left_behind(r, aor);
		if (!b)
			return EACCES;

		cv_bind_drop(r->sip->binds, b, "its phone came back by another port");
	}

	for (size_t i = 0; i < r->c && !err; ++i)
		err = bind_one(r, i, aor, ans->expires_s);

	return err;
}

/* 200 with every binding of the AOR (RFC 3261 10.3, step 8). */
static int reply_bindings(const struct cv_reg *r, nta_incoming_t *irq, const char *aor)
{
	uint64_t now = cv_clock_ms();
	struct cv_binding *b = NULL;
	struct cv_buf list = {0};

	while ((b = cv_bind_by_aor(r->sip->binds, cv_str_of(aor), b))) {
		uint64_t left = b->phone_until_ms > now ? b->phone_until_ms - now : 0;
		uint32_t left_s = (uint32_t)((left + 999) / 1000);

		cv_reg_list(&list, b->contact, b->params, left_s);
		cv_sip_alg_list(r->home, &b->alg, &list, b->contact, b->params, left_s);
	}

	if (cv_buf_err(&list)) {
		cv_buf_free(&list);
		return 503;
	}

	nta_incoming_treply(irq, SIP_200_OK,
			    TAG_IF(list.len > 0, SIPTAG_CONTACT_STR(list.p)), TAG_END());
	nta_incoming_destroy(irq);
	cv_buf_free(&list);

	return 0;
}

static int accepted(const struct cv_reg *r, nta_incoming_t *irq, struct cv_str host,
		    const struct cv_home_answer *ans)
{
	char aor[CV_BIND_CONTACT];
	int err;

	err = cv_homes_aor(r->sip->homes, cv_str_of(r->user), host, aor, sizeof(aor));
	if (err)
		return cv_sip_status(err);

	err = bind_all(r, aor, ans);
	if (err)
		return cv_sip_status(err);

	return reply_bindings(r, irq, aor);
}

/* One WWW-Authenticate a line, in order of preference (RFC 8760). */
static int challenged(const struct cv_reg *r, nta_incoming_t *irq,
		      const struct cv_home_answer *ans)
{
	struct cv_str rest = cv_str_of(ans->challenge), line;
	sip_www_authenticate_t *first = NULL, **last = &first;

	while (cv_str_next(&rest, '\n', &line)) {
		char *text = su_strndup(r->home, line.p, (isize_t)line.len);

		*last = text ? sip_www_authenticate_make(r->home, text) : NULL;
		if (!*last)
			return 503;

		last = &(*last)->au_next;
	}

	nta_incoming_treply(irq, SIP_401_UNAUTHORIZED, SIPTAG_WWW_AUTHENTICATE(first),
			    TAG_END());
	nta_incoming_destroy(irq);

	return 0;
}

static int too_brief(nta_incoming_t *irq, const struct cv_home_answer *ans)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", ans->min_s);
	nta_incoming_treply(irq, SIP_423_INTERVAL_TOO_BRIEF, SIPTAG_MIN_EXPIRES_STR(text),
			    TAG_END());
	nta_incoming_destroy(irq);

	return 0;
}

/* ENOENT: no home of ours. Else *statusp is what on_register is to return. */
static int ask_homes(const struct cv_reg *r, nta_incoming_t *irq, const sip_t *sip,
		     bool upstream, int *statusp)
{
	struct cv_home_answer ans = {0};
	struct cv_home_ask ask = {
		.method = CV_STR("REGISTER"),
		.user = cv_str_of(r->user),
		.ruri = cv_str_of(url_as_string(r->home, sip->sip_request->rq_url)),
		.authorization = cv_sip_own_auth(r->sip, r->home, sip),
		.seen = r->seen,
		.expires_s = shortest(r),
		.nated_udp = r->place.side == CV_SIDE_FAR &&
			     r->flow.transport == CV_TRANSPORT_UDP,
		.stream = r->flow.transport != CV_TRANSPORT_UDP,
		.upstream = upstream,
	};
	int err;

	if (!cv_sip_is_ours(r->sip, r->host))
		ask.host = cv_str_of(r->host);

	err = cv_homes_answer(r->sip->homes, &ask, &ans);
	if (err == ENOENT)
		return ENOENT;

	if (err) {
		*statusp = cv_sip_status(err);
		return 0;
	}

	switch (ans.verdict) {
	case CV_HOME_ACCEPT:
		*statusp = accepted(r, irq, ask.host, &ans);
		break;
	case CV_HOME_CHALLENGE:
		*statusp = challenged(r, irq, &ans);
		break;
	case CV_HOME_REFUSE:
		*statusp = 403;
		break;
	case CV_HOME_BRIEF:
		*statusp = too_brief(irq, &ans);
		break;
	}

	return 0;
}

/* Nobody's: a stranger is not told more than that it is refused. */
static int nobody(const struct cv_reg *r, const struct cv_sip_origin *o)
{
	char seen[CV_ADDR_STRLEN];

	if (cv_log_allow(&r->sip->reg_log, CV_REG_LOG_BURST))
		cv_info("sip",
			"register-refused aor=\"%s@%s\" source=%s "
			"why=\"no account and no peer of this domain\"",
			r->user, r->host, cv_addr_print(&o->seen, seen));

	return o->who == CV_WHO_STRANGER ? 403 : 404;
}

static int take(struct cv_reg *r, nta_incoming_t *irq, const sip_t *sip,
		const struct cv_sip_origin *o)
{
	const struct cv_conf_peer *peer;
	int err, status = 0;

	err = reg_read(r, sip, o);
	if (err)
		return cv_sip_status(err);

	cv_sip_alg_register(r, o, sip);
	peer = cv_sip_registrar(r->sip, r->host);
	err = ask_homes(r, irq, sip, peer, &status);
	if (err != ENOENT)
		return status;

	if (!peer)
		return nobody(r, o);

	return cv_reg_upstream(r, irq, o, peer);
}

int cv_sip_on_register(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		       struct cv_sip_origin *o)
{
	struct cv_reg r = {.sip = s};
	int status;

	r.home = su_home_new(sizeof(*r.home));
	if (!r.home)
		return 503;

	status = take(&r, irq, sip, o);
	su_home_unref(r.home);

	return status;
}
