/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world for calls, driven by lines of text. Test's thread.
 */
#include "config.h"

#include "call_world_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "call/restate.h"
#include "call_words.h"
#include "fake_loop.h"
#include "module.h"

enum { IDLE_MS = 60000 }; /* the default */

static const char *name_of(void *arg, const struct cv_target *to)
{
	struct cv_world *w = arg;

	for (size_t i = 0; i < w->partyc; ++i) {
		if (cv_addr_eq(&w->parties[i].place.seen, &to->hop))
			return w->parties[i].name;
	}

	return "nobody";
}

static void place_peer(void *arg, const struct cv_addr *hop,
		       const struct cv_conf_peer *peer, struct cv_place *place,
		       struct cv_evid *ev)
{
	const struct cv_world_party *p = cv_world_party_find(arg, peer->name);

	*place = p->place;
	place->seen = *hop;
	cv_evid_add(ev, "place of B", cv_side_name(place->side), "peer %s", peer->name);
}

static void target_add(const struct cv_world_party *p, uint8_t turn,
		       struct cv_targets *to)
{
	struct cv_target *t = cv_targets_add(to);

	t->turn = turn;
	if (p->kind == CV_WORLD_PEER) {
		t->kind = CV_TARGET_PEER;
		t->peer = p->name;
	} else {
		t->kind = CV_TARGET_BINDING;
		t->binding = 1;
		t->hop = p->place.seen;
		t->place = p->place;
	}
	(void)snprintf(t->why, sizeof(t->why), "user %s", p->name);
}

/* The route of this world: the user of To names a party, or several. */
static int pick(void *arg, const struct cv_request *rq, struct cv_targets *to)
{
	char name[CV_WORLD_NAME];
	const struct cv_world_ring *ring;
	const struct cv_world_party *p;

	if (rq->who == CV_WHO_STRANGER)
		return EACCES;

	(void)snprintf(name, sizeof(name), CV_STR_FMT, CV_STR_ARG(rq->to_user));
	ring = cv_world_ring_find(arg, name);
	for (size_t i = 0; ring && i < ring->c; ++i)
		target_add(ring->v[i], ring->turn[i], to);

	p = cv_world_party_find(arg, name);
	if (p)
		target_add(p, 0, to);

	return to->c > 0 ? 0 : ENOENT;
}

static const struct cv_route_ops route_ops = {.name = "world", .pick = pick};

/* The last INVITE, as it goes to another place. */
static int redirected(void *arg, struct cv_str uri, const char *by, cv_redirected_fn *fn,
		      void *fn_arg)
{
	struct cv_world *w = arg;
	struct cv_request rq = {
		.method = CV_METHOD_INVITE, .max_forwards = 70, .max_breadth = 60};
	size_t slash = cv_str_chr(uri, '/');
	bool own = slash < uri.len;

	uri.len = slash;
	rq.who = CV_WHO_PEER;
	rq.peer = by;
	rq.to_user = rq.ruri_user = rq.ruri = uri;
	rq.place = w->asker;
	rq.msg = (struct cv_msg){.method = CV_METHOD_INVITE,
				 .type = CV_STR("application/sdp"),
				 .body = cv_buf_view(&w->asked)};

	return fn(fn_arg, &rq, own);
}

static void world_fini(void *obj)
{
	struct cv_world *w = obj;

	cv_buf_free(&w->asked);
	cv_mem_unref(w->calls);
	cv_mem_unref(w->ps);
	cv_route_del(w->route);
	cv_mem_unref(w->routes);
	cv_mem_unref(w->sip);
	cv_mem_unref(w->stats);
	cv_mem_unref(w->cmds);
	cv_mem_unref(w->loop);
}

int cv_world_new(struct cv_world **wp)
{
	struct cv_env env = {.loop = NULL};
	struct cv_world *w = cv_mem_new(sizeof(*w), world_fini);
	int err;

	if (!w)
		return ENOMEM;

	cv_log_level(CV_LOG_ERROR); /* a test that reads the log asks for more */
	cv_fake_media_init(&w->plane);
	w->conf.peers = w->peers;
	w->conf.media.idle_ms = IDLE_MS;
	w->same_nat_direct = true;
	err = cv_fake_loop_new(&w->loop);
	if (err)
		goto out;

	err = cv_cmds_new(&w->cmds);
	if (err)
		goto out;

	err = cv_stats_new(&w->stats, w->cmds);
	if (!err)
		err = cv_stats_cell(w->stats, &w->cell);
	if (err)
		goto out;

	err = cv_routes_new(&w->routes);
	if (err)
		goto out;

	env.routes = w->routes;
	err = cv_route_add(&env, &w->route, &route_ops, w);
	if (err)
		goto out;

	err = cv_fake_sip_new(&w->sip);
	if (err)
		goto out;

	cv_fake_sip_names(w->sip, name_of, w);
	cv_fake_sip_redirects(w->sip, redirected, w);

out:
	if (err)
		cv_mem_unref(w);
	else
		*wp = w;

	return err;
}

