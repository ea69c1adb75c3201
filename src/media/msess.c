/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A media session: two places, up to 32 lines. Signalling thread; the rules of
 * what is said to whom are in media.h.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "media/setup.h"

enum { MSGS_A_LINE = 3 }; /* one PAIR and an EXPECT for each end */

/* What one set() does to the lines, so that an error can take it back */
struct work {
	struct cv_media *m;
	enum cv_end from, to;
	int at;       /* fork of end B that says it, or that it is said to */
	uint8_t face; /* of `to`, which is shown it */
	struct {
		struct cv_mline *line; /* NULL: this flow has no stream */
		bool is_new, is_taken;
		bool is_barred;         /* over TCP, and nobody could connect */
		struct cv_msetup setup; /* TCP: as it will be */
		enum cv_setup told;
	} v[CV_MEDIA_FLOWS];
	size_t c;
};

static enum cv_end other(enum cv_end end)
{
	return end == CV_END_A ? CV_END_B : CV_END_A;
}

static struct cv_mthread *least_loaded(const struct cv_media_plane *p)
{
	struct cv_mthread *best = p->thread[0];

	for (size_t i = 1; i < p->threadc; ++i) {
		if (p->thread[i]->load < best->load)
			best = p->thread[i];
	}

	return best;
}

static void session_fini(void *obj)
{
	struct cv_media *m = obj;

	free(m->others);
	free(m->more);
}

int cv_media_open(struct cv_media **mp, struct cv_media_plane *p,
		  const struct cv_place *a, const struct cv_place *b, size_t flowc)
{
	struct cv_media *m;
	int err;

	if (!mp || !p || !p->is_open || !a || !b || flowc > CV_MEDIA_FLOWS)
		return EINVAL;

	m = cv_mem_new(sizeof(*m), session_fini);
	if (!m)
		return ENOMEM;

	err = cv_slots_take(p->sessions, &m->id, m);
	if (err) {
		cv_mem_unref(m);
		return err;
	}

	m->gen = cv_slots_gen(p->sessions, m->id);
	m->plane = p;
	m->thread = least_loaded(p);
	m->fork = CV_FORK_ALL;
	m->manner[CV_END_A] = m->manner[CV_END_B] = (struct cv_manner){
		.latch_any = p->conf.latch_any,
		.dscp = (uint8_t)p->conf.dscp,
		.keep_ms = p->conf.keep_ms,
	};
	m->place[CV_END_A] = *a;
	m->place[CV_END_B] = *b;
	m->point[CV_END_A] = cv_media_point_of(m, a);
	m->point[CV_END_B] = cv_media_point_of(m, b);
	cv_list_add(&p->list, &m->node);
	*mp = m;

	return 0;
}

static bool is_off(const struct cv_flow *f)
{
	return f->carry == CV_CARRY_NONE || f->rtp.port == 0;
}

static int check(const struct cv_media *m, const struct cv_flow *in, size_t flowc)
{
	size_t lines = 0;

	if (!m->plane)
		return ESHUTDOWN;
	if (flowc > CV_MEDIA_FLOWS)
		return E2BIG;

	for (size_t i = 0; i < flowc; ++i) {
		if (!is_off(&in[i]) && in[i].carry == CV_CARRY_TUNNEL)
			return ENOTSUP;
		if (!is_off(&in[i]) && m->line[i] &&
		    (in[i].carry == CV_CARRY_TCP) != (m->line[i]->tcp != NULL))
			return ENOTSUP; /* a line that was UDP can't become TCP */
		lines += !is_off(&in[i]) || m->line[i];
	}

	return cv_mthread_room(m->thread) < lines * MSGS_A_LINE ? ENOBUFS : 0;
}

/* Behind a NAT nobody can be connected to, unless it is known to forward */
static bool is_reachable(const struct cv_place *p)
{
	return p->side != CV_SIDE_FAR || p->nat_entry != 0;
}

/* A stream over TCP for which each end could only wait has no place */
static bool is_barred(struct work *w, size_t i, const struct cv_flow *in)
{
	const struct cv_media *m = w->m;
	struct cv_msetup *s = &w->v[i].setup;

	if (in->carry != CV_CARRY_TCP)
		return false;
	if (m->line[i])
		*s = *m->line[i]->tcp;

	s->tls = in->tls;
	s->end[CV_END_A].reachable = is_reachable(&m->place[CV_END_A]);
	s->end[CV_END_B].reachable =
		is_reachable(w->at == CV_MEDIA_HEARD ? &m->place[CV_END_B]
						     : &m->others->v[w->at].place);
	w->v[i].is_barred = !m->plane->tcp_ports ||
			    cv_msetup_say(s, w->from, in->setup, &w->v[i].told) != 0;

	return w->v[i].is_barred;
}

