/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offers and answers (RFC 3264) on their way through a call: description ->
 * flows -> packet path -> description. Signalling thread.
 *
 * At most one offer is open in a talk, since what one leg offers is what the
 * other is offered. In it each party has two sets of lines: what it said last (now)
 * and what it said when both last agreed (good). A refused offer goes back to
 * the good ones, in the packet path too, so the talk goes on as it was.
 *
 * While a call rings there is a talk with each place that rings, with offers and
 * answers of its own; A hears the place whose 1xx brought a description last.
 *
 *   INVITE, UPDATE with a description     offer
 *   1xx                                   a preview: of the answer, or of the
 *                                         offer when the INVITE had none
 *   reliable 1xx, and PRACK for it        what a 2xx and its ACK are: the answer;
 *                                         the offer when the INVITE had none, and
 *                                         its answer (RFC 3262 5)
 *   PRACK with no offer open              offer, answered in its 2xx
 *   1xx or 2xx after that                 the same answer again, or of another fork
 *   2xx                                   answer; offer when the INVITE had none
 *   2xx without, after a preview          the preview was the answer
 *   ACK                                   answer to the offer of the 2xx
 *   anything else                         a description in it goes no further,
 *                                         its addresses would mislead
 *
 * Without a relay every body passes byte for byte. Nothing is kept then, unless the call
 * keeps what was said (restate.c).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "call/trial.h"
#include "call/unfold.h"

enum role { ROLE_NONE = 0, ROLE_OFFER, ROLE_ANSWER, ROLE_PREVIEW, ROLE_GLARE };

/* One description on its way. */
struct work {
	struct cv_pair *p;
	struct cv_party *from, *to;
	struct cv_talk *talk;
	const struct cv_msg *m;
	enum role role;
	bool direct;        /* no relay: it passes as it is */
	struct cv_str text; /* the description in m->body */
	struct cv_sdp *sdp;
	struct cv_lines *lines;
	struct cv_addr shown; /* of ours, before loops are unfolded */
	struct cv_unfold_work loop;
	struct cv_flow in[CV_SDP_MEDIA], out[CV_SDP_MEDIA];
};

static bool is_2xx(const struct cv_msg *m)
{
	return m->status >= 200 && m->status < 300;
}

static bool is_request(const struct cv_msg *m)
{
	return m->status == 0 && m->method != CV_METHOD_ACK;
}

/* Methods whose bodies take part in offer and answer. */
static bool may_offer(enum cv_method m)
{
	return m == CV_METHOD_INVITE || m == CV_METHOD_UPDATE || m == CV_METHOD_ACK ||
	       m == CV_METHOD_PRACK;
}

static bool is_live(const struct cv_flow *f)
{
	return f->rtp.port != 0 && (f->carry == CV_CARRY_UDP || f->carry == CV_CARRY_TCP);
}

static bool answers(const struct cv_talk *t, const struct cv_pair *p, enum cv_end from)
{
	return t->offered_in == p && t->offerer != from;
}

static enum role role_of(const struct cv_talk *t, const struct cv_pair *p,
			 enum cv_end from, const struct cv_msg *m)
{
	const struct cv_pair *open = t->offered_in;
	bool own = !open || (open == p && t->offerer == from);

	if (!may_offer(m->method) || m->status >= 300)
		return ROLE_NONE;

	if (m->method == CV_METHOD_PRACK && m->status == 0 && open &&
	    open->method == CV_METHOD_INVITE && t->offerer != from)
		return ROLE_ANSWER;

	if (is_request(m))
		return open ? ROLE_GLARE : ROLE_OFFER;

	if (t->agreed_in == p && p->from != from)
		return open ? ROLE_NONE : ROLE_ANSWER;

	if (answers(t, p, from))
		return m->status < 200 && m->status != 0 && !m->reliable ? ROLE_PREVIEW
									 : ROLE_ANSWER;

	if (m->status != 0 && m->method == CV_METHOD_INVITE && own)
		return ROLE_OFFER;

	return ROLE_NONE;
}

static void put(struct cv_lines **to, struct cv_lines *lines)
{
	cv_mem_ref(lines);
	cv_mem_unref(*to);
	*to = lines;
}

