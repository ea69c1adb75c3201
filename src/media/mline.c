/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One m-line of a session on the signalling side: its ports, what was said
 * about it, and what its media thread is told. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "media/setup.h"

enum {
	LOOP_HOPS = 16, /* streams of ours in a row; more is a circle */
	LOOP_BURST = 10,
	DOORS = 1 + CV_MEDIA_FACES, /* of a line: one towards end A */
};

static void door_init(struct cv_mdoor *d, struct cv_mline *l, enum cv_end end)
{
	d->line = l;
	d->end = end;
	d->pair.rtp = d->pair.rtcp = -1;
}

int cv_mline_new(struct cv_mline **lp, struct cv_media *m, size_t index,
		 enum cv_carry carry)
{
	struct cv_media_plane *p = m->plane;
	struct cv_mline *l;
	int err;

	l = cv_mem_new(sizeof(*l), NULL);
	if (!l)
		return ENOMEM;

	l->plane = p;
	l->session = m;
	l->thread = m->thread;
	l->index = index;
	door_init(&l->door[CV_END_A], l, CV_END_A);
	door_init(&l->door[CV_END_B], l, CV_END_B);
	if (carry == CV_CARRY_TCP)
		l->tcp = cv_mem_zalloc(1, sizeof(*l->tcp));

	err = carry == CV_CARRY_TCP && !l->tcp ? ENOMEM
					       : cv_slots_take(p->lines, &l->slot, l);
	if (err)
		goto out;

	err = cv_arena_clear(p->arena, l->slot);
	if (err) {
		cv_slots_give(p->lines, l->slot);
		goto out;
	}

	++l->thread->load;
	*lp = l;

	return 0;

out:
	free(l->tcp);
	cv_mem_unref(l);

	return err;
}

struct cv_mdoor *cv_mline_door(const struct cv_mline *l, enum cv_end end, unsigned face)
{
	if (end == CV_END_A || face == 0)
		return (struct cv_mdoor *)&l->door[end];

	return l->faces ? &l->faces[face - 1] : NULL;
}

/* All doors of a line one after the other: end A, faces of end B */
static size_t door_count(const struct cv_mline *l)
{
	return l->faces ? DOORS : 2;
}

static struct cv_mdoor *door_at(struct cv_mline *l, size_t i)
{
	return i < 2 ? &l->door[i] : &l->faces[i - 2];
}

void cv_mline_free(struct cv_mline *l)
{
	for (size_t i = 0; i < door_count(l); ++i)
		cv_mdoor_give(door_at(l, i));
	if (l->session)
		l->session->line[l->index] = NULL;
	--l->thread->load;
	cv_list_del(&l->closing);
	cv_slots_give(l->plane->lines, l->slot);
	free(l->more);
	free(l->faces);
	free(l->tcp);
	cv_mem_unref(l);
}

static struct cv_ports *pool_of(const struct cv_mline *l)
{
	return l->tcp ? l->plane->tcp_ports : l->plane->ports;
}

/* NULL: no memory */
static struct cv_mdoor *door_need(struct cv_mline *l, enum cv_end end, unsigned face)
{
	struct cv_mdoor *d = cv_mline_door(l, end, face);

	if (d)
		return d;

	l->faces = cv_mem_zalloc(CV_MEDIA_MORE, sizeof(*l->faces));
	for (size_t i = 0; l->faces && i < CV_MEDIA_MORE; ++i)
		door_init(&l->faces[i], l, end);

	return cv_mline_door(l, end, face);
}

int cv_mline_take(struct cv_mline *l, enum cv_end end, unsigned face)
{
	const struct cv_mpoint *at = cv_media_point(l->session, end, face);
	struct cv_media_plane *p = l->plane;
	struct cv_mdoor *d;
	int err;

	if (!at || !cv_addr_is_set(&at->local))
		return EADDRNOTAVAIL;

	d = door_need(l, end, face);
	if (!d)
		return ENOMEM;

	err = cv_ports_take(pool_of(l), &d->pair, &at->local, p->conf.dscp);
	if (err == ENOSPC)
		cv_stat_add(p->stats, CV_STAT_ports_exhausted, 1);
	if (err)
		return err;

	d->adv = at->adv;
	d->adv.port = d->pair.local.port;
	if (!l->tcp)
		cv_list_add(cv_plane_port_head(p, d->adv.port), &d->node);

	return 0;
}

