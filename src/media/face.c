/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faces: the points of ours towards those who ring at end B of one session, a
 * phone in the LAN and one outside. Signalling thread.
 *
 * Face 0 is where the session began, the base what end A's words to all are
 * shown at; the others exist from when somebody who stands there is told of
 * these words until one has answered. A line has pairs only on faces where it
 * was shown.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "media/media_int.h"

/* What cv_media_face() does, so that an error can take it back */
struct work {
	struct cv_media *m;
	uint8_t face;
	bool is_new;                   /* the face is */
	bool is_taken[CV_MEDIA_FLOWS]; /* this line's pair */
	size_t c;
};

struct cv_mpoint cv_media_point_of(const struct cv_media *m, const struct cv_place *place)
{
	const struct cv_net *net = m->plane->conf.net;
	const struct cv_mpoint none = {.local = {0}};
	const struct cv_point *p;

	if (place->listen >= net->pointc)
		return none;

	p = &net->points[place->listen];
	if (place->family != AF_UNSPEC && place->family != p->media.family)
		return none;

	return (struct cv_mpoint){
		.local = p->media,
		.adv = p->media_adv,
		.listen = place->listen,
	};
}

struct cv_mpoint *cv_media_point(struct cv_media *m, enum cv_end end, unsigned face)
{
	if (end == CV_END_A || face == 0)
		return &m->point[end];

	return m->more ? &m->more[face - 1] : NULL;
}

/* One that shows another address than before is the same one */
static bool is_same(const struct cv_mpoint *a, const struct cv_mpoint *b)
{
	return cv_addr_eq(&a->local, &b->local) &&
	       (a->listen == b->listen || cv_addr_eq(&a->adv, &b->adv));
}

static bool find(struct cv_media *m, const struct cv_mpoint *p, uint8_t *face)
{
	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		const struct cv_mpoint *is = cv_media_point(m, CV_END_B, i);

		if (!is || !is_same(is, p))
			continue;

		*face = (uint8_t)i;

		return true;
	}

	return false;
}

/* EUSERS: there are as many as there may be. */
static int add(struct cv_media *m, const struct cv_mpoint *p, uint8_t *face)
{
	if (!m->more)
		m->more = cv_mem_zalloc(CV_MEDIA_MORE, sizeof(*m->more));
	if (!m->more)
		return ENOMEM;

	for (unsigned i = 0; i < CV_MEDIA_MORE; ++i) {
		if (cv_addr_is_set(&m->more[i].local))
			continue;

		m->more[i] = *p;
		*face = (uint8_t)(i + 1);

		return 0;
	}

	return EUSERS;
}

uint8_t cv_media_face_of(struct cv_media *m, const struct cv_place *place)
{
	struct cv_mpoint p = cv_media_point_of(m, place);
	uint8_t face;

	if (!cv_addr_is_set(&p.local))
		return m->base;
	if (find(m, &p, &face))
		return face;
	if (m->is_offered || add(m, &p, &face)) /* it was shown the base */
		return m->base;

	return face;
}

static int face_need(struct work *w, const struct cv_place *place)
{
	struct cv_mpoint p = cv_media_point_of(w->m, place);
	int err;

	if (!cv_addr_is_set(&p.local))
		return EADDRNOTAVAIL;
	if (w->m->is_answered || w->m->is_watch || find(w->m, &p, &w->face))
		return 0;

	err = add(w->m, &p, &w->face);
	w->is_new = err == 0;

	return err == EUSERS ? 0 : err;
}

static bool is_shown(const struct work *w, size_t i, const struct cv_flow *in)
{
	return w->face != w->m->base && in->rtp.port > 0 && w->m->line[i] &&
	       (in->carry == CV_CARRY_UDP || in->carry == CV_CARRY_TCP);
}

static int pairs_take(struct work *w, const struct cv_flow *in, size_t flowc)
{
	int err = 0;

	if (cv_mthread_room(w->m->thread) < flowc)
		return ENOBUFS;

	w->c = flowc;
	for (size_t i = 0; i < flowc && !err; ++i) {
		struct cv_mline *l = w->m->line[i];
		const struct cv_mdoor *d;

		if (!is_shown(w, i, &in[i]))
			continue;

		d = cv_mline_door(l, CV_END_B, w->face);
		if (d && d->pair.local.port > 0)
			continue;

		err = cv_mline_take(l, CV_END_B, w->face);
		w->is_taken[i] = err == 0;
	}

	return err;
}

static void take_back(struct work *w)
{
	for (size_t i = 0; i < w->c; ++i) {
		if (w->is_taken[i])
			cv_mdoor_give(cv_mline_door(w->m->line[i], CV_END_B, w->face));
	}
	if (w->is_new)
		*cv_media_point(w->m, CV_END_B, w->face) =
			(struct cv_mpoint){.local = {0}};
}

static void say(const struct work *w, size_t i, const struct cv_flow *in,
		struct cv_flow *out)
{
	*out = *in;
	if (!is_shown(w, i, in))
		return;

	out->rtp = cv_mline_door(w->m->line[i], CV_END_B, w->face)->adv;
	if (w->m->line[i]->tcp)
		return;

	out->rtcp = out->rtp;
	if (!out->mux)
		++out->rtcp.port;
}

/* Cannot fail: room for all messages was seen before */
static void commit(const struct work *w, const struct cv_flow *in, struct cv_flow *out)
{
	cv_mthread_hold(w->m->thread);
	for (size_t i = 0; i < w->c; ++i) {
		if (w->is_taken[i])
			(void)cv_mline_send_pair(w->m->line[i], CV_END_B, w->face);
		say(w, i, &in[i], &out[i]);
	}
	cv_mthread_release(w->m->thread);
}

int cv_media_face(struct cv_media *m, const struct cv_place *place,
		  const struct cv_flow *in, struct cv_flow *out, size_t flowc)
{
	struct work w = {.m = m};
	int err;

	if (!m || !place || (flowc > 0 && (!in || !out)))
		return EINVAL;
	if (!m->plane)
		return ESHUTDOWN;
	if (flowc > CV_MEDIA_FLOWS)
		return E2BIG;

	w.face = m->base;
	err = face_need(&w, place);
	if (!err)
		err = pairs_take(&w, in, flowc);
	if (err) {
		take_back(&w);
		return err;
	}

	commit(&w, in, out);

	return 0;
}

static void readdress(struct cv_media *m, enum cv_end end, unsigned face)
{
	const struct cv_net *net = m->plane->conf.net;
	struct cv_mpoint *at = cv_media_point(m, end, face);

	if (!at || !cv_addr_is_set(&at->local) || at->listen >= net->pointc ||
	    !cv_addr_host_eq(&at->local, &net->points[at->listen].media))
		return;

	at->adv = net->points[at->listen].media_adv;
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		struct cv_mdoor *d =
			m->line[i] ? cv_mline_door(m->line[i], end, face) : NULL;

		if (!d || d->pair.local.port == 0)
			continue;

		d->adv = at->adv;
		d->adv.port = d->pair.local.port;
	}
}

void cv_media_readdress(struct cv_media *m)
{
	if (!m || !m->plane)
		return;

	readdress(m, CV_END_A, 0);
	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i)
		readdress(m, CV_END_B, i);
}

void cv_media_face_choose(struct cv_media *m)
{
	const struct cv_mpoint none = {.local = {0}};

	if (!m->more)
		return;

	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (m->line[i])
			cv_mline_keep(m->line[i], m->face);
	}
	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		if (i != m->face)
			*cv_media_point(m, CV_END_B, i) = none;
	}
}
