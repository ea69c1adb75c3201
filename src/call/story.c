/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines a call leaves behind: one each at start, answer and end in the log,
 * and the evidence of what was decided. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "call/unfold.h"

enum { LOSS_LEN = 96 };

static const char *or_dash(const char *s)
{
	return s && *s ? s : "-";
}

void cv_call_log_start(const struct cv_call *call)
{
	const struct cv_place *a = &call->party[CV_END_A].place;
	const struct cv_place *b = &call->party[CV_END_B].place;
	char from[CV_ADDR_STRLEN], to[CV_ADDR_STRLEN];

	cv_info("call",
		"start call=%s from=%s to=%s a=%s a_side=%s b=%s b_side=%s peer=%s "
		"relay=%s",
		call->id, call->from, call->to, cv_addr_print(&a->seen, from),
		cv_side_name(a->side), cv_addr_print(&call->target.hop, to),
		cv_side_name(b->side), or_dash(call->peer), cv_reason_name(call->reason));
}

void cv_call_log_answer(const struct cv_call *call)
{
	cv_info("call", "answer call=%s after_ms=%" PRIu64 " codec=%s", call->id,
		call->answer_ms - call->start_ms, or_dash(call->codec));
}

/* "a:3/1500 b:0/1498": lost and received, by who sent it. */
static void loss_print(const struct cv_call *call, char *dst)
{
	const struct cv_media_ops *ops = call->calls->env.media;
	const struct cv_media *media = cv_unfold_media(call);
	struct cv_flow_sum a, b;

	(void)snprintf(dst, LOSS_LEN, "-");
	if (!cv_call_is_relayed(call))
		return;

	ops->sum(media, CV_END_A, &a);
	ops->sum(media, CV_END_B, &b);
	(void)snprintf(dst, LOSS_LEN, "a:%" PRIu64 "/%" PRIu64 ",b:%" PRIu64 "/%" PRIu64,
		       a.lost, a.rtp_in, b.lost, b.rtp_in);
}

void cv_call_log_end(const struct cv_call *call, const struct cv_call_end *e)
{
	uint64_t ms = call->answer_ms ? cv_clock_ms() - call->answer_ms : 0;
	char loss[LOSS_LEN];

	loss_print(call, loss);
	cv_info("call",
		"end call=%s duration=%" PRIu64 ".%03us codec=%s by=%s why=%s loss=%s "
		"relay=%s",
		call->id, ms / 1000, (unsigned)(ms % 1000), or_dash(call->codec), e->who,
		e->why, loss, cv_reason_name(cv_unfold_reason(call)));
}

const char *cv_call_refusal_name(int err)
{
	switch (err) {
	case ENOENT:
		return "no-route";
	case EACCES:
		return "forbidden";
	case EBUSY:
		return "limit";
	case ENOSPC:
		return "no-media-port";
	case EBADMSG:
	case E2BIG:
		return "bad-description";
	case ELOOP:
		return "max-forwards";
	case EALREADY:
		return "loop"; /* or the same by two ways */
	case EDQUOT:
		return "too-many-of-one-source";
	case EMLINK:
		return "max-breadth";
	case EPROTO:
		return "privacy"; /* more than we can do, and critical */
	case EHOSTUNREACH:
		return "unreachable";
	case EAGAIN:
		return "name-not-found-yet";
	case ENOMEM:
		return "memory";
	default:
		return "failed";
	}
}

const char *cv_call_refusal_why(int err)
{
	switch (err) {
	case ENOENT:
		return "no [route], domain or account leads anywhere for its number";
	case EACCES:
		return "its sender may not call there";
	case EBUSY:
		return "a limit of [limits] is reached, or the edge is ending";
	case ENOSPC:
		return "no media port is left in [media] ports";
	case EBADMSG:
	case E2BIG:
		return "its session description can't be read";
	case ELOOP:
		return "its Max-Forwards is used up: it goes in a circle";
	case EALREADY:
		return "the same request came by another way";
	case EHOSTUNREACH:
	case ESTALE:
		return "whom it calls is known, but not registered or not there";
	case ENOMEM:
		return "memory is short";
	default:
		return "it could not be sent on";
	}
}

static const char *family_name(const struct cv_place *p)
{
	return p->family == AF_INET6 ? "IPv6" : "IPv4";
}

