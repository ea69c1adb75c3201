/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our accounts at peers: which there are, and the REGISTERs of those that want
 * one. bind/trunk.c says when. Signalling thread.
 *
 * The Contact we register has a user of its own, keyed so that nobody can make
 * one. A request to it from the trunk's addresses is one of that peer, even
 * where two accounts share a provider's address, and is routed by the user of
 * its To header: the number that was called.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/reg_int.h"

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip);

static void trunk_fini(void *obj)
{
	struct cv_sip_trunk *t = obj;

	cv_list_del(&t->node);
	cv_mem_unref(t->reg);
	if (t->orq)
		nta_outgoing_destroy(t->orq);
}

struct cv_sip_trunk *cv_sip_trunk_find(struct cv_sip *s, const char *peer)
{
	for (struct cv_list *n = s->trunks.next; n != &s->trunks; n = n->next) {
		struct cv_sip_trunk *t = CV_CONTAINER(n, struct cv_sip_trunk, node);

		if (strcmp(t->peer->name, peer) == 0)
			return t;
	}

	return NULL;
}

struct cv_sip_trunk *cv_sip_trunk_by_token(struct cv_sip *s, const char *user)
{
	if (!user || strncmp(user, "ct", 2) != 0)
		return NULL;

	for (struct cv_list *n = s->trunks.next; n != &s->trunks; n = n->next) {
		struct cv_sip_trunk *t = CV_CONTAINER(n, struct cv_sip_trunk, node);

		if (strcmp(t->token, user) == 0)
			return t;
	}

	return NULL;
}

/* Messages */

static char *user_of(const struct cv_conf_peer *p, su_home_t *home)
{
	static const char reserved[] = "@:/;?"; /* beyond what a URL never holds */
	char *text = su_alloc(home, url_esclen(p->username, reserved) + 1);

	return text ? url_escape(text, p->username, reserved) : NULL;
}

/* Our Contact, and the one that stands there with an address we don't have any more,
 * which is taken back: calls would still be sent to it. */
static char *contacts(struct cv_sip_trunk *t, su_home_t *home, const struct cv_target *to)
{
	char *uri = cv_sip_contact_uri(t->sip, home, t->token, to->place.listen,
				       to->transport);

	if (!uri || strlen(uri) >= sizeof(t->says))
		return NULL;

	t->listen = to->place.listen;
	(void)snprintf(t->says, sizeof(t->says), "%s", uri);
	if (!*t->stands || t->alone || strcmp(t->stands, uri) == 0)
		return su_sprintf(home, "<%s>", uri);

	return su_sprintf(home, "<%s>, <%s>;expires=0", uri, t->stands);
}

