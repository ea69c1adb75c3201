/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of bindings: by id, AOR and flow. Knows limits, the rule of what
 * is the same binding, and the life from take to end. Signalling thread.
 *
 * The same binding: same AOR, and the same +sip.instance when both have one
 * (RFC 5626 6: two homes may use one private address), else the same Contact
 * URI. Each confirm puts the binding before others of its AOR and flow
 * (cv_hash_add() puts a node before those of its key) and at the end of the
 * list of all.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bind/bind_int.h"

enum {
	FULL_BURST =
		5, /* lines in 10 s about reached limits: the network triggers them */
};

static const uint64_t counter_mask = 0xffffffffffff; /* 6 bytes of an id */

/* What a confirm replaces; taken in one go so that out of memory changes nothing. */
struct texts {
	char *contact, *params, *home, *agent, *instance;
};

static void texts_free(struct texts *t)
{
	free(t->contact);
	free(t->params);
	free(t->home);
	free(t->agent);
	free(t->instance);
}

static int texts_new(struct texts *t, const struct cv_bind_ask *ask)
{
	struct cv_str agent = ask->agent;

	if (agent.len > CV_BIND_AGENT)
		agent.len = CV_BIND_AGENT;

	t->contact = cv_str_dup(ask->contact);
	t->params = cv_str_dup(ask->params);
	t->agent = cv_str_dup(agent);
	t->instance = cv_str_dup(ask->instance);
	t->home = cv_mem_strdup(ask->home);
	if (t->contact && t->params && t->agent && t->instance && (t->home || !ask->home))
		return 0;

	texts_free(t);

	return ENOMEM;
}

static void binding_texts(struct cv_binding *b, const struct texts *t)
{
	free(b->contact);
	free(b->params);
	free(b->home);
	free(b->agent);
	free(b->instance);
	b->contact = t->contact;
	b->params = t->params;
	b->home = t->home;
	b->agent = t->agent;
	b->instance = t->instance;
}

/* Out of every table and list; safe twice. */
static void take_out(struct cv_binding *b)
{
	cv_hash_del(&b->by_id);
	cv_hash_del(&b->by_aor);
	cv_hash_del(&b->by_flow);
	cv_hash_del(&b->by_link);
	cv_list_del(&b->node);
	cv_list_del(&b->due);
}

static void binding_fini(void *obj)
{
	static const struct texts none;
	struct cv_binding *b = obj;

	take_out(b);
	binding_texts(b, &none);
	free(b->stale);
	free(b->aor);
	cv_mem_unref(b->link);
	cv_mem_unref(b->evid);
}

int cv_bind_aor_fold(char *dst, struct cv_str aor)
{
	size_t at = aor.len;

	if (aor.len >= CV_BIND_AOR)
		return EMSGSIZE;

	while (at > 0 && aor.p[at - 1] != '@')
		--at;

	memcpy(dst, aor.p ? aor.p : "", aor.len);
	for (size_t i = at; i < aor.len; ++i) {
		if (dst[i] >= 'A' && dst[i] <= 'Z')
			dst[i] = (char)(dst[i] + ('a' - 'A'));
	}

	dst[aor.len] = '\0';

	return 0;
}

static struct cv_str flow_key(char key[40], const struct cv_bind_flow *f)
{
	size_t len = f->seen.family == AF_INET6 ? 16 : 4;

	memset(key, 0, 40);
	key[0] = (char)f->transport;
	key[1] = (char)f->listen;
	key[2] = (char)(f->seen.port >> 8);
	key[3] = (char)(f->seen.port & 0xff);
	memcpy(key + 4, &f->seen.scope, sizeof(f->seen.scope));
	memcpy(key + 8, f->seen.ip.bytes, len);

	return cv_str_make(key, 8 + len);
}

static struct cv_str id_key(const struct cv_binding *b)
{
	return cv_str_make((const char *)&b->id, sizeof(b->id));
}

/* A connection is known by the address of its link, which stands at where. */
static struct cv_str link_key(const void *where)
{
	return cv_str_make(where, sizeof(void *));
}

static void binds_fini(void *obj)
{
	struct cv_binds *bs = obj;
	struct cv_list *n, *tmp;

	cv_binds_show_close(bs);
	if (bs->all.next) {
		CV_LIST_FOREACH (n, tmp, &bs->all) {
			cv_mem_unref(CV_CONTAINER(n, struct cv_binding, node));
		}
	}

	cv_mem_unref(bs->timer);
	cv_mem_unref(bs->by_id);
	cv_mem_unref(bs->by_aor);
	cv_mem_unref(bs->by_flow);
	cv_mem_unref(bs->by_link);
}