void cv_world_close(struct cv_world *w)
{
	if (w->calls)
		cv_calls_close(w->calls);

	cv_fake_sip_close(w->sip);
}

void cv_world_env(struct cv_world *w, struct cv_call_env *env)
{
	*env = (struct cv_call_env){
		.conf = &w->conf,
		.loop = w->loop,
		.cmds = w->cmds,
		.stats = w->stats,
		.stat = w->cell,
		.routes = w->routes,
		.peers = w->ps,
		.media = &cv_fake_media_ops,
		.plane = &w->plane,
		.leg_new = cv_fake_leg_new,
		.leg_arg = w->sip,
		.place_peer = place_peer,
		.place_arg = w,
		.same_nat_direct = w->same_nat_direct,
		.keeps_text = w->keeps_text,
	};
}

int cv_world_start(struct cv_world *w)
{
	const struct cv_peers_env pe = {.conf = &w->conf, .loop = w->loop};
	struct cv_call_env env;
	int err = 0;

	if (!w->ps)
		err = cv_peers_new(&w->ps, &pe);

	cv_world_env(w, &env);
	if (!err && !w->calls)
		err = cv_calls_new(&w->calls, &env);

	return err;
}

static int method_of(const char *word, enum cv_method *method)
{
	for (enum cv_method m = CV_METHOD_INVITE; m <= CV_METHOD_OTHER; ++m) {
		if (strcmp(word, cv_method_name(m)) == 0) {
			*method = m;
			return 0;
		}
	}

	return EINVAL;
}

/* "lives N", "over": what the message says of a subscription. */
static int32_t lives_of(struct cv_words *l)
{
	if (cv_words_accept(l, "over"))
		return CV_LIVES_OVER;

	return cv_words_accept(l, "lives") ? (int32_t)cv_words_number(cv_words_next(l))
					   : CV_LIVES_UNSAID;
}

static enum cv_who who_of(const struct cv_world_party *p)
{
	return p->kind == CV_WORLD_PEER    ? CV_WHO_PEER
	       : p->kind == CV_WORLD_PHONE ? CV_WHO_PHONE
					   : CV_WHO_STRANGER;
}

static int feed_call(struct cv_world *w, struct cv_world_party *p, enum cv_method method,
		     struct cv_words *l)
{
	const char *id = p->name;
	struct cv_request rq = {.max_forwards = 70, .max_breadth = 60, .cseq = 1};
	struct cv_buf body = {.p = NULL};
	struct cv_evid *ev = NULL;
	struct cv_leg *leg;
	bool can_100rel = false;
	struct cv_txn *t;
	int err;

	rq.to_user = rq.ruri_user = rq.ruri = cv_str_of(cv_words_next(l));
	while (l->at < l->c) {
		if (cv_words_accept(l, "cseq"))
			rq.cseq = cv_words_number(cv_words_next(l));
		else if (cv_words_accept(l, "id"))
			id = cv_words_next(l);
		else if (cv_words_accept(l, "hops"))
			rq.max_forwards = cv_words_number(cv_words_next(l));
		else if (cv_words_accept(l, "breadth"))
			rq.max_breadth = cv_words_number(cv_words_next(l));
		else if (cv_words_accept(l, "pass"))
			(void)cv_trail_add(&rq.trail, cv_words_number(cv_words_next(l)));
		else if (cv_words_accept(l, "private"))
			rq.hide_media = true;
		else if (cv_words_accept(l, "100rel"))
			can_100rel = true;
		else
			break;
	}

	rq.method = rq.msg.method = method;
	rq.msg.lives_s = lives_of(l);
	rq.who = who_of(p);
	rq.peer = p->kind == CV_WORLD_PEER ? p->name : NULL;
	rq.call_id = rq.from_tag = cv_str_of(id);
	rq.from_user = cv_str_of(p->name);
	rq.from_host = rq.to_host = CV_STR("example.net");
	rq.place = p->place;
	err = cv_words_body(l, &body, &rq.msg);
	if (err)
		goto out;

	err = cv_fake_leg_asked(w->sip, p->name, &p->place, method, &leg, &t);
	if (err)
		goto out;

	if (can_100rel)
		cv_fake_leg_100rel(leg);
	w->asker = p->place;
	cv_buf_free(&w->asked);
	cv_buf_str(&w->asked, rq.msg.body);