/* Streams that are in no talk any more end; while it rings another fork may want them. */
static void media_settle(struct cv_call *call, const struct cv_talk *t)
{
	if (call->media && t->fork != CV_FORK_ALL && t == &call->talk)
		call->calls->env.media->choose(call->media, t->fork);
}

/* Both said what they want: this is what a refusal goes back to from now on. */
static void agree(struct cv_call *call, struct cv_talk *t)
{
	for (size_t i = 0; i < 2; ++i)
		put(&t->good[i], t->now[i]);

	t->offered_in = NULL;
	t->previewed = false;
	media_settle(call, t);
	cv_trial_agreed(call);
}

static void strip(struct cv_pass *out)
{
	out->m.type = CV_STR_NULL;
	out->m.body = CV_STR_NULL;
}

static void note_codec(struct cv_call *call, const struct cv_sdp *sdp)
{
	for (size_t i = 0; i < cv_sdp_count(sdp); ++i) {
		struct cv_str codec = cv_sdp_codec(sdp, i);

		if (cv_sdp_flow(sdp, i)->rtp.port == 0 || codec.len == 0)
			continue;

		(void)snprintf(call->codec, sizeof(call->codec), CV_STR_FMT,
			       CV_STR_ARG(codec));
		return;
	}
}

/* No relay: the body stays what it is; only the log wants to know the codec. */
static void peek(struct cv_call *call, const struct cv_msg *m, struct cv_str text)
{
	struct cv_sdp *sdp = NULL;

	if (!is_2xx(m) || m->method != CV_METHOD_INVITE)
		return;

	if (cv_sdp_parse(&sdp, text) == 0)
		note_codec(call, sdp);

	cv_mem_unref(sdp);
}

static void lines_fini(void *obj)
{
	struct cv_lines *lines = obj;

	cv_mem_unref(lines->of);
}

/* Flows as the packet path gets them. A stream it can't carry is refused alone, by port
 * 0, so that a call with sound and a shared desktop keeps its sound. */
static int lines_read(struct work *w)
{
	size_t c = cv_sdp_count(w->sdp), len = w->p->call->keeps_text ? w->text.len : 0;
	struct cv_lines *lines;

	if (c > CV_SDP_MEDIA)
		return E2BIG;

	lines = cv_mem_new(sizeof(*lines) + c * sizeof(lines->v[0]) + len, lines_fini);
	if (!lines)
		return ENOMEM;

	lines->c = c;
	lines->text = cv_str_make((const char *)&lines->v[c], len);
	memcpy(&lines->v[c], w->text.p, len);
	for (size_t i = 0; i < c; ++i) {
		struct cv_line *l = &lines->v[i];

		(void)snprintf(l->name, sizeof(l->name), CV_STR_FMT,
			       CV_STR_ARG(cv_sdp_media_name(w->sdp, i)));
		w->in[i] = w->out[i] = *cv_sdp_flow(w->sdp, i);
		if (w->in[i].own_path)
			w->in[i].rtp.port = 0;

		l->flow = w->in[i];
		l->flow.crypt = l->flow.ice = NULL;
	}

	w->lines = lines;

	return 0;
}

static int media_need(struct work *w)
{
	struct cv_call *call = w->p->call;
	const struct cv_call_env *env = &call->calls->env;
	int err;

	cv_trial_relayed(call);
	if (call->media)
		return 0;

	err = env->media->open(&call->media, env->plane, &call->party[CV_END_A].place,
			       &call->party[CV_END_B].place, w->lines->c);
	if (err)
		return err;

	for (size_t i = 0; i < 2; ++i)
		cv_call_manner(&call->party[i]);
	cv_stat_add(env->stat, CV_STAT_relays_made, 1);
	cv_call_link_media(call);

	return 0;
}

/* Tells the packet path again what an end said earlier; streams that came later end. */
static void media_repeat(struct cv_call *call, uint32_t fork, enum cv_end end,
			 const struct cv_lines *lines, size_t c)
{
	struct cv_flow in[CV_SDP_MEDIA] = {{.rtp = {0}}}, out[CV_SDP_MEDIA];
	int err;

	if (!call->media || !lines)
		return;

	for (size_t i = 0; i < lines->c; ++i)
		in[i] = lines->v[i].flow;

	if (c < lines->c)
		c = lines->c;

	err = call->calls->env.media->set(call->media, end, fork, in, out, c);
	if (err)
		cv_warn("call", "media not restored call=%s end=%s err=%s", call->id,
			cv_call_party_name(end), strerror(err));
}