static int binds_fill(struct cv_binds *bs)
{
	ssize_t n;
	int err;

	n = getrandom(&bs->next, sizeof(bs->next), 0);
	if (n != (ssize_t)sizeof(bs->next))
		return n == -1 ? errno : EIO;

	err = cv_hash_new(&bs->by_id);
	if (!err)
		err = cv_hash_new(&bs->by_aor);

	if (!err)
		err = cv_hash_new(&bs->by_flow);

	if (!err)
		err = cv_hash_new(&bs->by_link);

	if (!err)
		err = cv_timer_new(&bs->timer, bs->env.loop, cv_bind_tick, bs);

	if (!err)
		err = cv_binds_show_open(bs);

	return err;
}

int cv_binds_new(struct cv_binds **bp, const struct cv_binds_env *env)
{
	struct cv_binds *bs;
	int err;

	if (!bp || !env || !env->conf || !env->loop)
		return EINVAL;

	bs = cv_mem_new(sizeof(*bs), binds_fini);
	if (!bs)
		return ENOMEM;

	bs->env = *env;
	bs->tick = cv_clock_ms() / CV_BIND_TICK_MS;
	cv_list_init(&bs->all);
	for (size_t i = 0; i < CV_BIND_SLOTS; ++i)
		cv_list_init(&bs->wheel[i]);

	err = binds_fill(bs);
	if (err)
		cv_mem_unref(bs);
	else
		*bp = bs;

	return err;
}

void cv_binds_conf(struct cv_binds *bs, const struct cv_conf *conf)
{
	struct cv_list *n, *tmp;

	bs->env.conf = conf;
	CV_LIST_FOREACH (n, tmp, &bs->all) {
		struct cv_binding *b = CV_CONTAINER(n, struct cv_binding, node);

		cv_bind_ping_plan(bs, b);
		cv_bind_arm(bs, b);
	}
}

static bool is_same(const struct cv_binding *b, const struct cv_bind_ask *ask)
{
	if (!cv_str_is_empty(ask->instance) && b->instance[0] != '\0')
		return cv_str_eq(cv_str_of(b->instance), ask->instance);

	return cv_str_eq(cv_str_of(b->contact), ask->contact);
}

/* The binding @p ask speaks of, and how many its AOR (folded) has. */
static struct cv_binding *seek(struct cv_binds *bs, struct cv_str aor,
			       const struct cv_bind_ask *ask, size_t *count)
{
	struct cv_hash_node *n;

	*count = 0;
	for (n = cv_hash_find(bs->by_aor, aor); n; n = cv_hash_next(n)) {
		++*count;
		if (is_same(n->obj, ask))
			return n->obj;
	}

	return NULL;
}

struct cv_binding *cv_bind_find(struct cv_binds *bs, const struct cv_bind_ask *ask)
{
	char aor[CV_BIND_AOR];
	size_t count;

	if (cv_bind_aor_fold(aor, ask->aor))
		return NULL;

	return seek(bs, cv_str_of(aor), ask, &count);
}

static int admit(struct cv_binds *bs, const char *aor, size_t of_aor)
{
	unsigned max = bs->env.conf->limits.max_registrations;

	if (of_aor < CV_BIND_PER_AOR && (max == 0 || bs->count < max))
		return 0;

	if (cv_log_allow(&bs->full, FULL_BURST))
		cv_warn("bind", "limit aor=%s bindings-of-aor=%zu bindings=%zu", aor,
			of_aor, bs->count);

	return ENOSPC;
}

static int binding_new(struct cv_binds *bs, struct cv_binding **bp, const char *aor,
		       const struct cv_bind_ask *ask)
{
	struct cv_binding *b;
	struct texts t = {0};
	int err;

	b = cv_mem_new(sizeof(*b), binding_fini);
	if (!b)
		return ENOMEM;

	b->id = (uint64_t)bs->env.node << 56 | (uint64_t)bs->env.shard << 48 |
		(bs->next++ & counter_mask);
	b->made_ms = cv_clock_ms();
	b->flow = ask->flow;
	b->place = ask->place;
	b->aor = cv_mem_strdup(aor);
	err = b->aor ? texts_new(&t, ask) : ENOMEM;
	if (!err) {
		binding_texts(b, &t);
		err = cv_bind_token_make(bs, b->id, b->token);
	}

	if (err)
		cv_mem_unref(b);
	else
		*bp = b;

	return err;
}

