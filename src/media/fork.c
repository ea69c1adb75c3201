/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several phones that ring at end B of one session. Signalling thread.
 *
 * They share the session's ports, those of one face (face.c). What is said with
 * the one that end A hears lies in the session and its lines, as if there were
 * no other; what is said with the others lies in blocks that exist only until
 * one has answered. To hear another means to change places.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "media/media_int.h"

enum { MSGS_A_LINE = 2 };

int cv_media_fork_line(const struct cv_media *m, struct cv_mline *l)
{
	if (!m->others || l->more)
		return 0;

	l->more = cv_mem_zalloc(CV_MEDIA_OTHERS, sizeof(*l->more));

	return l->more ? 0 : ENOMEM;
}

/* What was offered is offered to each; nobody has heard what another one said */
static struct cv_mtalk first_words(const struct cv_mtalk *heard)
{
	struct cv_mtalk t = *heard;

	t.end[CV_END_B] = (struct cv_msaid){
		.told = t.end[CV_END_A].spoken,
		.told_mux = t.end[CV_END_A].mux,
	};

	return t;
}

static int make_room(struct cv_media *m)
{
	int err = 0;

	if (!m->others)
		m->others = cv_mem_zalloc(1, sizeof(*m->others));
	if (!m->others)
		return ENOMEM;

	for (size_t i = 0; i < CV_MEDIA_FLOWS && !err; ++i) {
		if (m->line[i])
			err = cv_media_fork_line(m, m->line[i]);
	}

	return err;
}

static size_t oldest(const struct cv_mforks *o)
{
	size_t at = 0;

	for (size_t i = 1; i < o->c; ++i) {
		if (o->v[i].age < o->v[at].age)
			at = i;
	}

	return at;
}

static int add(struct cv_media *m, uint32_t fork, int *at)
{
	struct cv_mforks *o;
	size_t i;
	int err;

	err = make_room(m);
	if (err)
		return err;

	o = m->others;
	i = o->c < CV_MEDIA_OTHERS ? o->c++ : oldest(o);
	o->v[i] = (struct cv_mfork){
		.fork = fork,
		.age = ++o->words,
		.face = m->base,
		.place = m->place[CV_END_B],
	};
	for (size_t k = 0; k < CV_MEDIA_FLOWS; ++k) {
		if (m->line[k])
			m->line[k]->more[i] = first_words(&m->line[k]->talk);
	}
	*at = (int)i;

	return 0;
}

static bool find(const struct cv_media *m, uint32_t fork, int *at)
{
	*at = CV_MEDIA_HEARD;
	if (m->is_answered || fork == CV_FORK_ALL || m->fork == fork)
		return true;

	for (size_t i = 0; m->others && i < m->others->c; ++i) {
		*at = (int)i;
		if (m->others->v[i].fork == fork)
			return true;
	}

	return false;
}

int cv_media_fork(struct cv_media *m, uint32_t fork, int *at)
{
	if (find(m, fork, at)) {
		if (*at != CV_MEDIA_HEARD)
			m->others->v[*at].age = ++m->others->words;
		return 0;
	}
	if (m->fork != CV_FORK_ALL)
		return add(m, fork, at);

	m->fork = fork;
	*at = CV_MEDIA_HEARD;

	return 0;
}

static void change_places(struct cv_media *m, int at)
{
	struct cv_mfork *f = &m->others->v[at];
	const struct cv_mfork was = {
		.fork = m->fork,
		.age = ++m->others->words,
		.face = m->face,
		.place = m->place[CV_END_B],
	};

	m->fork = f->fork;
	m->face = f->face;
	m->place[CV_END_B] = f->place;
	*f = was;
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		struct cv_mline *l = m->line[i];
		struct cv_mtalk t;

		if (!l)
			continue;
		t = l->talk;
		l->talk = l->more[at];
		l->more[at] = t;
	}
}

/* Says what is expected of both ends now; A's latch opens where A told this fork another
 * address */
static void tell_line(struct cv_mline *l, const struct cv_msaid *a_was,
		      const struct cv_mchange *how)
{
	struct cv_mchange a = {.at = CV_MEDIA_HEARD};
	const struct cv_msaid *a_is = &l->talk.end[CV_END_A];
	int err;

	for (size_t i = 0; i < CV_COMP_COUNT; ++i)
		a.reopen[i] = !cv_addr_eq(&a_was->addr[i], &a_is->addr[i]);

	err = cv_mline_send_expect(l, CV_END_A, &a);
	if (!err)
		err = cv_mline_send_expect(l, CV_END_B, how);
	if (err)
		cv_warn("media", "fork-lost id=%u stream=%zu", l->session->id, l->index);
}

static size_t count_lines(const struct cv_media *m)
{
	size_t n = 0;

	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i)
		n += m->line[i] != NULL;

	return n;
}

int cv_media_hear(struct cv_media *m, uint32_t fork)
{
	const struct cv_mchange how = {.at = CV_MEDIA_HEARD};
	int at;

	if (!m)
		return EINVAL;
	if (!m->plane)
		return ESHUTDOWN;
	if (!find(m, fork, &at))
		return ENOENT;
	if (at == CV_MEDIA_HEARD)
		return 0;
	if (cv_mthread_room(m->thread) < count_lines(m) * MSGS_A_LINE)
		return ENOBUFS;

	change_places(m, at);
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		struct cv_mline *l = m->line[i];

		if (l)
			tell_line(l, &l->more[at].end[CV_END_A], &how);
	}

	return 0;
}