static void undo(struct cv_call *call, struct cv_talk *t, const struct cv_pair *p)
{
	if (t->agreed_in == p)
		t->agreed_in = NULL;

	if (t->offered_in != p)
		return;

	t->offered_in = NULL;
	t->previewed = false;
	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		if (t->now[end] == t->good[end] || !t->now[end])
			continue;

		media_repeat(call, t->fork, (enum cv_end)end, t->good[end],
			     t->now[end]->c);
		put(&t->now[end], t->good[end]);
	}

	media_settle(call, t);
}

/* The message that ends an exchange came without a description. */
static void settle(struct cv_talk *t, const struct cv_pair *p, enum cv_end from,
		   const struct cv_msg *m)
{
	bool last = is_2xx(m) || m->method == CV_METHOD_ACK;

	if (!t || !last || !answers(t, p, from))
		return;

	if (t->previewed)
		agree(p->call, t);
	else if (p == p->call->setup)
		t->offered_in = NULL;
	else
		undo(p->call, t, p); /* nobody has agreed to anything new */
}

static int text_write(struct work *w, struct cv_pass *out)
{
	struct cv_addr shown = w->shown;
	struct cv_origin *o = cv_talk_origin(w->p->call, w->talk, w->to->end, &shown);
	struct cv_sdp_edit edit = {
		.flows = w->out,
		.flowc = w->lines->c,
		.drop_ice = !w->direct,
	};
	const char *body = w->m->body.p, *tail = w->text.p + w->text.len;
	bool as_said = w->direct && w->p->in;
	int err;

	if (!w->direct)
		edit.origin = cv_origin_host(o, &shown, w->to->place.family);
	cv_buf_write(&out->buf, body, (size_t)(w->text.p - body));
	err = as_said ? cv_origin_pass(o, w->sdp, &edit, &out->buf)
		      : cv_origin_write(o, w->sdp, &edit, &out->buf);
	if (err)
		return err;

	cv_buf_write(&out->buf, tail, (size_t)(body + w->m->body.len - tail));
	out->m.body = cv_buf_view(&out->buf);

	return cv_buf_err(&out->buf);
}

static bool is_held(const struct cv_flow *f)
{
	return f->dir == CV_DIR_SENDONLY || f->dir == CV_DIR_INACTIVE;
}

/* A re-INVITE or UPDATE that holds or resumes. */
static void explain_hold(const struct work *w, size_t i)
{
	const struct cv_lines *old = w->talk->now[w->from->end];
	const struct cv_flow *f = &w->in[i];
	char what[32];

	if (!old || i >= old->c || w->role != ROLE_OFFER ||
	    is_held(&old->v[i].flow) == is_held(f))
		return;

	(void)snprintf(what, sizeof(what), "%s of %s", w->lines->v[i].name,
		       cv_call_party_name(w->from->end));
	cv_evid_add(w->p->call->evid, what, is_held(f) ? "hold" : "resumed",
		    "%s asks for %s", cv_method_name(w->m->method), cv_dir_name(f->dir));
}

static void explain_line(const struct work *w, size_t i)
{
	char was[CV_ADDR_STRLEN], is[CV_ADDR_STRLEN], what[32];
	const struct cv_lines *old = w->talk->now[w->from->end];
	const struct cv_flow *f = &w->in[i];

	/* our own INVITE: what we show has changed, or may have */
	if (w->p->in && old && i < old->c && cv_addr_eq(&old->v[i].flow.rtp, &f->rtp))
		return;

	(void)snprintf(what, sizeof(what), "%s of %s", w->lines->v[i].name,
		       cv_call_party_name(w->from->end));
	if (is_live(f) && w->out[i].rtp.port > 0)
		cv_evid_add(w->p->call->evid, what, "rewritten", "%s shown to %s as %s",
			    cv_addr_print(&f->rtp, was), cv_call_party_name(w->to->end),
			    cv_addr_print(&w->out[i].rtp, is));
	else if (is_live(f))
		cv_evid_add(w->p->call->evid, what, "refused",
			    "over TCP both would wait for a connection, for a NAT stands "
			    "before one of them");
	else if (cv_sdp_flow(w->sdp, i)->rtp.port != 0 && f->rtp.port == 0)
		cv_evid_add(w->p->call->evid, what, "refused",
			    "its parties follow addresses inside of it (MSRP without "
			    "msrp-cema): it can't be relayed");
}