static bool is_too_long(const struct cv_bind_ask *ask)
{
	return ask->contact.len > CV_BIND_CONTACT || ask->params.len > CV_BIND_PARAMS ||
	       ask->instance.len > CV_BIND_INSTANCE;
}

int cv_bind_take(struct cv_binds *bs, struct cv_binding **bp,
		 const struct cv_bind_ask *ask)
{
	char aor[CV_BIND_AOR];
	struct cv_binding *b;
	size_t of_aor;
	int err;

	err = cv_bind_aor_fold(aor, ask->aor);
	if (err || is_too_long(ask))
		return EMSGSIZE;

	b = seek(bs, cv_str_of(aor), ask, &of_aor);
	if (!b) {
		err = admit(bs, aor, of_aor);
		if (!err)
			err = binding_new(bs, &b, aor, ask);

		if (err)
			return err;

		cv_hash_add(bs->by_id, &b->by_id, id_key(b), b);
		cv_hash_add(bs->by_aor, &b->by_aor, cv_str_of(b->aor), b);
		cv_list_add(&bs->all, &b->node);
		++bs->count;
		++bs->pending;
	}

	++b->takes;
	if (!b->confirmed) {
		b->refreshed_ms = cv_clock_ms();
		cv_bind_arm(bs, b);
	}

	*bp = b;

	return 0;
}

static void unlink_binding(struct cv_binds *bs, struct cv_binding *b)
{
	--bs->count;
	if (!b->confirmed)
		--bs->pending;

	take_out(b); /* now, whoever still holds it */
	cv_mem_unref(b);
}

void cv_bind_giveup(struct cv_binds *bs, struct cv_binding *b, const char *why)
{
	if (b->takes > 0)
		--b->takes;

	if (b->confirmed || b->takes > 0)
		return;

	cv_debug("bind", "given-up id=%016" PRIx64 " aor=%s why=\"%s\"", b->id, b->aor,
		 why);
	unlink_binding(bs, b);
}

static bool flow_eq(const struct cv_bind_flow *a, const struct cv_bind_flow *b)
{
	return cv_addr_eq(&a->seen, &b->seen) && a->transport == b->transport &&
	       a->listen == b->listen;
}

static void log_life(const char *event, const struct cv_binding *b, const char *why)
{
	char seen[CV_ADDR_STRLEN];

	cv_info("bind",
		"%s id=%016" PRIx64 " aor=%s home=%s side=%s source=%s "
		"transport=%s%s%s%s",
		event, b->id, b->aor, b->home ? b->home : "local",
		cv_side_name(b->place.side), cv_addr_print(&b->flow.seen, seen),
		cv_transport_name(b->flow.transport), why ? " why=\"" : "",
		why ? why : "", why ? "\"" : "");
}

static void set_flow(struct cv_binds *bs, struct cv_binding *b,
		     const struct cv_bind_ask *ask)
{
	void *link = b->link;
	struct cv_evid *evid = b->evid;

	b->flow = ask->flow;
	b->place = ask->place;
	b->link = cv_mem_ref(ask->link);
	b->evid = cv_mem_ref(ask->evid);
	cv_mem_unref(link);
	cv_mem_unref(evid);

	cv_hash_del(&b->by_flow);
	cv_hash_add(bs->by_flow, &b->by_flow, flow_key(b->flow_key, &b->flow), b);
	cv_hash_del(&b->by_link);
	if (b->link)
		cv_hash_add(bs->by_link, &b->by_link, link_key(&b->link), b);

	cv_hash_del(&b->by_aor);
	cv_hash_add(bs->by_aor, &b->by_aor, cv_str_of(b->aor), b);
	cv_list_del(&b->node);
	cv_list_add(&bs->all, &b->node);
}

/* Counts and says what the confirm meant. */
static void tell(struct cv_binds *bs, struct cv_binding *b, bool fresh, bool moved)
{
	if (fresh) {
		cv_stat_add(bs->env.stat, CV_STAT_registrations_made, 1);
		log_life("registered", b, NULL);
	} else if (moved) {
		++b->moves;
		cv_stat_add(bs->env.stat, CV_STAT_registrations_moved, 1);
		log_life("moved", b, NULL);
	}
}

/* What a registrar says beyond the longest is no time: nobody would ever take it out. */
static uint64_t until_ms(uint64_t now_ms, uint32_t s)
{
	return now_ms + (uint64_t)(s < CV_BIND_MAX_S ? s : CV_BIND_MAX_S) * 1000;
}

