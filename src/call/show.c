/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator asks of calls: `show calls`, `call ID`, `ladder ID`, `doctor call
 * ID`, the call's part of `explain ID`, and the gauges. Signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/doctor.h"
#include "call/trial.h"
#include "call/unfold.h"

static void show_addr(struct cv_out *out, const char *key, const struct cv_addr *a)
{
	char text[CV_ADDR_STRLEN];

	if (cv_addr_is_set(a))
		cv_out_str(out, key, "%s", cv_addr_print(a, text));
}

static void show_party(const struct cv_party *p, struct cv_out *out)
{
	bool a = p->end == CV_END_A;

	cv_out_str(out, a ? "a_side" : "b_side", "%s", cv_side_name(p->place.side));
	show_addr(out, a ? "a" : "b", &p->place.seen);
	show_addr(out, a ? "a_latched" : "b_latched", &p->latched);
}

/* The members of one call, into the object that is open. */
static void show(const struct cv_call *call, struct cv_out *out)
{
	uint64_t since = call->answer_ms ? call->answer_ms : call->start_ms;
	const struct cv_media *media = cv_unfold_media(call);

	cv_out_str(out, "id", "%s", call->id);
	cv_out_str(out, "state", "%s", cv_call_state_name(call->state));
	cv_out_str(out, "from", "%s", call->from);
	cv_out_str(out, "to", "%s", call->to);
	show_party(&call->party[CV_END_A], out);
	show_party(&call->party[CV_END_B], out);
	if (call->from_peer)
		cv_out_str(out, "from_peer", "%s", call->from_peer);
	if (call->peer)
		cv_out_str(out, "peer", "%s", call->peer);
	cv_out_bool(out, "relay", cv_reason_is_relay(cv_unfold_reason(call)));
	cv_out_str(out, "reason", "%s", cv_reason_name(cv_unfold_reason(call)));
	if (cv_trial_name(call))
		cv_out_str(out, "same_nat_trial", "%s", cv_trial_name(call));
	if (media) /* the id of `show media` */
		cv_out_num(out, "media", call->calls->env.media->id(media));
	if (call->codec[0])
		cv_out_str(out, "codec", "%s", call->codec);
	cv_out_num(out, "seconds", (int64_t)((cv_clock_ms() - since) / 1000));
}

static int show_calls(struct cv_out *out, int argc, const struct cv_str *argv, void *arg)
{
	const struct cv_calls *c = arg;
	struct cv_list *n, *tmp;

	(void)argv;
	if (argc > 0) {
		cv_out_str(out, "error", "show calls takes no argument");
		return EINVAL;
	}

	cv_out_list(out, "calls");
	CV_LIST_FOREACH (n, tmp, &c->list) {
		cv_out_item(out);
		show(CV_CONTAINER(n, struct cv_call, node), out);
		cv_out_end(out);
	}
	cv_out_end(out);
	cv_out_num(out, "count", (int64_t)c->count);

	return 0;
}

static const struct cv_call *find(const struct cv_calls *c, struct cv_str id)
{
	const struct cv_hash_node *n = cv_hash_find(c->by_id, id);

	return n ? n->obj : NULL;
}

static int show_call(struct cv_out *out, int argc, const struct cv_str *argv, void *arg)
{
	const struct cv_calls *c = arg;
	const struct cv_call *call;

	if (argc != 1) {
		cv_out_str(out, "error", "usage: call ID");
		return EINVAL;
	}

	call = find(c, argv[0]);
	if (!call) {
		cv_out_str(out, "error", "no call " CV_STR_FMT, CV_STR_ARG(argv[0]));
		return ENOENT;
	}

	show(call, out);
	cv_out_num(out, "requests_open", (int64_t)call->pairc);
	if (cv_unfold_media(call))
		c->env.media->show(cv_unfold_media(call), out);

	return 0;
}

/* A call of that id, or what remains of it. */
struct remains {
	const char *id, *from, *to, *ended; /* ended NULL: it lives */
	const struct cv_evid *evid;
	const struct cv_ladder *ladder;
	const struct cv_checkup *checkup; /* NULL: it lives, or was refused at once */
};

static int remains_find(const struct cv_calls *c, struct cv_str id, struct remains *r)
{
	const struct cv_call *call = find(c, id);
	const struct cv_past *p;

	if (call) {
		*r = (struct remains){call->id,   call->from,    call->to, NULL,
				      call->evid, &call->ladder, NULL};
		return 0;
	}

	p = cv_past_find(c, id);
	if (!p)
		return ENOENT;

	*r = (struct remains){p->id,   p->from,    p->to,     p->end,
			      p->evid, &p->ladder, p->checkup};

	return 0;
}

static void remains_show(const struct remains *r, struct cv_out *out)
{
	cv_out_str(out, "call", "%s", r->id);
	cv_out_str(out, "from", "%s", r->from);
	cv_out_str(out, "to", "%s", r->to);
	if (r->ended)
		cv_out_str(out, "ended", "%s", r->ended);
}