/* Goes direct, and nobody tells how it goes */
static bool is_unwatched(const struct work *w, const struct cv_flow *in)
{
	return w->m->is_watch && in->carry == CV_CARRY_TCP;
}

static int gather_one(struct work *w, size_t i, enum cv_carry carry)
{
	struct cv_media *m = w->m;
	const struct cv_mdoor *d;
	int err;

	w->v[i].line = m->line[i];
	if (!m->line[i]) {
		err = cv_mline_new(&w->v[i].line, m, i, carry);
		if (err)
			return err;
		w->v[i].is_new = true;
		err = cv_media_fork_line(m, w->v[i].line);
		if (err)
			return err;
	}
	d = cv_mline_door(w->v[i].line, w->to, w->face);
	if (d && d->pair.local.port > 0)
		return 0;

	err = cv_mline_take(w->v[i].line, w->to, w->face);
	w->v[i].is_taken = err == 0;

	return err;
}

/* Takes all lines and ports that this set() needs; nothing is told to the thread */
static int gather(struct work *w, const struct cv_flow *in, size_t flowc)
{
	int err = 0;

	w->c = flowc;
	for (size_t i = 0; i < flowc && !err; ++i) {
		if (is_off(&in[i]) || is_unwatched(w, &in[i]) || is_barred(w, i, &in[i]))
			continue;

		err = gather_one(w, i, in[i].carry);
	}

	return err;
}

static void take_back(struct work *w)
{
	for (size_t i = 0; i < w->c; ++i) {
		if (w->v[i].is_taken)
			cv_mdoor_give(cv_mline_door(w->v[i].line, w->to, w->face));
		if (w->v[i].is_new)
			cv_mline_free(w->v[i].line);
	}
}

static enum cv_mclass class_of(const struct cv_flow *f)
{
	switch (f->profile) {
	case CV_PROFILE_AVP:
	case CV_PROFILE_AVPF:
		return CV_MCLASS_RTP;
	case CV_PROFILE_SAVP:
	case CV_PROFILE_SAVPF:
		return CV_MCLASS_RTP_DTLS;
	case CV_PROFILE_UDPTL:
	case CV_PROFILE_TCP:
	case CV_PROFILE_OTHER:
		break;
	}

	return CV_MCLASS_ANY;
}

static struct cv_addr rtcp_of(const struct cv_flow *f)
{
	struct cv_addr a = f->rtcp;

	if (f->mux)
		return f->rtp;
	if (cv_addr_is_set(&a) && a.port > 0)
		return a;

	a = f->rtp;
	a.port = a.port < UINT16_MAX ? (uint16_t)(a.port + 1) : 0;

	return a;
}

/* A new address opens the latch; 0.0.0.0 is the old way to hold (RFC 3264 8.4) and says
 * nothing about where the party is */
static bool note_addr(struct cv_addr *said, const struct cv_addr *now)
{
	if (cv_addr_kind(now) == CV_ADDR_ANY && cv_addr_is_set(said))
		return false;
	if (cv_addr_eq(said, now))
		return false;

	*said = *now;

	return true;
}

static void note_flow(struct work *w, size_t i, const struct cv_flow *in,
		      struct cv_mchange *how)
{
	const struct cv_media_conf *conf = &w->m->plane->conf;
	struct cv_mtalk *talk = cv_mline_talk(w->v[i].line, w->at);
	struct cv_msaid *from = &talk->end[w->from], *to = &talk->end[w->to];
	struct cv_addr said = rtcp_of(in);
	struct cv_addr rtp = cv_net_inward(conf->net, &in->rtp);
	struct cv_addr rtcp = cv_net_inward(conf->net, &said);

	how->reopen[CV_COMP_RTP] = note_addr(&from->addr[CV_COMP_RTP], &rtp);
	how->reopen[CV_COMP_RTCP] = note_addr(&from->addr[CV_COMP_RTCP], &rtcp);
	how->resumed = from->spoken && from->dir != CV_DIR_SENDRECV &&
		       in->dir == CV_DIR_SENDRECV;
	if (w->v[i].line->tcp)
		*w->v[i].line->tcp = w->v[i].setup;
	from->spoken = true;
	from->mux = in->mux;
	from->dir = in->dir;
	from->off = false;
	talk->class_ = class_of(in);
	talk->idle_ms = in->idle_ms > 0 ? in->idle_ms : conf->idle_ms;
	if (w->m->is_watch)
		talk->idle_ms = 0; /* that no RTCP comes means nothing */
	to->told = true;
	/* An end that has spoken keeps its own way of RTCP: we stand between */
	to->told_mux = (to->spoken ? to->mux : in->mux) && !w->m->is_watch;
}

