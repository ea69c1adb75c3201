/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A REGISTER in the world of registrations: asked of the homes, else on its
 * way to the peer of its domain and back. Does what src/sip/reg.c and
 * reg_up.c do, with one Contact and without messages. Test's thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bind_world.h"
#include "sip/digest.h"

enum { EXPIRES_S = 3600, PROOF = 1024, STATUS_MAX = 699 };

/* What a REGISTER says; texts live as long as the event. */
struct asked {
	struct cv_str user, host, contact, password;
	uint32_t expires_s;
};

static int asked_read(struct asked *a, const struct cv_bphone *p, struct cv_str words)
{
	struct cv_str account = cv_str_of(p->account);
	size_t at = cv_str_chr(account, '@');
	uint64_t n = EXPIRES_S;
	int err = 0;

	*a = (struct asked){.contact = cv_str_of(p->contact)};
	a->user = cv_str_make(account.p, at);
	a->host = cv_str_from(account, at + 1);
	while (!err && !cv_str_is_empty(cv_str_trim(words))) {
		if (cv_bworld_has(&words, "expires"))
			err = cv_str_u64(&n, cv_bworld_word(&words), UINT32_MAX);
		else if (cv_bworld_has(&words, "password"))
			a->password = cv_bworld_word(&words);
		else if (cv_bworld_has(&words, "contact"))
			a->contact = cv_bworld_word(&words);
		else
			err = EINVAL;
	}

	a->expires_s = (uint32_t)n;

	return err;
}

static struct cv_bind_ask ask_of(const struct cv_bphone *p, const struct asked *a,
				 const char *aor, const char *home)
{
	return (struct cv_bind_ask){
		.aor = cv_str_of(aor),
		.contact = a->contact,
		.instance = cv_str_of(p->instance),
		.agent = CV_STR("phone/1"),
		.home = home,
		.flow = p->flow,
		.link = p->link,
		.place = p->place,
	};
}

/* At home */

/* The phone's answer to the challenge it was given, into @p value (PROOF bytes). */
static int prove(struct cv_bphone *p, const struct asked *a, char *value)
{
	char ha1[CV_DIGEST_HEX], hex[CV_DIGEST_HEX], nc[16];
	struct cv_digest d;
	int err;

	err = cv_digest_parse(&d, cv_str_of(p->challenge));
	if (err)
		return err;

	d.uri = CV_STR("sip:edge.example");
	(void)snprintf(nc, sizeof(nc), "%08x", ++p->used);
	d.nc = cv_str_of(nc);
	d.cnonce = CV_STR("0a4f113b");
	cv_digest_ha1(d.alg, a->user, d.realm, a->password, ha1);
	cv_digest_response(&d, CV_STR("REGISTER"), ha1, hex);
	(void)snprintf(value, PROOF,
		       "Digest username=\"" CV_STR_FMT "\", realm=\"" CV_STR_FMT
		       "\", nonce=\"" CV_STR_FMT "\", uri=\"" CV_STR_FMT
		       "\", response=\"%s\", algorithm=%s, qop=auth, nc=%s, "
		       "cnonce=\"0a4f113b\"",
		       CV_STR_ARG(a->user), CV_STR_ARG(d.realm), CV_STR_ARG(d.nonce),
		       CV_STR_ARG(d.uri), hex, d.alg == CV_DIGEST_MD5 ? "MD5" : "SHA-256",
		       nc);

	return 0;
}

/* Says the challenge; of the nonce, which differs each time, only its length. */
static void challenged(struct cv_bworld *w, struct cv_bphone *p, const char *challenge)
{
	const char *nonce = strstr(challenge, "nonce=\""), *end;

	(void)snprintf(p->challenge, sizeof(p->challenge), "%s", challenge);
	p->used = 0;
	end = nonce ? strchr(nonce + 7, '"') : NULL;
	if (!end) {
		cv_bworld_say(w, "%s 401 %s", p->name, challenge);
		return;
	}

	cv_bworld_say(w, "%s 401 %.*snonce=%d%s", p->name, (int)(nonce - challenge),
		      challenge, (int)(end - nonce - 7), end + 1);
}

static size_t count_of(struct cv_bworld *w, const char *aor)
{
	struct cv_binding *b = NULL;
	size_t n = 0;

	while ((b = cv_bind_by_aor(w->binds, cv_str_of(aor), b)))
		++n;

	return n;
}

