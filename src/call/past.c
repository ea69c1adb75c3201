/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What remains of a call for the operator: its ladder while it lives, and both
 * ladder and evidence for the last CV_CALL_PAST calls that ended, since whoever
 * asks why there was no sound asks after hanging up. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/call_int.h"
#include "call/doctor.h"
#include "call/fan.h"

enum { ARROW = 24 }; /* characters between two lifelines */

static void past_fini(void *obj)
{
	struct cv_past *p = obj;

	cv_list_del(&p->node);
	cv_hash_del(&p->by_id);
	cv_mem_unref(p->evid);
	cv_mem_unref(p->checkup);
}

static void put(struct cv_call *call, enum cv_end end, enum cv_ladder_way way,
		const struct cv_msg *m, unsigned target)
{
	struct cv_ladder *l = &call->ladder;
	struct cv_ladder_step *s;

	if (l->c == CV_LADDER_STEPS) {
		++l->lost;
		return;
	}

	s = &l->v[l->c++];
	s->ms = (uint32_t)(cv_clock_ms() - call->start_ms);
	s->status = m->status;
	s->method = (uint8_t)m->method;
	s->end = (uint8_t)end;
	s->way = (uint8_t)way;
	s->body = m->body.len > 0;
	s->target = (uint8_t)target;
}

void cv_ladder_note(struct cv_call *call, enum cv_end end, enum cv_ladder_way way,
		    const struct cv_msg *m)
{
	bool each = end == CV_END_B && cv_fan_is(call->party[CV_END_B].leg) &&
		    (m->method == CV_METHOD_INVITE || m->method == CV_METHOD_CANCEL);

	if (!each)
		put(call, end, way, m, 0);
}

void cv_ladder_note_target(struct cv_call *call, unsigned target, enum cv_ladder_way way,
			   const struct cv_msg *m)
{
	put(call, CV_END_B, way, m, target);
}

static void keep(struct cv_calls *c, struct cv_past *p)
{
	cv_hash_add(c->past_by_id, &p->by_id, cv_str_of(p->id), p);
	cv_list_add(&c->past, &p->node);
	if (c->pastc < CV_CALL_PAST) {
		++c->pastc;
		return;
	}

	cv_mem_unref(CV_CONTAINER(c->past.next, struct cv_past, node));
}

/* NULL: no memory. */
static struct cv_past *refused_new(struct cv_calls *c, const struct cv_request *rq,
				   int err)
{
	struct cv_past *p = cv_mem_new(sizeof(*p), past_fini);

	if (!p)
		return NULL;

	if (cv_call_id_draw(c, p->id) || cv_evid_new(&p->evid))
		return cv_mem_unref(p);

	cv_call_party_print(p->from, rq->from_user, rq->from_host);
	cv_call_party_print(p->to, rq->to_user, rq->to_host);
	(void)snprintf(p->end, sizeof(p->end), "edge %s", cv_call_refusal_name(err));
	cv_evid_join(p->evid, rq->evid);
	cv_evid_add(p->evid, "call", "refused", "%s", cv_call_refusal_why(err));
	p->ladder.v[0] = (struct cv_ladder_step){.method = CV_METHOD_INVITE,
						 .end = CV_END_A,
						 .way = CV_LADDER_IN,
						 .body = rq->msg.body.len > 0};
	p->ladder.c = 1;

	return p;
}

void cv_past_refused(struct cv_calls *c, const struct cv_request *rq, int err)
{
	struct cv_past *p = c->closed ? NULL : refused_new(c, rq, err);

	cv_info("call",
		"refused call=%s from=" CV_STR_FMT "@" CV_STR_FMT " to=" CV_STR_FMT
		"@" CV_STR_FMT " why=%s",
		p ? p->id : "-", CV_STR_ARG(rq->from_user), CV_STR_ARG(rq->from_host),
		CV_STR_ARG(rq->to_user), CV_STR_ARG(rq->to_host),
		cv_call_refusal_name(err));
	if (p)
		keep(c, p);
}