/* End A has one latch: it gets to know what is said with the fork that is heard */
static void send_expect(const struct work *w, struct cv_mline *l, enum cv_end end,
			const struct cv_mchange *how)
{
	if (end == CV_END_B || w->at == CV_MEDIA_HEARD)
		(void)cv_mline_send_expect(l, end, how);
}

static void say(const struct work *w, struct cv_mline *l, const struct cv_flow *in,
		struct cv_flow *out)
{
	*out = *in;
	out->rtp = cv_mline_door(l, w->to, w->face)->adv;
	if (l->tcp)
		return;

	out->rtcp = out->rtp;
	out->mux = cv_mline_talk(l, w->at)->end[w->to].told_mux;
	if (!out->mux)
		++out->rtcp.port;
	if (w->m->is_watch)
		out->rtp = in->rtp;
}

/* Port 0 ends a stream when both have agreed on it, which is said by cv_media_choose() */
static void refuse(const struct work *w, size_t i)
{
	struct cv_mchange how = {.at = w->at};
	struct cv_mline *l = w->m->line[i];

	if (!l)
		return;

	cv_mline_talk(l, w->at)->end[w->from] = (struct cv_msaid){.off = true};
	send_expect(w, l, w->from, &how);
}

/* Cannot fail: room for all messages was seen in check() */
static void commit(struct work *w, const struct cv_flow *in, struct cv_flow *out)
{
	const struct cv_mchange keep = {.at = w->at};

	cv_mthread_hold(w->m->thread);
	for (size_t i = 0; i < w->c; ++i) {
		struct cv_mchange how = {.at = w->at, .news = true};
		struct cv_mline *l = w->v[i].line;

		if (!l) {
			refuse(w, i);
			out[i] = in[i];
			if (w->v[i].is_barred)
				out[i].rtp.port = 0;
			continue;
		}

		w->m->line[i] = l;
		note_flow(w, i, &in[i], &how);
		if (w->v[i].is_taken)
			(void)cv_mline_send_pair(l, w->to, w->face);
		send_expect(w, l, w->from, &how);
		send_expect(w, l, w->to, &keep);
		say(w, l, &in[i], &out[i]);
		if (l->tcp)
			out[i].setup = w->v[i].told;
	}
	cv_mthread_release(w->m->thread);
}

int cv_media_set(struct cv_media *m, enum cv_end from, uint32_t fork,
		 const struct cv_flow *in, struct cv_flow *out, size_t flowc)
{
	struct work w = {.m = m, .from = from, .to = other(from)};
	int err;

	if (!m || (flowc > 0 && (!in || !out)))
		return EINVAL;

	err = check(m, in, flowc);
	if (err)
		return err;

	err = cv_media_fork(m, fork, &w.at);
	if (err)
		return err;

	if (w.to == CV_END_B)
		w.face = w.at == CV_MEDIA_HEARD ? m->face : m->others->v[w.at].face;
	err = gather(&w, in, flowc);
	if (err) {
		take_back(&w);
		return err;
	}

	commit(&w, in, out);
	if (from == CV_END_A && fork == CV_FORK_ALL)
		m->is_offered = true;

	return 0;
}

int cv_media_park(struct cv_media *m, bool parked)
{
	int err = 0;

	if (!m)
		return EINVAL;
	if (!m->plane)
		return ESHUTDOWN;
	if (cv_mthread_room(m->thread) < (size_t)CV_MEDIA_FLOWS * 2)
		return ENOBUFS;

	for (size_t i = 0; i < CV_MEDIA_FLOWS && !err; ++i) {
		if (m->line[i])
			err = parked ? cv_mline_park(m->line[i])
				     : cv_mline_unpark(m->line[i]);
	}
	for (size_t i = 0; i < CV_MEDIA_FLOWS && err && !parked; ++i) {
		if (m->line[i])
			(void)cv_mline_park(m->line[i]); /* all or none */
	}

	return err;
}

bool cv_media_is_parked(const struct cv_media *m)
{
	bool parked = false;

	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (m->line[i] && m->line[i]->park == CV_PARK_LIVE)
			return false;

		parked = parked || m->line[i];
	}

	return parked;
}

void cv_media_detach(struct cv_media *m)
{
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (m->line[i])
			cv_mline_close(m->line[i]);
	}
	cv_slots_give(m->plane->sessions, m->id);
	cv_list_del(&m->node);
	m->plane = NULL;
	m->thread = NULL;
}

void cv_media_close(struct cv_media *m)
{
	if (!m)
		return;

	if (m->plane)
		cv_media_detach(m);
	cv_mem_unref(m);
}