	if (cv_evid_new(&ev) == 0)
		cv_evid_add(ev, "place of A", cv_side_name(p->place.side), "party %s",
			    p->name);

	rq.evid = ev;
	w->start_err = method == CV_METHOD_INVITE ? cv_call_start(w->calls, &rq, leg, t)
						  : cv_sub_start(w->calls, &rq, leg, t);
	if (w->start_err)
		cv_fake_leg_refuse(t, w->start_err);

out:
	cv_mem_unref(ev);
	cv_buf_free(&body);

	return err;
}

/* What a REFER asks for: the call that its sender would make. */
static void refer_of(struct cv_world *w, const struct cv_world_party *p,
		     struct cv_words *l, struct cv_refer *r)
{
	*r = (struct cv_refer){.rq = {.max_forwards = 70, .max_breadth = 60, .cseq = 1}};
	r->rq.who = who_of(p);
	r->rq.peer = p->kind == CV_WORLD_PEER ? p->name : NULL;
	(void)snprintf(w->refer_id, sizeof(w->refer_id), "refer%u", ++w->refers);
	r->rq.call_id = r->rq.from_tag = cv_str_of(w->refer_id);
	r->rq.from_user = cv_str_of(p->name);
	r->rq.from_host = r->rq.to_host = CV_STR("example.net");
	if (cv_words_accept(l, "replaces"))
		r->replaced = cv_fake_leg_find(w->sip, p->name,
					       cv_words_number(cv_words_next(l)));
	else if (cv_words_accept(l, "to"))
		r->rq.to_user = r->rq.ruri_user = r->rq.ruri =
			cv_str_of(cv_words_next(l));
	else
		return;

	cv_fake_sip_refer(w->sip, r);
}

static void contacts_of(struct cv_world *w, struct cv_words *l)
{
	char uris[CV_FAKE_LINE] = "";
	size_t at = 0;

	while (l->at < l->c)
		at += (size_t)snprintf(uris + at, sizeof(uris) - at, "%s%s",
				       at > 0 ? " " : "", cv_words_next(l));
	cv_fake_sip_contacts(w->sip, uris);
}

static int feed_dialog(struct cv_world *w, const struct cv_world_party *p,
		       const char *word, struct cv_words *l)
{
	struct cv_leg *leg = cv_fake_leg_find(w->sip, p->name, w->nth);
	struct cv_refer refer;
	struct cv_buf body = {.p = NULL};
	struct cv_msg m = {.method = CV_METHOD_INVITE};
	int err = 0;

	if (!leg)
		return ENOENT;

	m.status = (uint16_t)cv_words_number(word);
	if (m.status == 0)
		err = method_of(word, &m.method);
	else if (l->at < l->c && method_of(l->v[l->at], &m.method) == 0)
		++l->at;

	if (!err && cv_words_accept(l, "fork"))
		m.fork = cv_words_number(cv_words_next(l));

	if (cv_words_accept(l, "session"))
		m.session_s = cv_words_number(cv_words_next(l));

	m.reliable = cv_words_accept(l, "reliable");
	if (m.reliable)
		m.rseq = cv_words_number(cv_words_next(l));

	m.lives_s = lives_of(l);
	cv_fake_sip_contacts(w->sip, NULL);
	if (m.status / 100 == 3 && cv_words_accept(l, "to"))
		contacts_of(w, l);
	if (!err && m.status == 0 && m.method == CV_METHOD_REFER)
		refer_of(w, p, l, &refer);
	if (!err)
		err = cv_words_body(l, &body, &m);

	if (!err)
		err = m.status == 0 ? cv_fake_leg_request(leg, &m)
				    : cv_fake_leg_response(leg, &m);

	cv_fake_sip_refer(w->sip, NULL);
	cv_buf_free(&body);

	return err;
}

/* The last session's; the end's RTCP says this from now on. */
static void report(struct cv_media *m, struct cv_words *l, enum cv_end end)
{
	struct cv_flow_watch *said = &m->said[end];

	if (!m->is_watch)
		return;

	said->reports = true;
	said->sends = cv_words_accept(l, "sends") || said->sends;
	said->hears = cv_words_accept(l, "hears") || said->hears;
}