/* A hears who rings as the last with a description, until one answers. */
static void hear(const struct work *w)
{
	const struct cv_call *call = w->p->call;
	int err;

	if (w->m->method != CV_METHOD_INVITE || w->m->status == 0 ||
	    w->m->status >= 200 || w->talk == &call->talk || !call->media)
		return;

	err = call->calls->env.media->hear(call->media, w->talk->fork);
	if (err)
		cv_warn("call", "fork not heard call=%s err=%s", call->id, strerror(err));
}

static void keep(struct work *w)
{
	struct cv_talk *t = w->talk;

	for (size_t i = 0; i < w->lines->c; ++i) {
		explain_hold(w, i);
		if (!w->direct)
			explain_line(w, i);
	}

	put(&t->now[w->from->end], w->lines);
	switch (w->role) {
	case ROLE_OFFER:
		t->offered_in = w->p;
		t->offerer = w->from->end;
		t->previewed = false;
		break;
	case ROLE_PREVIEW:
		t->previewed = true;
		break;
	case ROLE_ANSWER:
		if (t->offered_in && w->m->status < 200)
			t->agreed_in = t->offered_in;
		agree(w->p->call, t);
		note_codec(w->p->call, w->sdp);
		break;
	case ROLE_NONE:
	case ROLE_GLARE:
		break;
	}

	hear(w);
}

/* The packet path takes what A said last for what it said to a fork that is new to it. */
static void media_set_apart(struct work *w)
{
	struct cv_talk *t = w->talk;
	const struct cv_lines *said = t->now[CV_END_A];

	if (!t->is_apart || w->from->end == CV_END_A)
		return;

	t->is_apart = false;
	media_repeat(w->p->call, t->fork, CV_END_A, said, w->lines->c);
}

/* What it says goes to the packet path, when there is one. */
static int media_set(struct work *w)
{
	struct cv_call *call = w->p->call;
	int err;

	if (w->direct) {
		cv_trial_flows(call, w->from->end, w->talk->fork, w->out, w->lines->c);
		return 0;
	}

	err = media_need(w);
	if (err)
		return err;

	return call->calls->env.media->set(call->media, w->from->end, w->talk->fork,
					   w->in, w->out, w->lines->c);
}

/* The address it names may be one of ours. */
static int loop_follow(struct work *w)
{
	w->loop = (struct cv_unfold_work){
		.pair = w->p,
		.m = w->m,
		.from = w->from,
		.to = w->to,
		.talk = w->talk,
		.sdp = w->sdp,
		.in = w->in,
		.out = w->out,
	};

	return w->direct ? 0 : cv_unfold_follow(&w->loop);
}

static void loop_tell(struct work *w)
{
	w->loop.lines = w->lines;
	w->shown = cv_origin_shown(w->out, w->lines->c);
	if (!w->direct)
		cv_unfold_tell(&w->loop);
}

static int relay(struct work *w, struct cv_pass *out)
{
	struct cv_call *call = w->p->call;
	int err;

	err = cv_sdp_parse(&w->sdp, w->text);
	if (err)
		return err == ENOMEM ? err : EBADMSG;

	err = loop_follow(w);
	if (err)
		return err;

	err = lines_read(w);
	if (err)
		return err;

	err = media_set(w);
	if (err)
		return err;

	loop_tell(w);
	err = text_write(w, out);
	if (err) {
		media_repeat(call, w->talk->fork, w->from->end,
			     w->talk->now[w->from->end], w->lines->c);
		return err;
	}

	media_set_apart(w);
	keep(w);
	if (!w->direct)
		cv_unfold_kept(&w->loop);

	return 0;
}

static void count_failure(const struct cv_call *call, int err)
{
	struct cv_stat_cell *cell = call->calls->env.stat;

	if (err == EBADMSG)
		cv_stat_add(cell, CV_STAT_sdp_bad, 1);
	else if (err == ENOSPC)
		cv_stat_add(cell, CV_STAT_ports_exhausted, 1);
}