int cv_calls_explain(struct cv_calls *c, struct cv_str id, struct cv_out *out)
{
	const struct cv_call *call = find(c, id);
	struct cv_evid *now = NULL;
	struct remains r;
	int err;

	err = remains_find(c, id, &r);
	if (err)
		return err;

	remains_show(&r, out);
	/* what may change yet is said as it is now */
	if (call && cv_evid_new(&now) == 0) {
		cv_evid_join(now, call->evid);
		cv_call_explain_media(call, now);
	}
	cv_evid_show(now ? now : r.evid, out);
	cv_mem_unref(now);

	return 0;
}

static int show_ladder(struct cv_out *out, int argc, const struct cv_str *argv, void *arg)
{
	struct remains r;

	if (argc != 1) {
		cv_out_str(out, "error", "usage: ladder ID");
		return EINVAL;
	}
	if (remains_find(arg, argv[0], &r)) {
		cv_out_str(out, "error", "no call " CV_STR_FMT, CV_STR_ARG(argv[0]));
		return ENOENT;
	}

	remains_show(&r, out);
	cv_ladder_show(r.ladder, out);

	return 0;
}

static int doctor(struct cv_out *out, int argc, const struct cv_str *argv, void *arg)
{
	const struct cv_calls *c = arg;
	const struct cv_call *call;
	struct cv_checkup now = {.answered = false};
	struct remains r;

	if (argc != 1) {
		cv_out_str(out, "error", "usage: doctor call ID");
		return EINVAL;
	}
	if (remains_find(c, argv[0], &r)) {
		cv_out_str(out, "error", "no call " CV_STR_FMT, CV_STR_ARG(argv[0]));
		return ENOENT;
	}

	call = find(c, argv[0]);
	if (call)
		cv_checkup_take(call, &now);

	remains_show(&r, out);
	cv_doctor_show(r.checkup ? r.checkup : &now, r.ended, r.evid, out);

	return 0;
}

static int64_t gauge_calls(void *arg)
{
	const struct cv_calls *c = arg;

	return (int64_t)c->count;
}

static int64_t gauge_challenged(void *arg)
{
	const struct cv_calls *c = arg;
	struct cv_list *n, *tmp;
	int64_t count = 0;

	CV_LIST_FOREACH (n, tmp, &c->list)
		count += CV_CONTAINER(n, struct cv_call, node)->state ==
			 CV_CALL_CHALLENGED;

	return count;
}

static int64_t gauge_subs(void *arg)
{
	const struct cv_calls *c = arg;

	return (int64_t)c->subc;
}

static int commands_add(struct cv_calls *c)
{
	struct cv_cmd *cmds[] = {&c->show_calls, &c->show_subs, &c->call, &c->ladder,
				 &c->doctor};
	int err = 0;

	for (size_t i = 0; c->env.cmds && !err && i < sizeof(cmds) / sizeof(cmds[0]); ++i)
		err = cv_cmd_add(c->env.cmds, cmds[i]);

	for (size_t i = 0; err && i < sizeof(cmds) / sizeof(cmds[0]); ++i)
		cv_cmd_del(cmds[i]);

	return err;
}

int cv_calls_show_start(struct cv_calls *c)
{
	int err;

	c->show_calls = (struct cv_cmd){
		.name = "show calls",
		.help = "lists all calls",
		.run = show_calls,
		.arg = c,
	};
	c->show_subs = (struct cv_cmd){
		.name = "show subscriptions",
		.help = "lists subscriptions and requests that make no call",
		.run = cv_subs_show,
		.arg = c,
	};
	c->call = (struct cv_cmd){
		.name = "call",
		.help = "ID: one call with its media streams",
		.run = show_call,
		.arg = c,
	};
	c->gauge_calls =
		(struct cv_gauge){.name = "calls", .read = gauge_calls, .arg = c};
	c->gauge_challenged = (struct cv_gauge){
		.name = "calls_challenged", .read = gauge_challenged, .arg = c};
	c->gauge_subs =
		(struct cv_gauge){.name = "subscriptions", .read = gauge_subs, .arg = c};
	c->ladder = (struct cv_cmd){
		.name = "ladder",
		.help = "ID: both legs of a call as one ladder; also of one that ended",
		.run = show_ladder,
		.arg = c,
	};
	c->doctor = (struct cv_cmd){
		.name = "doctor call",
		.help = "ID: what is wrong with its sound and what helps; also of one "
			"that ended",
		.run = doctor,
		.arg = c,
	};
	err = commands_add(c);
	if (err)
		return err;

	if (c->env.stats) {
		cv_gauge_add(c->env.stats, &c->gauge_calls);
		cv_gauge_add(c->env.stats, &c->gauge_challenged);
		cv_gauge_add(c->env.stats, &c->gauge_subs);
	}

	return 0;
}

void cv_calls_show_stop(struct cv_calls *c)
{
	cv_cmd_del(&c->show_calls);
	cv_cmd_del(&c->show_subs);
	cv_cmd_del(&c->call);
	cv_cmd_del(&c->ladder);
	cv_cmd_del(&c->doctor);
	cv_gauge_del(&c->gauge_calls);
	cv_gauge_del(&c->gauge_challenged);
	cv_gauge_del(&c->gauge_subs);
}