void cv_past_note(struct cv_call *call)
{
	call->checkup = cv_mem_unref(call->checkup);
	call->checkup = cv_mem_new(sizeof(*call->checkup), NULL);
	if (call->checkup)
		cv_checkup_take(call, call->checkup);
}

void cv_past_keep(struct cv_call *call, const struct cv_call_end *e)
{
	struct cv_past *p;

	p = cv_mem_new(sizeof(*p), past_fini);
	if (!p)
		return; /* a memory of the past is not worth a failure now */

	memcpy(p->id, call->id, sizeof(p->id));
	memcpy(p->from, call->from, sizeof(p->from));
	memcpy(p->to, call->to, sizeof(p->to));
	(void)snprintf(p->end, sizeof(p->end), "%s %s", e->who, e->why);
	p->ladder = call->ladder;
	p->evid = cv_mem_ref(call->evid);
	p->checkup = cv_mem_ref(call->checkup);
	keep(call->calls, p);
}

void cv_past_forget(struct cv_calls *c)
{
	struct cv_list *n, *tmp;

	if (!c->past.next)
		return;

	CV_LIST_FOREACH (n, tmp, &c->past)
		cv_mem_unref(CV_CONTAINER(n, struct cv_past, node));
	c->pastc = 0;
}

struct cv_past *cv_past_find(const struct cv_calls *c, struct cv_str id)
{
	const struct cv_hash_node *n = cv_hash_find(c->past_by_id, id);

	return n ? n->obj : NULL;
}

/* "INVITE sdp", "180 INVITE" */
static void step_text(const struct cv_ladder_step *s, char *dst, size_t size)
{
	const char *name = cv_method_name((enum cv_method)s->method);

	if (s->status > 0)
		(void)snprintf(dst, size, "%u %s%s", (unsigned)s->status, name,
			       s->body ? " +body" : "");
	else
		(void)snprintf(dst, size, "%s%s", name, s->body ? " +body" : "");
}

/* One arrow between two lifelines: A on the left, we in the middle, B on the right. */
static void draw(const struct cv_ladder_step *s, const char *what, char *dst, size_t size)
{
	bool right = (s->end == CV_END_A) == (s->way == CV_LADDER_IN);
	char arrow[ARROW + 1];
	size_t len = strlen(what);
	char target[16] = "";

	if (s->target > 0)
		(void)snprintf(target, sizeof(target), " target %u", s->target);

	memset(arrow, '-', ARROW);
	arrow[ARROW] = '\0';
	if (len > ARROW - 4)
		len = ARROW - 4;
	memcpy(arrow + 2, what, len);
	if (right)
		arrow[ARROW - 1] = '>';
	else
		arrow[0] = '<';

	if (s->end == CV_END_A)
		(void)snprintf(dst, size, "%8u ms |%s|%*s|", (unsigned)s->ms, arrow,
			       ARROW, "");
	else
		(void)snprintf(dst, size, "%8u ms |%*s|%s|%s", (unsigned)s->ms, ARROW, "",
			       arrow, target);
}

void cv_ladder_show(const struct cv_ladder *l, struct cv_out *out)
{
	char what[48], line[2 * ARROW + 48];

	cv_out_list(out, "ladder");
	for (size_t i = 0; i < l->c; ++i) {
		const struct cv_ladder_step *s = &l->v[i];

		step_text(s, what, sizeof(what));
		draw(s, what, line, sizeof(line));
		cv_out_item(out);
		cv_out_num(out, "ms", (int64_t)s->ms);
		cv_out_str(out, "leg", "%s", cv_call_party_name((enum cv_end)s->end));
		cv_out_str(out, "way", "%s", s->way == CV_LADDER_IN ? "in" : "out");
		cv_out_str(out, "method", "%s",
			   cv_method_name((enum cv_method)s->method));
		if (s->status > 0)
			cv_out_num(out, "status", s->status);
		if (s->target > 0)
			cv_out_num(out, "target", s->target);
		cv_out_bool(out, "body", s->body);
		cv_out_str(out, "line", "%s", line);
		cv_out_end(out);
	}
	cv_out_end(out);
	if (l->lost > 0)
		cv_out_num(out, "ladder_lost", (int64_t)l->lost);
}