void cv_mdoor_give(struct cv_mdoor *d)
{
	struct cv_pair *pair = &d->pair;

	if (pair->local.port == 0)
		return;

	cv_ports_shut(pair);
	cv_list_del(&d->node);
	cv_ports_give(pool_of(d->line), &pair->local);
	pair->local.port = 0;
	d->is_over = false;
}

/* The line itself stays until the thread has closed its sockets */
void cv_mline_close(struct cv_mline *l)
{
	if (l->session)
		l->session->line[l->index] = NULL;
	l->session = NULL;
	for (size_t i = 0; i < door_count(l); ++i)
		cv_list_del(&door_at(l, i)->node);
	cv_plane_close_soon(l->plane, l);
}

int cv_mline_send_pair(struct cv_mline *l, enum cv_end end, unsigned face)
{
	struct cv_pair *pair = &cv_mline_door(l, end, face)->pair;
	struct cv_mmsg msg = {
		.type = CV_MMSG_PAIR,
		.slot = l->slot,
		.end = (uint8_t)end,
		.face = (uint8_t)face,
		.u.fd = {pair->rtp, pair->rtcp},
	};
	int err;

	if (l->park != CV_PARK_LIVE) {
		cv_ports_shut(pair);
		return 0;
	}

	err = cv_mthread_send(l->thread, &msg);
	if (err)
		return err;

	pair->rtp = pair->rtcp = -1; /* the thread's now */

	return 0;
}

void cv_mline_keep(struct cv_mline *l, unsigned face)
{
	struct cv_mmsg msg = {
		.type = CV_MMSG_KEEP,
		.slot = l->slot,
		.end = CV_END_B,
		.face = (uint8_t)face,
	};

	if (!l->faces)
		return;

	if (cv_mthread_send(l->thread, &msg)) { /* they stay as long as the line */
		cv_warn("media", "faces-kept id=%u stream=%zu", l->session->id, l->index);
		return;
	}

	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		struct cv_mdoor *d = cv_mline_door(l, CV_END_B, i);

		if (i == face || d->pair.local.port == 0)
			continue;

		d->is_over = true;
		cv_list_del(&d->node);
	}
}

void cv_mline_kept(struct cv_mline *l)
{
	bool is_one = true;

	for (unsigned i = 0; l->faces && i < CV_MEDIA_FACES; ++i) {
		struct cv_mdoor *d = cv_mline_door(l, CV_END_B, i);

		if (d->is_over)
			cv_mdoor_give(d);
		is_one = is_one && (i == 0 || d->pair.local.port == 0);
	}
	if (!is_one)
		return;

	free(l->faces);
	l->faces = NULL;
}

/* The port of ours that `a` names may be followed to where that stream sends: does the
 * way come back to this line? Then its packets would go round for ever. A port of ours
 * that nobody has is as bad: it may be somebody else's soon. */
static bool leads_back(const struct cv_mline *l, const struct cv_addr *a)
{
	struct cv_media_plane *p = l->plane;

	for (int hop = 0; hop < LOOP_HOPS; ++hop) {
		const struct cv_mdoor *d = cv_plane_port(p, a);

		if (!d)
			return cv_plane_port_head(p, a->port) &&
			       cv_net_is_ours(p->conf.net, a);
		if (d->line == l)
			return true;

		a = &d->line->talk.end[d->end == CV_END_A ? CV_END_B : CV_END_A]
			     .addr[CV_COMP_RTP];
	}

	return true;
}

