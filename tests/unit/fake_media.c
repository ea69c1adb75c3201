/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet path without packets. Keeps the promises of media/media.h that a
 * call relies on: ports of a leg and stream never change, an error changes
 * nothing, port 0 gives the pair back once that is agreed on, each fork has its
 * own descriptions, a session that watches leaves RTP alone. Test's thread.
 */
#include "config.h"

#include "fake_media.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_PORT = 20000, GENERATION = 7, LOST = 3, RECEIVED = 1500 };

void cv_fake_media_init(struct cv_media_plane *p)
{
	*p = (struct cv_media_plane){
		.port = FIRST_PORT,
		.sum = {{.rtp_in = RECEIVED, .rtp_out = RECEIVED, .lost = LOST},
			{.rtp_in = RECEIVED, .rtp_out = RECEIVED}},
	};
	cv_list_init(&p->list);
}

struct cv_media *cv_fake_media_last(struct cv_media_plane *p)
{
	return cv_list_is_empty(&p->list)
		       ? NULL
		       : CV_CONTAINER(p->list.prev, struct cv_media, node);
}

static void ours(const struct cv_media *m, const struct cv_place *towards, uint16_t port,
		 struct cv_addr *a)
{
	const char *host = m->moved ? "203.0.113.10" : "198.51.100.10";

	if (towards->side == CV_SIDE_LAN)
		host = "192.168.50.1";
	if (towards->family == AF_INET6)
		host = "2001:db8::10";

	(void)cv_addr_parse(a, cv_str_of(host));
	a->port = port;
}

/* The face towards a place; facec: there is none yet. */
static size_t face_find(const struct cv_media *m, const struct cv_place *place)
{
	struct cv_addr host, is;
	size_t i;

	ours(m, place, 0, &host);
	for (i = 0; i < m->facec; ++i) {
		ours(m, &m->face[i], 0, &is);
		if (cv_addr_eq(&is, &host))
			break;
	}

	return i;
}

/* The same, a new one if need be. */
static size_t face_of(struct cv_media *m, const struct cv_place *place)
{
	size_t i = face_find(m, place);

	if (i == CV_FAKE_FACES)
		return m->base;

	if (i == m->facec)
		m->face[m->facec++] = *place;

	return i;
}

static int media_open(struct cv_media **mp, struct cv_media_plane *p,
		      const struct cv_place *a, const struct cv_place *b, size_t flowc)
{
	struct cv_media *m;

	if (flowc > CV_FAKE_FLOWS)
		return EINVAL;

	m = cv_mem_new(sizeof(*m), NULL);
	if (!m)
		return ENOMEM;

	m->plane = p;
	m->id = ++p->opened;
	m->place[CV_END_A] = *a;
	m->place[CV_END_B] = *b;
	m->talk[0].fork = CV_FORK_ALL;
	m->talk[0].place = *b;
	m->talkc = 1;
	m->face[0] = *b;
	m->facec = 1;
	cv_list_add(&p->list, &m->node);
	*mp = m;

	return 0;
}

static bool carries(const struct cv_flow *f)
{
	return f->rtp.port != 0 && f->carry != CV_CARRY_NONE;
}

static int media_room(const struct cv_media *m, size_t door, const struct cv_flow *in,
		      size_t flowc)
{
	unsigned want = 0;

	for (size_t i = 0; i < flowc; ++i)
		want += carries(&in[i]) && m->port[door][i] == 0;

	return m->plane->max != 0 && m->plane->used + want > m->plane->max ? ENOSPC : 0;
}

static void give(struct cv_media *m, size_t i, size_t door)
{
	m->plane->used -= m->port[door][i] != 0;
	m->port[door][i] = 0;
}

static struct cv_fake_talk *find(struct cv_media *m, uint32_t fork)
{
	if (m->is_answered || fork == CV_FORK_ALL)
		return &m->talk[m->heard];

	for (size_t i = 0; i < m->talkc; ++i) {
		if (m->talk[i].fork == fork)
			return &m->talk[i];
	}

	return NULL;
}