/* Which early dialog a message belongs to; CV_FORK_ALL: to what is common to all. */
static uint32_t fork_of(const struct cv_pair *p, const struct cv_msg *m)
{
	return p->fork == CV_FORK_ALL && m->status != 0 ? m->fork : p->fork;
}

/* It passes whatever we make of it; what can't be kept can't be told again. */
static void pass_unkept(const struct work *w, const struct cv_msg *m, struct cv_pass *out)
{
	struct cv_talk *t = w->talk;

	put(&t->now[w->from->end], NULL);
	put(&t->good[w->from->end], NULL);
	if (answers(t, w->p, w->from->end))
		t->offered_in = NULL;

	cv_buf_free(&out->buf);
	out->m = *m;
}

/* An offer while another one is open. Without a relay the parties settle that between
 * them, but for one of ours. */
static int crossing(const struct work *w)
{
	const struct cv_pair *open = w->talk->offered_in;

	if (!open->in)
		return EINPROGRESS;

	if (w->direct)
		return 0;

	return w->talk->offerer == w->from->end ? EALREADY : EINPROGRESS;
}

static int relay_text(struct cv_pair *p, enum cv_end from, struct cv_str text,
		      struct cv_pass *out)
{
	struct cv_party *party = &p->call->party[from];
	struct work w = {.p = p, .from = party, .to = cv_call_other(party)};
	struct cv_msg m = out->m;
	int err;

	w.m = &m;
	w.text = text;
	w.direct = !cv_reason_is_relay(p->call->reason);
	err = cv_talk_get(&w.talk, p->call, fork_of(p, &m));
	if (err)
		return err;

	w.role = role_of(w.talk, p, from, &m);
	if (w.role == ROLE_GLARE)
		return crossing(&w);

	if (w.role == ROLE_NONE) {
		if (!w.direct)
			strip(out);
		return 0;
	}

	err = relay(&w, out);
	if (err && w.direct) {
		pass_unkept(&w, &m, out);
		err = 0;
	} else if (err) {
		count_failure(p->call, err);
	}

	cv_mem_unref(w.lines);
	cv_mem_unref(w.sdp);

	return err;
}

int cv_offer_pass(struct cv_pair *p, enum cv_end from, const struct cv_msg *m,
		  struct cv_pass *out)
{
	struct cv_call *call = p->call;
	bool direct = !cv_reason_is_relay(call->reason);
	struct cv_str text;
	int err;

	*out = (struct cv_pass){.m = *m};
	err = cv_part_find_sdp(m->type, m->body, &text);
	if (direct && !call->keeps_text) {
		if (!err)
			peek(call, m, text);
		return 0;
	}

	if (err == ENOENT) {
		settle(cv_talk_find(call, fork_of(p, m)), p, from, m);
		return 0;
	}

	if (err && !direct && may_offer(m->method)) {
		count_failure(call, err);
		return err;
	}

	return err ? 0 : relay_text(p, from, text, out);
}

void cv_pass_done(struct cv_pass *out)
{
	cv_buf_free(&out->buf);
}

void cv_offer_undo(struct cv_pair *p)
{
	struct cv_call *call = p->call;
	bool open = call->talk.offered_in == p;
	struct cv_chain ch;

	cv_chain_take(&ch, call);
	undo(call, &call->talk, p);
	for (size_t i = 0; i < call->ringc; ++i)
		undo(call, &call->ring[i], p);

	if (open)
		cv_unfold_repeat(call);
	cv_unfold_review(call, &ch);
}

void cv_offer_close(struct cv_call *call)
{
	struct cv_chain ch;

	cv_chain_take(&ch, call);
	cv_unfold_close(call);
	if (call->media)
		call->calls->env.media->close(call->media);

	call->media = NULL;
	cv_hash_del(&call->by_media);
	cv_talk_end(call);
	cv_unfold_review(call, &ch);
}

const char *cv_offer_stream_name(const struct cv_call *call, size_t stream)
{
	for (size_t i = 0; i < 2; ++i) {
		const struct cv_lines *l = call->talk.now[i];

		if (l && stream < l->c)
			return l->v[stream].name;
	}

	return "stream";
}