static bool is_in_lan(const struct cv_net *net, const struct cv_addr *a)
{
	return cv_alist_find(net->lan, a) > 0;
}

/* Who isn't a peer, and isn't in the LAN, has no media there, nor in other services of
 * this host: what is sent to it would not be for it (threats 18). */
static bool is_fenced(const struct cv_mline *l, enum cv_end end,
		      const struct cv_place *place, const struct cv_addr *a)
{
	const struct cv_media_conf *conf = &l->plane->conf;

	if (l->tcp || place->side == CV_SIDE_LAN || l->session->manner[end].is_peer ||
	    cv_net_is_same_host(conf->net, a, &place->seen))
		return false;
	if (cv_net_is_ours(conf->net, a))
		return a->port < conf->port_lo || a->port > conf->port_hi;

	return is_in_lan(conf->net, a);
}

static bool can_reach(const struct cv_mline *l, const struct cv_mpoint *from,
		      const struct cv_place *place, const struct cv_addr *a)
{
	struct cv_media_plane *p = l->plane;
	char text[CV_ADDR_STRLEN];

	if (a->port == 0 || !from || a->family != from->local.family ||
	    !cv_net_is_routable(p->conf.net, a, place->side))
		return false;
	if (!leads_back(l, a))
		return true;

	cv_stat_add(p->stats, CV_STAT_media_loops, 1);
	if (cv_log_allow(&p->loop_log, LOOP_BURST))
		cv_warn("media", "loop-refused id=%u stream=%zu addr=%s", l->session->id,
			l->index, cv_addr_print(a, text));

	return false;
}

static bool is_talking(const struct cv_msaid *s)
{
	return s->dir == CV_DIR_SENDRECV || s->dir == CV_DIR_SENDONLY;
}

/* A connection lets the other end talk with whoever listens there: not with services of
 * this host, and for who isn't a peer with its own host only (threats 18). */
static bool may_dial(const struct cv_mline *l, enum cv_end end,
		     const struct cv_place *place, const struct cv_addr *to)
{
	const struct cv_media_conf *conf = &l->plane->conf;
	char text[CV_ADDR_STRLEN];
	bool may;

	if (cv_net_is_ours(conf->net, to)) /* the next call of ours: a loop */
		may = to->port >= conf->tcp_lo && to->port <= conf->tcp_hi;
	else if (l->session->manner[end].is_peer)
		may = is_in_lan(conf->net, to) == (place->side == CV_SIDE_LAN);
	else
		may = cv_net_is_same_host(conf->net, to, &place->seen);

	if (!may && cv_log_allow(&l->plane->loop_log, LOOP_BURST))
		cv_warn("media", "dial-refused id=%u stream=%zu addr=%s", l->session->id,
			l->index, cv_addr_print(to, text));

	return may;
}

/* Who waits for a connection of ours gets one; behind a NAT that is known to forward the
 * port (an entry of nat-systems) at the NAT's face. */
static void expect_dial(const struct cv_mline *l, enum cv_end end,
			const struct cv_place *place, const struct cv_msaid *said,
			struct cv_expect *x)
{
	struct cv_addr *to = &x->to[CV_COMP_RTP];

	if (!cv_msetup_waits(l->tcp, end) || said->addr[CV_COMP_RTP].port == 0)
		return;

	if (!cv_addr_is_set(to) && place->nat_entry != 0) {
		*to = place->seen;
		to->port = said->addr[CV_COMP_RTP].port;
	}
	x->dial = cv_addr_is_set(to) && may_dial(l, end, place, to);
}