int cv_bind_confirm(struct cv_binds *bs, struct cv_binding *b,
		    const struct cv_bind_ask *ask, uint32_t phone_s, uint32_t upstream_s)
{
	uint64_t now = cv_clock_ms();
	bool fresh = !b->confirmed, moved = !flow_eq(&b->flow, &ask->flow);
	struct texts t = {0};
	int err;

	if (phone_s == 0 || is_too_long(ask))
		return EINVAL;

	err = texts_new(&t, ask);
	if (err)
		return err;

	binding_texts(b, &t);
	if (b->takes > 0)
		--b->takes;

	if (fresh)
		--bs->pending;

	set_flow(bs, b, ask);
	b->confirmed = true;
	b->refreshed_ms = now;
	b->phone_until_ms = until_ms(now, phone_s);
	b->upstream_until_ms = until_ms(now, upstream_s);
	b->flow_dead = false;
	b->pings_missed = 0;
	if (moved)
		b->ping_busy = false; /* it says nothing about this flow */

	if (fresh || moved || b->ping_at_ms == 0)
		cv_bind_ping_plan(bs, b);

	cv_bind_arm(bs, b);
	tell(bs, b, fresh, moved && !fresh);

	return 0;
}

void cv_bind_drop(struct cv_binds *bs, struct cv_binding *b, const char *why)
{
	if (b->confirmed)
		log_life("unregistered", b, why);

	unlink_binding(bs, b);
}

void cv_bind_end(struct cv_binds *bs, struct cv_binding *b, const char *why)
{
	log_life("ended", b, why);
	cv_mem_ref(b);
	unlink_binding(bs, b);
	take_out(b);
	if (bs->env.ended)
		bs->env.ended(bs->env.arg, b, why);

	cv_mem_unref(b);
}

int cv_bind_by_token(struct cv_binds *bs, struct cv_binding **bp, struct cv_str user)
{
	struct cv_binding *b;
	uint64_t id;
	int err;

	err = cv_bind_token_read(bs, user, &id);
	if (err)
		return err;

	b = cv_bind_by_id(bs, id);
	if (!b)
		return ESTALE;

	*bp = b;

	return 0;
}

struct cv_binding *cv_bind_by_id(struct cv_binds *bs, uint64_t id)
{
	struct cv_hash_node *n;

	n = cv_hash_find(bs->by_id, cv_str_make((const char *)&id, sizeof(id)));

	return n ? n->obj : NULL;
}

static struct cv_binding *confirmed_from(struct cv_hash_node *n)
{
	while (n && !((struct cv_binding *)n->obj)->confirmed)
		n = cv_hash_next(n);

	return n ? n->obj : NULL;
}

struct cv_binding *cv_bind_by_aor(struct cv_binds *bs, struct cv_str aor,
				  const struct cv_binding *prev)
{
	char folded[CV_BIND_AOR];

	if (prev)
		return confirmed_from(cv_hash_next(&prev->by_aor));

	if (cv_bind_aor_fold(folded, aor))
		return NULL;

	return confirmed_from(cv_hash_find(bs->by_aor, cv_str_of(folded)));
}

struct cv_binding *cv_bind_by_flow(struct cv_binds *bs, const struct cv_bind_flow *flow,
				   const struct cv_binding *prev)
{
	char key[40];

	if (prev)
		return confirmed_from(cv_hash_next(&prev->by_flow));

	return confirmed_from(cv_hash_find(bs->by_flow, flow_key(key, flow)));
}

void cv_bind_link_gone(struct cv_binds *bs, const void *link)
{
	struct cv_hash_node *n;

	while (link && (n = cv_hash_find(bs->by_link, link_key(&link))))
		cv_bind_end(bs, n->obj, "connection closed");
}

size_t cv_binds_count(const struct cv_binds *bs)
{
	return bs->count;
}

int cv_bind_stale(struct cv_binding *b, const char *uri)
{
	char *copy = NULL;

	if (uri && b->stale)
		return 0;

	copy = uri ? cv_mem_strdup(uri) : NULL;
	if (uri && !copy)
		return ENOMEM;

	free(b->stale);
	b->stale = copy;

	return 0;
}

void cv_binds_at(struct cv_binds *bs, const char *home,
		 void (*fn)(void *arg, struct cv_binding *b), void *arg)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &bs->all) {
		struct cv_binding *b = CV_CONTAINER(n, struct cv_binding, node);

		if (b->confirmed && b->home && strcmp(b->home, home) == 0)
			fn(arg, b);
	}
}