uint32_t cv_media_id(const struct cv_media *m)
{
	return m ? m->id : 0;
}

uint32_t cv_media_gen(const struct cv_media *m)
{
	return m ? m->gen : 0;
}

int cv_media_report(const struct cv_media *m, size_t stream, enum cv_end end,
		    struct cv_media_report *r)
{
	const struct cv_cell_end *c;
	const struct cv_mdoor *d;
	const struct cv_mline *l;
	uint8_t proof;

	if (!m || !r)
		return EINVAL;
	if (!m->plane || stream >= CV_MEDIA_FLOWS || !m->line[stream])
		return ENOENT;

	l = m->line[stream];
	c = &cv_arena_cell(m->plane->arena, l->slot)->end[end];
	*r = (struct cv_media_report){
		.rtp_in = cv_cell_read(c, CV_COUNT_RTP_IN),
		.rtp_out = cv_cell_read(c, CV_COUNT_RTP_OUT),
		.rtcp_in = cv_cell_read(c, CV_COUNT_RTCP_IN),
		.rtcp_out = cv_cell_read(c, CV_COUNT_RTCP_OUT),
		.bytes_in = cv_cell_read(c, CV_COUNT_BYTES_IN),
		.foreign = cv_cell_read(c, CV_COUNT_FOREIGN),
		.wait = cv_cell_read(c, CV_COUNT_WAIT),
		.lost = cv_cell_read(c, CV_COUNT_LOST),
		.unheard = cv_cell_read_unheard(c),
		.refused = atomic_load_explicit(&c->refused, memory_order_relaxed),
	};
	d = cv_mline_door(l, end, m->face);
	if (d && d->pair.local.port > 0)
		r->local = d->pair.local;
	cv_cell_get_remote(c, &r->remote, &proof);
	r->proof = (enum cv_media_proof)proof;
	r->latched = r->proof != CV_PROOF_NONE;

	return 0;
}

void cv_media_sum(const struct cv_media *m, enum cv_end end, struct cv_flow_sum *sum)
{
	struct cv_media_report r;

	*sum = (struct cv_flow_sum){.rtp_in = 0};
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		if (cv_media_report(m, i, end, &r))
			continue;

		if (!cv_addr_is_set(&sum->local)) {
			sum->local = r.local;
			sum->remote = r.remote;
		}
		sum->rtp_in += r.rtp_in;
		sum->rtp_out += r.rtp_out;
		sum->rtcp_in += r.rtcp_in;
		sum->lost += r.lost;
		sum->foreign += r.foreign;
		sum->refused += r.refused;
		sum->wait += r.wait;
	}
}

static void show_end(const struct cv_media *m, size_t stream, enum cv_end end,
		     struct cv_out *out)
{
	char local[CV_ADDR_STRLEN], remote[CV_ADDR_STRLEN];
	struct cv_media_report r;

	if (cv_media_report(m, stream, end, &r))
		return;

	cv_out_item(out);
	cv_out_num(out, "stream", (int64_t)stream);
	cv_out_str(out, "end", "%s", end == CV_END_A ? "a" : "b");
	cv_out_str(out, "side", "%s", cv_side_name(m->place[end].side));
	cv_out_str(out, "local", "%s", cv_addr_print(&r.local, local));
	cv_out_str(out, "remote", "%s", cv_addr_print(&r.remote, remote));
	cv_out_str(out, "carry", "%s", m->line[stream]->tcp ? "tcp" : "udp");
	cv_out_bool(out, "latched", r.latched);
	cv_out_str(out, "proof", "%s", cv_media_proof_name(r.proof));
	cv_out_bool(out, "parked", m->line[stream]->park != CV_PARK_LIVE);
	cv_out_num(out, "rtp_in", (int64_t)r.rtp_in);
	cv_out_num(out, "rtp_out", (int64_t)r.rtp_out);
	cv_out_num(out, "rtcp_in", (int64_t)r.rtcp_in);
	cv_out_num(out, "rtcp_out", (int64_t)r.rtcp_out);
	cv_out_num(out, "bytes_in", (int64_t)r.bytes_in);
	cv_out_num(out, "foreign", (int64_t)r.foreign);
	cv_out_num(out, "refused", (int64_t)r.refused);
	cv_out_num(out, "wait", (int64_t)r.wait);
	cv_out_num(out, "lost", (int64_t)r.lost);
	cv_out_num(out, "unheard", (int64_t)r.unheard);
	cv_out_end(out);
}

void cv_media_show(const struct cv_media *m, struct cv_out *out)
{
	if (!m || !out)
		return;

	cv_out_list(out, "streams");
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		show_end(m, i, CV_END_A, out);
		show_end(m, i, CV_END_B, out);
	}
	cv_out_end(out);
}