int cv_mline_send_expect(struct cv_mline *l, enum cv_end end,
			 const struct cv_mchange *how)
{
	const struct cv_media_plane *p = l->plane;
	struct cv_media *m = l->session;
	const struct cv_mtalk *talk = cv_mline_talk(l, how->at);
	const struct cv_msaid *said = &talk->end[end];
	const struct cv_mfork *other =
		how->at == CV_MEDIA_HEARD ? NULL : &m->others->v[how->at];
	const struct cv_place *place = other ? &other->place : &m->place[end];
	struct cv_mmsg msg = {
		.type = CV_MMSG_EXPECT,
		.slot = l->slot,
		.end = (uint8_t)end,
	};
	struct cv_expect *x = &msg.u.expect;

	*x = (struct cv_expect){
		.class_ = talk->class_,
		.idle_ms = talk->idle_ms,
		.fork = other ? other->fork : m->fork,
		.face = other ? other->face : m->face,
		.follow = place->side != CV_SIDE_FAR,
		.any = m->manner[end].latch_any,
		.dscp = m->manner[end].dscp,
		.keep_ms = place->side == CV_SIDE_FAR ? m->manner[end].keep_ms : 0,
		.resumed = how->resumed,
		.mux = said->mux && (!said->told || said->told_mux),
		.spoken = said->spoken,
		.talks = is_talking(said),
		.aside = other != NULL,
		.news = how->news,
		.only = how->only,
		.watch = m->is_watch,
		.fresh = how->fresh,
	};
	if (end == CV_END_A) { /* who called is one */
		x->fork = CV_FORK_ALL;
		x->face = 0;
	}
	cv_alist_around(p->conf.net->nat_systems, &place->seen, &x->allow[0].lo,
			&x->allow[0].hi);
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		const struct cv_addr *a = &said->addr[i];

		x->reopen[i] = how->reopen[i];
		if (is_fenced(l, end, place, a) ||
		    !can_reach(l, cv_media_point(m, end, x->face), place, a))
			continue;
		x->to[i] = *a;
		x->allow[i + 1].lo = x->allow[i + 1].hi = *a;
	}
	if (l->tcp)
		expect_dial(l, end, place, said, &msg.u.expect);

	return cv_mthread_send(l->thread, &msg);
}

void cv_mline_parked(struct cv_mline *l)
{
	l->park = CV_PARK_DONE;
	if (!l->is_reopening || !l->session)
		return;

	l->is_reopening = false;
	if (cv_mline_unpark(l)) {
		cv_warn("media", "unpark-failed id=%u stream=%zu", l->session->id,
			l->index);
		cv_plane_event(l, CV_END_A, CV_MEDIA_IDLE);
	}
}

int cv_mline_park(struct cv_mline *l)
{
	struct cv_mmsg msg = {.type = CV_MMSG_PARK, .slot = l->slot};
	int err;

	l->is_reopening = false;
	if (l->park != CV_PARK_LIVE)
		return 0;

	err = cv_mthread_send(l->thread, &msg);
	if (!err)
		l->park = CV_PARK_CLOSING;

	return err;
}

static bool is_open(const struct cv_mdoor *d)
{
	return d->pair.local.port > 0 && !d->is_over;
}

int cv_mline_unpark(struct cv_mline *l)
{
	int err = 0;

	if (l->park == CV_PARK_CLOSING)
		l->is_reopening = true; /* when the thread has let go of the numbers */
	if (l->park != CV_PARK_DONE)
		return 0;
	if (cv_mthread_room(l->thread) < DOORS)
		return ENOBUFS;

	for (size_t i = 0; i < door_count(l) && !err; ++i) {
		if (is_open(door_at(l, i)))
			err = cv_ports_reopen(&door_at(l, i)->pair, l->plane->conf.dscp);
	}
	l->park = CV_PARK_LIVE;
	for (size_t i = 0; i < door_count(l) && !err; ++i) {
		if (is_open(door_at(l, i)))
			err = cv_mline_send_pair(l, i == 0 ? CV_END_A : CV_END_B,
						 i == 0 ? 0 : (unsigned)i - 1);
	}
	if (!err)
		return 0;

	l->park = CV_PARK_DONE;
	for (size_t i = 0; i < door_count(l); ++i) {
		if (is_open(door_at(l, i)))
			cv_ports_shut(&door_at(l, i)->pair);
	}

	return err;
}