static int feed_media(struct cv_world *w, struct cv_words *l)
{
	struct cv_media *m = cv_fake_media_last(&w->plane);
	struct cv_call_media_event ev;

	if (!m)
		return ENOENT;

	ev = (struct cv_call_media_event){.id = m->id, .gen = cv_fake_media_ops.gen(m)};
	ev.what = cv_words_next(l);
	ev.why = "the packet path believes it";
	ev.dead = strcmp(ev.what, "idle") == 0;
	ev.silent = strcmp(ev.what, "silent") == 0;
	if (!ev.dead && !ev.silent) {
		ev.end = cv_words_accept(l, "b") ? CV_END_B : CV_END_A;
		(void)cv_words_accept(l, "a");
	}
	ev.reported = strcmp(ev.what, "reported") == 0;
	if (ev.reported)
		report(m, l, (enum cv_end)ev.end);
	else if (!ev.dead)
		ev.stream = (uint8_t)cv_words_number(cv_words_next(l));

	if (l->at < l->c && cv_addr_parse(&ev.seen, cv_str_of(cv_words_next(l))) != 0)
		return EINVAL;

	cv_calls_media_event(w->calls, &ev);

	return 0;
}

/* Of the call that began first. */
static int feed_restate(struct cv_world *w, struct cv_words *l)
{
	struct cv_list *list = &w->calls->list;
	int err = cv_list_is_empty(list) ? ENOENT : 0;

	while (!err && l->at < l->c) {
		bool b = strcmp(cv_words_next(l), "b") == 0;

		err = cv_restate(CV_CONTAINER(list->next, struct cv_call, node),
				 b ? CV_END_B : CV_END_A);
	}

	return err;
}

static int feed_silent(struct cv_world *w, const struct cv_world_party *p,
		       const char *word)
{
	struct cv_leg *leg = cv_fake_leg_find(w->sip, p->name, w->nth);
	enum cv_method method = CV_METHOD_INVITE;

	if (!leg || (*word && method_of(word, &method)))
		return ENOENT;

	return cv_fake_leg_silent(leg, method);
}

static int feed_gone(struct cv_world *w, const struct cv_world_party *p, const char *why)
{
	struct cv_leg *leg = cv_fake_leg_find(w->sip, p->name, w->nth);

	if (!leg)
		return ENOENT;

	cv_fake_leg_gone(leg, strcmp(why, "timeout") == 0 ? ETIMEDOUT : ECONNRESET);

	return 0;
}

static int feed_move(struct cv_world *w, struct cv_world_party *p, const char *to)
{
	struct cv_leg *leg = cv_fake_leg_find(w->sip, p->name, w->nth);

	if (!leg)
		return ENOENT;

	return cv_addr_parse(&leg->place.seen, cv_str_of(to));
}

int cv_world_feed(struct cv_world *w, const char *line)
{
	char name[CV_WORLD_NAME];
	enum cv_method method;
	struct cv_world_party *p;
	struct cv_words l;
	const char *word;
	int err;

	err = cv_world_start(w);
	if (err)
		return err;

	cv_words_cut(&l, line);
	word = cv_words_next(&l);
	if (strcmp(word, "media") == 0)
		return feed_media(w, &l);

	if (strcmp(word, "restate") == 0)
		return feed_restate(w, &l);

	if (strcmp(word, "readdress") == 0) {
		cv_calls_readdress(w->calls, 1); /* the point towards all but the LAN */
		return 0;
	}

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "#"), word);
	w->nth = cv_words_number(word + strcspn(word, "#") + (strchr(word, '#') ? 1 : 0));
	p = cv_world_party_find(w, name);
	if (!p)
		return EINVAL;

	word = cv_words_next(&l);
	if (strcmp(word, "silent") == 0)
		return feed_silent(w, p, cv_words_next(&l));

	if (strcmp(word, "gone") == 0)
		return feed_gone(w, p, cv_words_next(&l));

	if (strcmp(word, "moves") == 0)
		return feed_move(w, p, cv_words_next(&l));

	if (method_of(word, &method) == 0 && l.at < l.c &&
	    (cv_world_party_find(w, l.v[l.at]) || cv_world_ring_find(w, l.v[l.at]) ||
	     strcmp(l.v[l.at], "nobody") == 0))
		return feed_call(w, p, method, &l);

	return feed_dialog(w, p, word, &l);
}

bool cv_world_next(struct cv_world *w, char *line)
{
	return cv_fake_sip_next(w->sip, line);
}

void cv_world_advance(struct cv_world *w, uint64_t ms)
{
	cv_fake_loop_advance(w->loop, ms);
}

struct cv_calls *cv_world_calls(struct cv_world *w)
{
	return w->calls;
}

struct cv_media_plane *cv_world_plane(struct cv_world *w)
{
	return &w->plane;
}

struct cv_fake_sip *cv_world_sip(struct cv_world *w)
{
	return w->sip;
}

struct cv_conf *cv_world_conf_edit(struct cv_world *w)
{
	return &w->conf;
}

int cv_world_start_err(const struct cv_world *w)
{
	return w->start_err;
}
