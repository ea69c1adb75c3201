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

enum {
	LOOP_HOPS = 16, /* streams of ours in a row; more is a circle */
	LOOP_BURST = 10,
};

int cv_mline_new(struct cv_mline **lp, struct cv_media *m, size_t index)
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
	for (size_t i = 0; i < 2; ++i) {
		l->pair[i].rtp = l->pair[i].rtcp = -1;
		l->ref[i].line = l;
		l->ref[i].end = (enum cv_end)i;
	}

	err = cv_slots_take(p->lines, &l->slot, l);
	if (err) {
		cv_mem_unref(l);
		return err;
	}

	err = cv_arena_clear(p->arena, l->slot);
	if (err) {
		cv_slots_give(p->lines, l->slot);
		cv_mem_unref(l);
		return err;
	}

	++l->thread->load;
	*lp = l;

	return 0;
}

void cv_mline_free(struct cv_mline *l)
{
	for (size_t i = 0; i < 2; ++i)
		cv_mline_give(l, (enum cv_end)i);
	if (l->session)
		l->session->line[l->index] = NULL;
	--l->thread->load;
	cv_list_del(&l->closing);
	cv_slots_give(l->plane->lines, l->slot);
	free(l->more);
	cv_mem_unref(l);
}

int cv_mline_take(struct cv_mline *l, enum cv_end end)
{
	const struct cv_media *m = l->session;
	struct cv_media_plane *p = l->plane;
	int err;

	if (!cv_addr_is_set(&m->local[end]))
		return EADDRNOTAVAIL;

	err = cv_ports_take(p->ports, &l->pair[end], &m->local[end], p->conf.dscp);
	if (err == ENOSPC)
		cv_stat_add(p->stats, CV_STAT_ports_exhausted, 1);
	if (err)
		return err;

	l->adv[end] = m->adv[end];
	l->adv[end].port = l->pair[end].local.port;
	cv_list_add(cv_plane_port_head(p, l->adv[end].port), &l->ref[end].node);

	return 0;
}

void cv_mline_give(struct cv_mline *l, enum cv_end end)
{
	struct cv_pair *pair = &l->pair[end];

	if (pair->local.port == 0)
		return;

	cv_ports_shut(pair);
	cv_list_del(&l->ref[end].node);
	cv_ports_give(l->plane->ports, &pair->local);
	pair->local.port = 0;
}

/* The line itself stays until the thread has closed its sockets */
void cv_mline_close(struct cv_mline *l)
{
	if (l->session)
		l->session->line[l->index] = NULL;
	l->session = NULL;
	for (size_t i = 0; i < 2; ++i)
		cv_list_del(&l->ref[i].node);
	cv_plane_close_soon(l->plane, l);
}

int cv_mline_send_pair(struct cv_mline *l, enum cv_end end)
{
	struct cv_pair *pair = &l->pair[end];
	struct cv_mmsg msg = {
		.type = CV_MMSG_PAIR,
		.slot = l->slot,
		.end = (uint8_t)end,
		.u.fd = {pair->rtp, pair->rtcp},
	};
	int err;

	err = cv_mthread_send(l->thread, &msg);
	if (err)
		return err;

	pair->rtp = pair->rtcp = -1; /* the thread's now */

	return 0;
}

/* The port of ours that `a` names may be followed to where that stream sends: does the
 * way come back to this line? Then its packets would go round for ever. A port of ours
 * that nobody has is as bad: it may be somebody else's soon. */
static bool leads_back(const struct cv_mline *l, const struct cv_addr *a)
{
	struct cv_media_plane *p = l->plane;

	for (int hop = 0; hop < LOOP_HOPS; ++hop) {
		const struct cv_port_ref *ref = cv_plane_port(p, a);

		if (!ref)
			return cv_plane_port_head(p, a->port) &&
			       cv_net_is_ours(p->conf.net, a);
		if (ref->line == l)
			return true;

		a = &ref->line->talk.end[ref->end == CV_END_A ? CV_END_B : CV_END_A]
			     .addr[CV_COMP_RTP];
	}

	return true;
}

static bool can_reach(const struct cv_mline *l, enum cv_end end,
		      const struct cv_place *place, const struct cv_addr *a)
{
	struct cv_media_plane *p = l->plane;
	char text[CV_ADDR_STRLEN];

	if (a->port == 0 || a->family != l->session->local[end].family ||
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

int cv_mline_send_expect(struct cv_mline *l, enum cv_end end,
			 const struct cv_mchange *how)
{
	const struct cv_media_plane *p = l->plane;
	const struct cv_media *m = l->session;
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
	if (end == CV_END_A)
		x->fork = CV_FORK_ALL; /* who called is one */
	cv_alist_around(p->conf.net->nat_systems, &place->seen, &x->allow[0].lo,
			&x->allow[0].hi);
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		const struct cv_addr *a = &said->addr[i];

		x->reopen[i] = how->reopen[i];
		if (!can_reach(l, end, place, a))
			continue;
		x->to[i] = *a;
		x->allow[i + 1].lo = x->allow[i + 1].hi = *a;
	}

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

int cv_mline_unpark(struct cv_mline *l)
{
	int err = 0;

	if (l->park == CV_PARK_CLOSING)
		l->is_reopening = true; /* when the thread has let go of the numbers */
	if (l->park != CV_PARK_DONE)
		return 0;
	if (cv_mthread_room(l->thread) < 2)
		return ENOBUFS;

	for (size_t i = 0; i < 2 && !err; ++i) {
		if (l->pair[i].local.port > 0)
			err = cv_ports_reopen(&l->pair[i], l->plane->conf.dscp);
	}
	for (size_t i = 0; i < 2 && !err; ++i) {
		if (l->pair[i].local.port > 0)
			err = cv_mline_send_pair(l, (enum cv_end)i);
	}
	if (err) {
		cv_ports_shut(&l->pair[CV_END_A]);
		cv_ports_shut(&l->pair[CV_END_B]);
		return err;
	}

	l->park = CV_PARK_LIVE;

	return 0;
}