static int bind_at_home(struct cv_bworld *w, const struct cv_bind_ask *ask,
			const char *aor, const struct cv_home_answer *ans)
{
	struct cv_binding *b = cv_bind_find(w->binds, ask);
	int err;

	if (ans->expires_s == 0) {
		if (b)
			cv_bind_drop(w->binds, b, "by the phone");

		return 0;
	}

	if (!b && count_of(w, aor) >= ans->max_contacts)
		return EACCES;

	err = cv_bind_take(w->binds, &b, ask);
	if (err)
		return err;

	return cv_bind_confirm(w->binds, b, ask, ans->expires_s, ans->expires_s);
}

static void say_bindings(struct cv_bworld *w, const struct cv_bphone *p, const char *aor)
{
	uint64_t now = cv_clock_ms();
	struct cv_buf list = {.p = NULL};
	struct cv_binding *b = NULL;

	while ((b = cv_bind_by_aor(w->binds, cv_str_of(aor), b)))
		cv_buf_printf(&list, " %s %" PRIu64, b->contact,
			      (b->phone_until_ms - now + 999) / 1000);

	cv_bworld_say(w, "%s 200%s", p->name, list.p ? list.p : "");
	cv_buf_free(&list);
}

static int accepted(struct cv_bworld *w, const struct cv_bphone *p, const struct asked *a,
		    const struct cv_home_ask *home, const struct cv_home_answer *ans)
{
	char aor[2 * CV_BWORLD_TEXT];
	struct cv_bind_ask ask;
	int err;

	err = cv_homes_aor(w->env.homes, home->user, home->host, aor, sizeof(aor));
	if (err)
		return err;

	ask = ask_of(p, a, aor, NULL);
	err = bind_at_home(w, &ask, aor, ans);
	if (!err)
		say_bindings(w, p, aor);

	return err;
}

/* ENOENT: no home of ours. */
static int ask_homes(struct cv_bworld *w, struct cv_bphone *p, const struct asked *a,
		     bool upstream)
{
	struct cv_home_answer ans = {.verdict = CV_HOME_ACCEPT};
	struct cv_home_ask ask = {
		.method = CV_STR("REGISTER"),
		.user = a->user,
		.ruri = CV_STR("sip:edge.example"),
		.seen = p->flow.seen,
		.expires_s = a->expires_s,
		.nated_udp = p->place.side == CV_SIDE_FAR &&
			     p->flow.transport == CV_TRANSPORT_UDP,
		.stream = p->flow.transport != CV_TRANSPORT_UDP,
		.upstream = upstream,
	};
	char proof[PROOF];
	int err = 0;

	if (!cv_str_eq(a->host, CV_STR("us")))
		ask.host = a->host;

	if (!cv_str_is_empty(a->password)) {
		err = prove(p, a, proof);
		ask.authorization = cv_str_of(proof);
	}

	if (!err)
		err = cv_homes_answer(w->env.homes, &ask, &ans);

	if (err)
		return err;

	switch (ans.verdict) {
	case CV_HOME_ACCEPT:
		return accepted(w, p, a, &ask, &ans);
	case CV_HOME_CHALLENGE:
		challenged(w, p, ans.challenge);
		break;
	case CV_HOME_REFUSE:
		cv_bworld_say(w, "%s 403", p->name);
		break;
	case CV_HOME_BRIEF:
		cv_bworld_say(w, "%s 423 %u", p->name, ans.min_s);
		break;
	}

	return 0;
}

/* Upstream */

static const struct cv_conf_peer *peer_of(const struct cv_bworld *w, struct cv_str host)
{
	for (size_t i = 0; i < w->conf->peerc; ++i) {
		const struct cv_conf_peer *peer = &w->conf->peers[i];

		for (size_t k = 0; k < peer->domains.c; ++k) {
			if (cv_str_ieq(cv_str_of(peer->domains.v[k].text), host))
				return peer;
		}
	}

	return NULL;
}

static struct cv_bopen *open_slot(struct cv_bworld *w)
{
	for (size_t i = 0; i < CV_BWORLD_OPEN; ++i) {
		if (!w->open[i].phone)
			return &w->open[i];
	}

	return NULL;
}

static int send_up(struct cv_bworld *w, const struct cv_bphone *p, const struct asked *a,
		   const struct cv_conf_peer *peer)
{
	struct cv_bind_ask ask = ask_of(p, a, p->account, peer->name);
	struct cv_bopen *o = open_slot(w);
	struct cv_binding *b;
	char name[CV_BWORLD_NAME];
	int err;

	if (!o)
		return EBUSY;

	err = cv_bworld_copy(o->contact, sizeof(o->contact), a->contact);
	if (!err)
		err = cv_bind_take(w->binds, &b, &ask);

	if (err)
		return err;

	o->phone = p;
	o->peer = peer->name;
	o->flow = p->flow;
	o->place = p->place;
	o->link = cv_mem_ref(p->link);
	o->expires_s = a->expires_s;
	o->nr = ++w->opened;
	(void)snprintf(o->token, sizeof(o->token), "%s", b->token);
	cv_bworld_say(w, "%s REGISTER %s %s expires %u", peer->name, b->aor,
		      cv_bworld_name(w, b->token, name), a->expires_s);

	return 0;
}