static int fill(struct cv_sip_trunk *t, msg_t *m, const struct cv_target *to,
		uint32_t expires_s)
{
	su_home_t *home = msg_home(m);
	char *domain = cv_sip_peer_host(home, t->peer), *user = user_of(t->peer, home);
	char *ruri = domain ? su_sprintf(home, "sip:%s", domain) : NULL;
	char *aor = domain && user ? su_sprintf(home, "<sip:%s@%s>", user, domain) : NULL;
	char *from = aor ? su_sprintf(home, "%s;tag=%s", aor, t->tag) : NULL;
	char *contact = contacts(t, home, to);
	char *cseq = su_sprintf(home, "%" PRIu32 " REGISTER", ++t->cseq);
	char *expires = su_sprintf(home, "%" PRIu32, expires_s);
	sip_t *pub = sip_object(m);
	sip_request_t *rq = NULL;

	if (ruri)
		rq = sip_request_create(home, SIP_METHOD_REGISTER, (url_string_t *)ruri,
					NULL);
	if (!rq || !from || !contact || !cseq || !expires ||
	    msg_header_insert(m, (msg_pub_t *)pub, (msg_header_t *)rq) < 0 ||
	    sip_add_tl(m, pub, SIPTAG_FROM_STR(from), SIPTAG_TO_STR(aor),
		       SIPTAG_CALL_ID_STR(t->call_id), SIPTAG_CSEQ_STR(cseq),
		       SIPTAG_CONTACT_STR(contact), SIPTAG_EXPIRES_STR(expires),
		       SIPTAG_MAX_FORWARDS_STR("70"), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}

/* What its last nonce allows: a refresh needs no challenge then. */
static int prove(struct cv_sip_trunk *t, msg_t *m)
{
	int err = cv_sip_auth_add(t, m, t->proxy);

	return err == ENOENT ? 0 : err;
}

static int launch(struct cv_sip_trunk *t, msg_t *m, const struct cv_target *to)
{
	url_string_t *route = cv_sip_hop_url(msg_home(m), &to->hop, to->transport);
	tport_t *tp = cv_sip_tport(t->sip, to->place.listen, to->transport);
	nta_outgoing_t *orq;

	if (!route || !tp)
		return ENETUNREACH;
	if (to->transport != CV_TRANSPORT_UDP &&
	    cv_sip_aim(t->sip, &to->hop, to->transport, to->place.listen,
		       cv_conf_peer_find(t->sip->conf, cv_str_of(to->peer))))
		return ENETUNREACH;

	t->sending = true;
	t->over = false;
	orq = nta_outgoing_mcreate(t->sip->agent, on_answer, t, route, m,
				   NTATAG_TPORT(tp), TAG_END());
	t->sending = false;
	if (!orq)
		return ENETUNREACH;

	cv_stat_add(t->sip->stat, CV_STAT_trunk_registers, 1);
	t->orq = orq; /* one that was answered at once is dropped with the next */

	return 0;
}

/* The hop where it stands is the preferred one, so the first. */
static size_t begin(void *arg)
{
	struct cv_sip_trunk *t = arg;

	t->hopc = 0;
	(void)cv_peers_hops(t->sip->peers, t->peer->name, cv_str_of(t->token), t->hops,
			    CV_PEERS_HOPS, &t->hopc);

	return t->hopc;
}

static int transmit(void *arg, const struct cv_trunk_ask *ask)
{
	struct cv_sip_trunk *t = arg;
	struct cv_target to = {0};
	msg_t *m;
	int err;

	if (!ask->again)
		t->answered = 0;
	if (t->orq)
		nta_outgoing_destroy(t->orq);
	t->orq = NULL;

	t->hop = t->hops[ask->hop];
	err = cv_sip_aim_peer(t->sip, t->peer, &t->hop, &to, NULL);
	if (err)
		return err;

	m = nta_msg_create(t->sip->agent, 0);
	if (!m)
		return ENOMEM;

	err = fill(t, m, &to, ask->expires_s);
	if (!err)
		err = prove(t, m);
	if (!err)
		err = launch(t, m, &to);
	if (err)
		msg_destroy(m);

	return err ? err : t->over ? ECONNREFUSED : 0;
}

/* Seconds the registrar keeps our Contact; some don't list it, some list what was taken
 * back too. */
static uint32_t granted(const struct cv_sip_trunk *t, const sip_t *sip)
{
	uint32_t most = 0;
	bool is_there = false;

	for (const sip_contact_t *c = sip->sip_contact; c; c = c->m_next) {
		uint32_t s;

		if (!c->m_url->url_user || strcmp(c->m_url->url_user, t->token) != 0)
			continue;

		s = cv_reg_expires(c, sip->sip_expires, t->expires_s);
		most = s > most ? s : most;
		is_there = true;
	}

	return is_there ? most : cv_reg_expires(NULL, sip->sip_expires, t->expires_s);
}

static void read_answer(struct cv_sip_trunk *t, nta_outgoing_t *orq, const sip_t *sip,
			struct cv_trunk_answer *a)
{
	if (a->status < 300)
		a->granted_s = granted(t, sip);
	if (a->status == 423 && sip->sip_min_expires)
		a->min_expires_s = (uint32_t)sip->sip_min_expires->me_delta;
	if (sip->sip_retry_after)
		a->retry_after_s = (uint32_t)sip->sip_retry_after->af_delta;
	if ((a->status == 401 || a->status == 407) &&
	    cv_sip_auth_is_from(orq, &t->hop.addr))
		a->prove = cv_sip_auth_take(t, sip, t->answered) == 0;
	if (a->prove) {
		++t->answered;
		t->proxy = a->status == 407;
	}
}

/* What the answer says of the hop, and of where we are registered. */
static void note(struct cv_sip_trunk *t, const struct cv_trunk_answer *a)
{
	struct cv_peers *ps = t->sip->peers;
	int err = a->status == 408 ? ETIMEDOUT : a->status == 503 ? EBUSY : 0;

	cv_peers_heard(ps, t->peer->name, &t->hop, err);
	if (a->status >= 400 && a->status < 500 && a->status != 401 && a->status != 407 &&
	    a->status != 408 && a->status != 423)
		t->alone = true; /* maybe two Contacts were one too many */
	if (a->status >= 300 || a->granted_s == 0)
		return;

	t->alone = false;
	memcpy(t->stands, t->says, sizeof(t->stands));

	t->at = t->hop;
	cv_peers_prefer(ps, t->peer->name, &t->at); /* calls go there too */
}

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
	struct cv_sip_trunk *t = magic;
	struct cv_trunk_answer a = {.status = (uint16_t)nta_outgoing_status(orq)};
	struct cv_trunk *reg;
	msg_t *m;

	if (!t || a.status < 200)
		return 0;

	if (t->sending) {
		t->over = true;
		return 0;
	}

	m = nta_outgoing_getresponse(orq);
	if (m && sip && !nta_is_internal_msg(m))
		read_answer(t, orq, sip, &a);
	if (m)
		msg_unref(m);

	nta_outgoing_destroy(t->orq);
	t->orq = NULL;
	note(t, &a);
	reg = cv_mem_ref(t->reg);
	if (reg)
		cv_trunk_answer(reg, &a); /* may end t */
	cv_mem_unref(reg);

	return 0;
}

/* Life */

static bool wants_account(const struct cv_conf_peer *p)
{
	return p->username && p->password;
}

/* It was taken back, or there was nothing to take back. */
static void gone(void *arg)
{
	struct cv_sip_trunk *t = arg;
	struct cv_sip *s = t->sip;

	cv_info("trunk", "unregistered peer=%s", t->peer->name);
	cv_peers_prefer(s->peers, t->peer->name, NULL);
	if (s->draining) {
		t->reg = cv_mem_unref(t->reg); /* requests in calls need the rest */
		return;
	}

	cv_list_del(&t->node);
	cv_mem_unref(t);
	cv_sip_trunks_fill(s); /* what took its place in the configuration */
}

static int draw_ids(struct cv_sip_trunk *t)
{
	struct cv_str parts[] = {cv_str_of(t->peer->name), cv_str_of(t->peer->username)};
	char hex[CV_SIP_TRUNK_TOKEN];
	uint64_t r[2];
	int err;

	cv_binds_alias(t->sip->binds, "trunk", parts, 2, hex, CV_SIP_TRUNK_TOKEN - 3);
	(void)snprintf(t->token, sizeof(t->token), "ct%.21s", hex);
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return EIO;

	(void)snprintf(t->call_id, sizeof(t->call_id), "%016" PRIx64 "%016" PRIx64, r[0],
		       r[1]);
	err = cv_digest_cnonce(t->tag);
	if (!err && t->peer->realm)
		err = cv_digest_client_realm(&t->auth, cv_str_of(t->peer->realm));

	return err;
}

static int open_reg(struct cv_sip_trunk *t)
{
	const struct cv_trunk_env env = {
		.loop = t->sip->loop,
		.name = t->peer->name,
		.expires_s = t->expires_s,
		.begin = begin,
		.send = transmit,
		.gone = gone,
		.arg = t,
	};

	if (!t->peer->register_)
		return 0;

	return cv_trunk_new(&t->reg, &env);
}

static int trunk_open(struct cv_sip *s, const struct cv_conf_peer *peer)
{
	struct cv_sip_trunk *t;
	int err;

	t = cv_mem_new(sizeof(*t), trunk_fini);
	if (!t)
		return ENOMEM;

	t->sip = s;
	t->peer = peer;
	t->expires_s = s->conf->registration.peer_expires_s;
	err = draw_ids(t);
	if (!err)
		err = open_reg(t);
	if (err) {
		cv_mem_unref(t);
		return err;
	}

	cv_list_add(&s->trunks, &t->node);
	if (t->reg)
		cv_trunk_start(t->reg);

	return 0;
}

void cv_sip_trunks_fill(struct cv_sip *s)
{
	for (size_t i = 0; !s->draining && i < s->conf->peerc; ++i) {
		const struct cv_conf_peer *p = &s->conf->peers[i];
		int err = 0;

		if (wants_account(p) && !cv_sip_trunk_find(s, p->name))
			err = trunk_open(s, p);
		if (err)
			cv_error("trunk", "no account peer=%s err=%s", p->name,
				 strerror(err));
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_targets(const struct cv_conf_peer *a, const struct cv_conf_peer *b)
{
	bool same = a->targetc == b->targetc;

	for (size_t i = 0; same && i < a->targetc; ++i)
		same = same_text(a->targets[i].uri, b->targets[i].uri);

	return same;
}

static bool same_account(const struct cv_conf_peer *a, const struct cv_conf_peer *b)
{
	const char *da = a->domains.c > 0 ? a->domains.v[0].text : NULL;
	const char *db = b->domains.c > 0 ? b->domains.v[0].text : NULL;

	return a->register_ == b->register_ && same_targets(a, b) &&
	       same_text(a->username, b->username) &&
	       same_text(a->password, b->password) && same_text(a->realm, b->realm) &&
	       same_text(da, db);
}

/* Ends one; its place is free when the registrar has heard of it. */
static void trunk_end(struct cv_sip_trunk *t)
{
	if (t->reg) {
		cv_trunk_leave(t->reg);
		return;
	}

	cv_list_del(&t->node);
	cv_mem_unref(t);
}

void cv_sip_trunks_conf(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->trunks) {
		struct cv_sip_trunk *t = CV_CONTAINER(n, struct cv_sip_trunk, node);
		const struct cv_conf_peer *fresh =
			cv_conf_peer_find(s->conf, cv_str_of(t->peer->name));

		if (fresh && wants_account(fresh) && same_account(t->peer, fresh) &&
		    t->expires_s == s->conf->registration.peer_expires_s)
			t->peer = fresh;
		else
			trunk_end(t);
	}

	cv_sip_trunks_fill(s);
}

void cv_sip_trunks_renew(struct cv_sip *s, uint64_t points)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->trunks) {
		struct cv_sip_trunk *t = CV_CONTAINER(n, struct cv_sip_trunk, node);

		if (t->reg && *t->says && t->listen < CV_NET_POINTS &&
		    (points >> t->listen & 1) != 0)
			cv_trunk_renew(t->reg);
	}
}

void cv_sip_trunk_follow(struct cv_sip *s, const char *peer)
{
	struct cv_sip_trunk *t = cv_sip_trunk_find(s, peer);
	struct cv_trunk_info i;

	if (!t || !t->reg)
		return;

	cv_trunk_info(t->reg, &i);
	if (i.state != CV_TRUNK_REGISTERED ||
	    !cv_peers_hop_at(s->peers, peer, &t->at.addr, t->at.transport))
		cv_trunk_wake(t->reg);
}

void cv_sip_trunks_leave(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->trunks) {
		struct cv_sip_trunk *t = CV_CONTAINER(n, struct cv_sip_trunk, node);

		if (t->reg)
			cv_trunk_leave(t->reg);
	}
}

void cv_sip_trunks_close(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->trunks) {
		cv_mem_unref(CV_CONTAINER(n, struct cv_sip_trunk, node));
	}
}