static struct cv_fake_talk *find_or_make(struct cv_media *m, uint32_t fork)
{
	struct cv_fake_talk *t = find(m, fork);

	if (t)
		return t;

	if (m->talk[0].fork == CV_FORK_ALL) {
		t = &m->talk[0];
	} else {
		t = &m->talk[m->talkc < CV_FAKE_FORKS ? m->talkc++ : CV_FAKE_FORKS - 1];
		*t = m->talk[m->heard];
		memset(t->in[CV_END_B], 0, sizeof(t->in[CV_END_B]));
		t->saidc[CV_END_B] = 0;
		t->face = m->base;
	}
	t->fork = fork;

	return t;
}

static void media_stream(struct cv_media *m, size_t door, const struct cv_flow *in,
			 struct cv_flow *out, size_t i)
{
	uint16_t *port = &m->port[door][i];

	*out = *in;
	if (!carries(in))
		return;

	if (*port == 0) {
		*port = m->plane->port;
		m->plane->port += 2;
		++m->plane->used;
	}

	ours(m, door == 0 ? &m->place[CV_END_A] : &m->face[door - 1], *port, &out->rtp);
	if (in->carry == CV_CARRY_TCP)
		return;

	out->rtcp = out->rtp;
	if (m->is_watch)
		out->rtp = in->rtp;
	if (!in->mux || m->is_watch)
		++out->rtcp.port;
	out->mux = in->mux && !m->is_watch;
}

static int media_set(struct cv_media *m, enum cv_end from, uint32_t fork,
		     const struct cv_flow *in, struct cv_flow *out, size_t flowc)
{
	int err = m->plane->set_err;
	size_t door = 0;

	m->plane->set_err = 0;
	if (err)
		return err;
	if (from == CV_END_A)
		door = 1 + (find(m, fork) ? find(m, fork)->face : m->base);

	if (flowc > CV_FAKE_FLOWS)
		return E2BIG;

	for (size_t i = 0; i < flowc; ++i) {
		if (in[i].carry == CV_CARRY_TUNNEL)
			err = carries(&in[i]) ? ENOTSUP : err;
	}

	if (!err)
		err = media_room(m, door, in, flowc);

	if (err)
		return err;

	for (size_t i = 0; i < flowc; ++i) {
		find_or_make(m, fork)->in[from][i] = in[i];
		media_stream(m, door, &in[i], &out[i], i);
	}
	m->is_offered = m->is_offered || (door > 0 && fork == CV_FORK_ALL);
	if (find(m, fork))
		find(m, fork)->saidc[from] = flowc;

	return 0;
}

static int media_face(struct cv_media *m, const struct cv_place *place,
		      const struct cv_flow *in, struct cv_flow *out, size_t flowc)
{
	size_t facec = m->facec, face = face_of(m, place);
	int err = 0;

	if (face == m->base) {
		memcpy(out, in, flowc * sizeof(*in));
		return 0;
	}

	err = media_room(m, 1 + face, in, flowc);
	for (size_t i = 0; !err && i < flowc; ++i)
		media_stream(m, 1 + face, &in[i], &out[i], i);
	if (err)
		m->facec = facec;

	return err;
}

static int media_park(struct cv_media *m, bool parked)
{
	int err = m->plane->park_err;

	m->plane->park_err = 0;
	if (!err)
		m->is_parked = parked;

	return err;
}

static int media_watch(struct cv_media *m, bool on)
{
	int err = m->plane->watch_err;

	m->plane->watch_err = 0;
	if (err)
		return err;

	m->is_watch = on;
	memset(m->said, 0, sizeof(m->said));

	return 0;
}

static void media_watched(const struct cv_media *m, enum cv_end end,
			  struct cv_flow_watch *w)
{
	*w = m->said[end];
}

static void media_close(struct cv_media *m)
{
	if (!m)
		return;

	for (size_t i = 0; i < CV_FAKE_FLOWS; ++i) {
		for (size_t door = 0; door <= CV_FAKE_FACES; ++door)
			give(m, i, door);
	}

	cv_list_del(&m->node);
	cv_mem_unref(m);
}