/* Only the one that is heard is left of all forks */
static void drop_others(struct cv_media *m)
{
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (!m->line[i])
			continue;
		free(m->line[i]->more);
		m->line[i]->more = NULL;
	}
	free(m->others);
	m->others = NULL;
}

/* Lines that come later get ports where the end is now */
static void follow_point(struct cv_media *m, enum cv_end end)
{
	struct cv_mpoint *at = cv_media_point(m, end, m->face);

	*at = cv_media_point_of(m, &m->place[end]);
}

static void choose(struct cv_media *m, uint32_t fork)
{
	const struct cv_mchange how = {.at = CV_MEDIA_HEARD, .only = true};
	bool is_alone = !m->others;

	if (cv_media_hear(m, fork) == ENOBUFS)
		cv_warn("media", "fork-lost id=%u fork=%u", m->id, fork);
	drop_others(m);
	m->is_answered = true;
	cv_media_face_choose(m);
	if (is_alone)
		return;

	follow_point(m, CV_END_B);
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (m->line[i])
			tell_line(m->line[i], &m->line[i]->talk.end[CV_END_A], &how);
	}
}

void cv_media_choose(struct cv_media *m, uint32_t fork)
{
	if (!m || !m->plane)
		return;

	if (!m->is_answered)
		choose(m, fork);
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		struct cv_mline *l = m->line[i];

		if (l && (l->talk.end[CV_END_A].off || l->talk.end[CV_END_B].off))
			cv_mline_close(l);
	}
}

void cv_media_anew(struct cv_media *m)
{
	const struct cv_mchange how = {
		.at = CV_MEDIA_HEARD, .reopen = {true, true}, .only = true};

	if (!m || !m->plane)
		return;

	drop_others(m);
	m->is_answered = m->is_offered = false;
	m->fork = CV_FORK_ALL;
	m->face = m->base;
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		struct cv_mline *l = m->line[i];

		if (!l)
			continue;
		l->talk = first_words(&l->talk);
		tell_line(l, &l->talk.end[CV_END_A], &how);
	}
}

static bool is_same(const struct cv_place *a, const struct cv_place *b)
{
	return a->side == b->side && cv_addr_eq(&a->seen, &b->seen) &&
	       a->family == b->family && a->listen == b->listen &&
	       a->lan_group == b->lan_group && a->nat_entry == b->nat_entry;
}

static bool is_new(const struct cv_media *m, uint32_t fork)
{
	int at;

	if (m->is_answered)
		return false;

	return fork == CV_FORK_ALL ? m->fork == fork : !find(m, fork, &at);
}

/* True: a fork that is new speaks by another face than was thought */
static bool put_face(struct cv_media *m, uint32_t fork, int at,
		     const struct cv_place *place)
{
	uint8_t *is = at == CV_MEDIA_HEARD ? &m->face : &m->others->v[at].face;
	uint8_t was = *is;

	*is = cv_media_face_of(m, place);
	if (fork == CV_FORK_ALL)
		m->base = *is;

	return *is != was;
}

static struct cv_place *place_of(struct cv_media *m, enum cv_end end, int at)
{
	return at == CV_MEDIA_HEARD ? &m->place[end] : &m->others->v[at].place;
}

/* Ports that were taken stay; while it rings, each fork has the face it was shown */
static void put_place(struct cv_media *m, enum cv_end end, int at,
		      const struct cv_place *place)
{
	const struct cv_mchange how = {.at = at, .reopen = {true, true}};

	*place_of(m, end, at) = *place;
	if (end == CV_END_A || m->is_answered)
		follow_point(m, end);
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (m->line[i] && cv_mline_send_expect(m->line[i], end, &how))
			cv_warn("media", "place-lost id=%u stream=%zu", m->id, i);
	}
}

static bool is_same_manner(const struct cv_manner *a, const struct cv_manner *b)
{
	return a->latch_any == b->latch_any && a->is_peer == b->is_peer &&
	       a->dscp == b->dscp && a->keep_ms == b->keep_ms;
}

void cv_media_manner(struct cv_media *m, enum cv_end end, const struct cv_manner *is)
{
	const struct cv_mchange how = {.at = CV_MEDIA_HEARD};

	if (!m || !m->plane || !is || is_same_manner(&m->manner[end], is))
		return;

	m->manner[end] = *is;
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (m->line[i] && cv_mline_send_expect(m->line[i], end, &how))
			cv_warn("media", "manner-lost id=%u stream=%zu", m->id, i);
	}
}

void cv_media_place(struct cv_media *m, enum cv_end end, uint32_t fork,
		    const struct cv_place *place)
{
	int at = CV_MEDIA_HEARD;
	bool is_first, is_moved;

	if (!m || !m->plane || !place)
		return;

	is_first = end == CV_END_B && is_new(m, fork);
	if (end == CV_END_B && cv_media_fork(m, fork, &at)) {
		cv_warn("media", "place-lost id=%u fork=%u", m->id, fork);
		return;
	}

	is_moved = is_first && put_face(m, fork, at, place);
	if (is_moved || !is_same(place_of(m, end, at), place))
		put_place(m, end, at, place);
	if (end == CV_END_A || fork != CV_FORK_ALL || !m->others)
		return;
	for (int i = 0; i < (int)m->others->c; ++i) {
		if (!is_same(place_of(m, end, i), place))
			put_place(m, end, i, place);
	}
}