/* They stand behind one NAT, and a call before found out that this doesn't help. */
static bool is_apart(const struct cv_call *call)
{
	const struct cv_need need = {
		.a = call->party[CV_END_A].place,
		.b = call->party[CV_END_B].place,
		.same_nat_direct = call->calls->env.same_nat_direct,
	};

	return call->reason == CV_REASON_FAR_END &&
	       cv_call_is_apart(call->calls, &need.a, &need.b) &&
	       cv_need_decide(&need) == CV_REASON_NONE_SAME_NAT;
}

static void explain_relay(struct cv_call *call)
{
	const struct cv_place *a = &call->party[CV_END_A].place;
	const struct cv_place *b = &call->party[CV_END_B].place;
	const char *name = cv_reason_name(call->reason);
	char x[CV_ADDR_STRLEN], y[CV_ADDR_STRLEN];

	cv_addr_print_host(&a->seen, x);
	cv_addr_print_host(&b->seen, y);
	switch (call->reason) {
	case CV_REASON_FAMILY:
		cv_evid_add(call->evid, "relay", name,
			    "A at %s speaks %s, B at %s speaks %s", x, family_name(a), y,
			    family_name(b));
		return;
	case CV_REASON_FORCED:
	case CV_REASON_NEVER:
		cv_evid_add(call->evid, "relay", name,
			    "relay = %s in [media] or of a [peer] in this call",
			    call->reason == CV_REASON_FORCED ? "always" : "never");
		return;
	case CV_REASON_LAN_LAN:
		cv_evid_add(call->evid, "relay", name,
			    "A at %s and B at %s are in LAN groups %u and %u, and "
			    "lan-routes names no route between them",
			    x, y, a->lan_group, b->lan_group);
		return;
	case CV_REASON_NONE_SAME_NAT:
		cv_evid_add(call->evid, "relay", name,
			    "A at %s and B at %s stand behind one NAT, and "
			    "same-nat-direct allows them to talk directly, as long as "
			    "their RTCP says that they hear each other",
			    x, y);
		return;
	case CV_REASON_NONE_SAME_SIDE:
	case CV_REASON_LAN_WAN:
	case CV_REASON_FAR_END:
	case CV_REASON_NONE_LOOP: /* only later, in unfold.c */
		break;
	}

	if (is_apart(call)) {
		cv_evid_add(call->evid, "relay", name,
			    "A at %s and B at %s stand behind one NAT, but in a call of "
			    "the last hour two phones there did not hear each other",
			    x, y);
		return;
	}

	cv_evid_add(call->evid, "relay", name, "A at %s is %s, B at %s is %s", x,
		    cv_side_name(a->side), y, cv_side_name(b->side));
}

void cv_call_explain_start(struct cv_call *call)
{
	const struct cv_target *to = &call->target;
	char hop[CV_ADDR_STRLEN];

	cv_evid_add(call->evid, "route", call->peer ? call->peer : "binding", "%s",
		    to->why);
	if (to->kind == CV_TARGET_BINDING)
		cv_evid_add(call->evid, "place of B", cv_side_name(to->place.side),
			    "as its registration was placed; reached at %s over %s",
			    cv_addr_print(&to->hop, hop),
			    cv_transport_name(to->transport));

	explain_relay(call);
}

static void explain_dropped(const struct cv_party *p, struct cv_evid *ev)
{
	const struct cv_call *call = p->call;
	struct cv_flow_sum sum;
	char what[16];

	call->calls->env.media->sum(call->media, p->end, &sum);
	if (sum.foreign == 0)
		return;

	(void)snprintf(what, sizeof(what), "media of %s", cv_call_party_name(p->end));
	cv_evid_add(ev, what, "dropped",
		    "%" PRIu64 " packets came to its port from where it doesn't speak, "
		    "%" PRIu64
		    " of them from a host it might have moved to, without proof",
		    sum.foreign, sum.refused);
}

void cv_call_explain_media(const struct cv_call *call, struct cv_evid *ev)
{
	for (size_t i = 0; cv_call_is_relayed(call) && i < 2; ++i)
		explain_dropped(&call->party[i], ev);
	for (size_t i = 0; cv_call_is_relayed(call) && call->answer_ms && i < 2; ++i) {
		const struct cv_party *p = &call->party[i];
		char what[16];

		if (cv_addr_is_set(&p->latched))
			continue;

		(void)snprintf(what, sizeof(what), "media of %s",
			       cv_call_party_name(p->end));
		cv_evid_add(ev, what, "silent",
			    "waiting for its first packet: none has come since the call "
			    "was answered");
	}
}