static void media_place(struct cv_media *m, enum cv_end end, uint32_t fork,
			const struct cv_place *place)
{
	bool is_new = end == CV_END_B && !m->is_answered &&
		      (fork == CV_FORK_ALL ? m->talk[0].fork == fork : !find(m, fork));
	struct cv_fake_talk *t;

	if (end == CV_END_A || fork == CV_FORK_ALL)
		m->place[end] = *place;
	for (size_t i = 0; end == CV_END_B && fork == CV_FORK_ALL && i < m->talkc; ++i)
		m->talk[i].place = *place;
	if (end == CV_END_A)
		return;

	t = find_or_make(m, fork);
	t->place = *place;
	if (!is_new)
		return;

	if (!m->is_offered || face_find(m, place) < m->facec)
		t->face = face_of(m, place);
	if (fork == CV_FORK_ALL)
		m->base = t->face;
}

static void media_manner(struct cv_media *m, enum cv_end end, const struct cv_manner *is)
{
	m->manner[end] = *is;
}

static int media_hear(struct cv_media *m, uint32_t fork)
{
	const struct cv_fake_talk *t = find(m, fork);

	if (!t)
		return ENOENT;

	m->heard = (size_t)(t - m->talk);

	return 0;
}

static bool is_off(const struct cv_fake_talk *t, enum cv_end end, size_t i)
{
	return i < t->saidc[end] && !carries(&t->in[end][i]);
}

static void media_choose(struct cv_media *m, uint32_t fork)
{
	const struct cv_fake_talk *t;

	(void)media_hear(m, fork);
	m->is_answered = true;
	t = &m->talk[m->heard];
	for (size_t i = 0; i < CV_FAKE_FLOWS; ++i) {
		bool off = is_off(t, CV_END_A, i) || is_off(t, CV_END_B, i);

		for (size_t door = 0; door <= CV_FAKE_FACES; ++door) {
			if (off || (door > 0 && door != 1 + t->face))
				give(m, i, door);
		}
	}
}

static void media_anew(struct cv_media *m)
{
	m->talk[0] = m->talk[m->heard];
	m->talk[0].fork = CV_FORK_ALL;
	m->talk[0].face = m->base;
	memset(m->talk[0].in[CV_END_B], 0, sizeof(m->talk[0].in[CV_END_B]));
	m->talkc = 1;
	m->heard = 0;
	m->is_answered = m->is_offered = false;
}

static void media_readdress(struct cv_media *m)
{
	m->moved = true;
}

static uint32_t media_id(const struct cv_media *m)
{
	return m->id;
}

static uint32_t media_gen(const struct cv_media *m)
{
	(void)m;

	return GENERATION;
}

static void media_show(const struct cv_media *m, struct cv_out *out)
{
	char addr[CV_ADDR_STRLEN];
	size_t door = 1 + m->talk[m->heard].face;

	cv_out_list(out, "streams");
	for (size_t i = 0; i < CV_FAKE_FLOWS; ++i) {
		if (m->port[door][i] == 0)
			continue;

		cv_out_item(out);
		cv_out_str(out, "a", "%s",
			   cv_addr_print(&cv_fake_media_in(m, CV_END_A)[i].rtp, addr));
		cv_out_str(out, "b", "%s",
			   cv_addr_print(&cv_fake_media_in(m, CV_END_B)[i].rtp, addr));
		cv_out_num(out, "port_b", m->port[door][i]);
		cv_out_end(out);
	}
	cv_out_end(out);
}

static void media_sum(const struct cv_media *m, enum cv_end end, struct cv_flow_sum *sum)
{
	*sum = m->plane->sum[end];
}

const struct cv_media_ops cv_fake_media_ops = {
	.open = media_open,
	.set = media_set,
	.face = media_face,
	.park = media_park,
	.watch = media_watch,
	.watched = media_watched,
	.close = media_close,
	.place = media_place,
	.manner = media_manner,
	.hear = media_hear,
	.choose = media_choose,
	.anew = media_anew,
	.readdress = media_readdress,
	.id = media_id,
	.gen = media_gen,
	.show = media_show,
	.sum = media_sum,
};