int cv_bworld_register(struct cv_bworld *w, struct cv_bphone *p, struct cv_str words)
{
	const struct cv_conf_peer *peer;
	struct asked a;
	int err;

	err = asked_read(&a, p, words);
	if (err)
		return err;

	peer = peer_of(w, a.host);
	err = ask_homes(w, p, &a, peer);
	if (err == ENOENT && peer)
		err = send_up(w, p, &a, peer);

	if (err)
		cv_bworld_say(w, "%s refused %s", p->name, cv_bworld_errno(err));

	return 0;
}

int cv_bworld_tries(struct cv_bworld *w, struct cv_bphone *p, struct cv_str words)
{
	char contact[CV_BWORLD_TEXT];
	struct cv_binding *b;
	uint64_t n = 0, taken;
	struct asked a;
	int err;

	err = cv_str_u64(&n, cv_bworld_word(&words), 1000);
	if (!err)
		err = asked_read(&a, p, CV_STR_NULL);

	if (err)
		return err;

	for (taken = 0; taken < n && !err; taken += !err) {
		struct cv_bind_ask ask;

		(void)snprintf(contact, sizeof(contact), "sip:%" PRIu64 "@10.9.9.9",
			       taken);
		a.contact = cv_str_of(contact);
		ask = ask_of(p, &a, p->account, "pbx");
		err = cv_bind_take(w->binds, &b, &ask);
	}

	cv_bworld_say(w, "%s took %" PRIu64 " %s", p->name, taken, cv_bworld_errno(err));

	return 0;
}

/* The way back */

static struct cv_bopen *oldest_of(struct cv_bworld *w, struct cv_str phone,
				  const char *peer)
{
	struct cv_bopen *found = NULL;

	for (size_t i = 0; i < CV_BWORLD_OPEN; ++i) {
		struct cv_bopen *o = &w->open[i];

		if (!o->phone || !cv_str_eq(phone, cv_str_of(o->phone->name)) ||
		    strcmp(o->peer, peer) != 0)
			continue;

		if (!found || o->nr < found->nr)
			found = o;
	}

	return found;
}

/* The 2xx of the registrar, which names the token. */
static void granted(struct cv_bworld *w, const struct cv_bopen *o, struct cv_binding *b,
		    uint32_t expires_s)
{
	const struct cv_bind_ask ask = {
		.aor = cv_str_of(o->phone->account),
		.contact = cv_str_of(o->contact),
		.instance = cv_str_of(o->phone->instance),
		.agent = CV_STR("phone/1"),
		.home = o->peer,
		.flow = o->flow,
		.link = o->link,
		.place = o->place,
	};
	int err;

	if (expires_s == 0) {
		cv_bind_drop(w->binds, b, "by the phone");
		cv_bworld_say(w, "%s 200", o->phone->name);
		return;
	}

	err = cv_bind_confirm(w->binds, b, &ask, expires_s, expires_s);
	if (err)
		cv_bworld_say(w, "%s refused %s", o->phone->name, cv_bworld_errno(err));
	else
		cv_bworld_say(w, "%s 200 %s %u", o->phone->name, b->contact, expires_s);
}

int cv_bworld_answer(struct cv_bworld *w, const struct cv_conf_peer *peer,
		     struct cv_str words)
{
	struct cv_binding *b = NULL;
	uint64_t status = 0, expires;
	struct cv_bopen *o;
	int err;

	err = cv_str_u64(&status, cv_bworld_word(&words), STATUS_MAX);
	o = oldest_of(w, cv_bworld_word(&words), peer->name);
	if (err || !o)
		return err ? err : ENOENT;

	expires = o->expires_s;
	if (cv_bworld_has(&words, "expires"))
		err = cv_str_u64(&expires, cv_bworld_word(&words), UINT32_MAX);

	if (err)
		return err;

	err = cv_bind_by_token(w->binds, &b, cv_str_of(o->token));
	if (!err && status < 300)
		granted(w, o, b, (uint32_t)expires);
	else if (!err)
		cv_bind_giveup(w->binds, b, "refused by the registrar");

	if (err || status >= 300)
		cv_bworld_say(w, "%s %" PRIu64, o->phone->name, status);

	cv_mem_unref(o->link);
	*o = (struct cv_bopen){.phone = NULL};

	return 0;
}
