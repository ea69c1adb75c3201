/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a description leads that names addresses of ours, and which calls hang
 * together by that. Signalling thread.
 *
 * It is followed only when it is, for every stream that lives, what we showed: same
 * addresses and ports in the same order, same codecs and keys, no ICE; and when it
 * comes from one who may name that port: a [peer], or the host to which it was
 * shown. A phone or stranger that names somebody else's port leads nowhere (it would
 * be told, or sent, what isn't for it).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "call/unfold.h"

static bool is_live(const struct cv_flow *f)
{
	return f->rtp.port != 0 && f->carry == CV_CARRY_UDP;
}

struct cv_lines *cv_lead_said(struct cv_call *call, enum cv_end end)
{
	if (call->ringc > 1)
		return NULL;

	return call->ringc == 1 ? call->ring[0].now[end] : call->talk.now[end];
}

struct cv_call *cv_lead_call(const struct cv_calls *c, const struct cv_lead *l)
{
	const struct cv_hash_node *n;

	n = l->call[0] ? cv_hash_find(c->by_id, cv_str_of(l->call)) : NULL;

	return n ? n->obj : NULL;
}

/* One hop on; false: this one speaks for itself. */
static bool next(struct cv_where *at)
{
	const struct cv_lines *said = cv_lead_said(at->call, at->end);
	struct cv_call *call = said ? cv_lead_call(at->call->calls, &said->lead) : NULL;

	if (!call)
		return false;

	at->call = call;
	at->end = said->lead.end;

	return true;
}

int cv_lead_outer(struct cv_where *o, struct cv_call *call, enum cv_end end)
{
	struct cv_where at = {call, end};

	for (unsigned hop = 0; hop <= CV_LEAD_HOPS; ++hop) {
		*o = at;
		if (!next(&at))
			return 0;

		if (at.call == call)
			return ELOOP;
	}

	return ELOOP;
}

bool cv_lead_is_mutual(struct cv_call *call)
{
	struct cv_where a, b, to_a, to_b;

	if (cv_lead_outer(&a, call, CV_END_A) || cv_lead_outer(&b, call, CV_END_B) ||
	    a.call == b.call || cv_lead_outer(&to_b, a.call, cv_end_other(a.end)) ||
	    cv_lead_outer(&to_a, b.call, cv_end_other(b.end)))
		return false;

	return cv_where_eq(&a, &to_a) && cv_where_eq(&b, &to_b);
}

enum cv_told cv_lead_told(struct cv_call *call, enum cv_end end)
{
	const struct cv_lines *l = cv_lead_said(call, end);

	return l ? l->told : CV_TOLD_OURS;
}

bool cv_lead_is_between(struct cv_call *call)
{
	struct cv_where a, b;

	return cv_lead_outer(&a, call, CV_END_A) == 0 && a.call != call &&
	       cv_lead_outer(&b, call, CV_END_B) == 0 && b.call != call;
}

void cv_chain_add(struct cv_chain *ch, struct cv_call *call)
{
	for (size_t i = 0; i < ch->c; ++i) {
		if (ch->v[i] == call)
			return;
	}

	if (ch->c < CV_CHAIN_MAX)
		ch->v[ch->c++] = call;
}

void cv_chain_take(struct cv_chain *ch, struct cv_call *call)
{
	ch->c = 0;
	cv_chain_add(ch, call);
	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		struct cv_where at = {call, (enum cv_end)end};

		for (unsigned hop = 0; hop < CV_LEAD_HOPS && next(&at); ++hop)
			cv_chain_add(ch, at.call);
	}
}

/* May this one name the port? */
static bool is_trusted(const struct cv_party *p, const struct cv_shown *s)
{
	const struct cv_party *to = &s->call->party[cv_end_other(s->end)];

	return cv_call_peer(p) || cv_addr_host_eq(&p->place.seen, &to->place.seen);
}

/* Why an m-line that names a port of ours isn't what we showed; NULL: it is. */
static const char *changed(const struct cv_unfold_work *w, size_t i,
			   const struct cv_shown *s)
{
	const struct cv_flow *f = cv_sdp_flow(w->sdp, i);

	if (!is_trusted(w->from, s))
		return "it was shown to somebody else";

	if (s->line != i)
		return "the streams are in another order";

	if (f->mux != s->mux || (!f->mux && !cv_addr_eq(&f->rtcp, &s->rtcp)))
		return "its RTCP was changed on the way";

	if (f->ice && f->ice->c > 0)
		return "ICE was added on the way";

	return cv_sdp_media_sum(w->sdp, i) == s->sum
		       ? NULL
		       : "its codecs or keys were changed on the way";
}

/* A hold by 0.0.0.0 names no address: it leads where the last description did. */
static bool held(const struct cv_unfold_work *w, size_t i, struct cv_lead *l)
{
	const struct cv_lines *old = w->talk->now[w->from->end];
	const struct cv_flow *f = cv_sdp_flow(w->sdp, i);

	if (cv_addr_kind(&f->rtp) != CV_ADDR_ANY || !old || i >= old->c ||
	    old->v[i].flow.rtp.port != f->rtp.port || !old->lead.call[0])
		return false;

	*l = old->lead;

	return true;
}

static bool is_same(const struct cv_lead *a, const struct cv_lead *b)
{
	return a->end == b->end && cv_str_eq(cv_str_of(a->call), cv_str_of(b->call));
}

/* Where m-line i leads; false: nowhere. */
static bool line_leads(struct cv_unfold_work *w, size_t i, struct cv_lead *l)
{
	const struct cv_flow *f = cv_sdp_flow(w->sdp, i);
	const struct cv_shown *s;

	if (held(w, i, l))
		return true;

	s = cv_shown_find(w->from->call->calls, &f->rtp);
	if (!s)
		return false;

	l->end = s->end;
	(void)snprintf(l->call, sizeof(l->call), "%s", s->call->id);
	w->why_not = s->call == w->from->call ? NULL : changed(w, i, s);

	return !w->why_not;
}

/* Put to the other party again by us: it leads where it did, whether or not that party
 * has said other codecs meanwhile. False: not so. */
static bool again(struct cv_unfold_work *w)
{
	const struct cv_lines *old = w->talk->now[w->from->end];
	struct cv_lead l;

	if (w->pair->in || !old || !cv_lead_call(w->from->call->calls, &old->lead))
		return false;

	w->lead = old->lead;
	for (size_t i = 0; i < cv_sdp_count(w->sdp) && !w->why_not; ++i) {
		if (is_live(cv_sdp_flow(w->sdp, i)) && !line_leads(w, i, &l) &&
		    !w->why_not)
			w->why_not = "the port it names is ours no more";
	}

	return true;
}

int cv_lead_find(struct cv_unfold_work *w)
{
	struct cv_call *call = w->from->call, *at;
	struct cv_lead first = {.call = ""}, l = {.call = ""};
	struct cv_where o;

	if (again(w))
		return 0;

	for (size_t i = 0; i < cv_sdp_count(w->sdp); ++i) {
		if (!is_live(cv_sdp_flow(w->sdp, i)))
			continue;

		if (!line_leads(w, i, &l))
			return 0;

		if (!first.call[0])
			first = l;

		if (!is_same(&first, &l)) {
			w->why_not = "its streams lead to different calls";
			return 0;
		}
	}

	if (cv_str_eq(cv_str_of(first.call), cv_str_of(call->id)))
		return ELOOP;

	at = cv_lead_call(call->calls, &first);
	if (!at)
		return 0;

	if (cv_lead_outer(&o, at, first.end) || o.call == call)
		return ELOOP;

	w->lead = first;

	return 0;
}
