/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What people see of the bindings: show registrations, reg del, explain and
 * two gauges. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "bind/bind_int.h"

/* Seconds from now, begun ones count. */
static int64_t left_s(uint64_t until_ms)
{
	uint64_t now = cv_clock_ms();

	return until_ms > now ? (int64_t)((until_ms - now + 999) / 1000) : 0;
}

static void show_one(const struct cv_binding *b, struct cv_out *o)
{
	char seen[CV_ADDR_STRLEN];

	cv_out_str(o, "id", "%016" PRIx64, b->id);
	cv_out_str(o, "aor", "%s", b->aor);
	cv_out_str(o, "contact", "%s", b->contact);
	cv_out_str(o, "side", "%s", cv_side_name(b->place.side));
	cv_out_str(o, "source", "%s", cv_addr_print(&b->flow.seen, seen));
	cv_out_str(o, "transport", "%s", cv_transport_name(b->flow.transport));
	cv_out_str(o, "token", "%s", b->token);
	cv_out_str(o, "home", "%s", b->home ? b->home : "local");
	cv_out_num(o, "expires", left_s(b->phone_until_ms));
	cv_out_num(o, "upstream_expires", left_s(b->upstream_until_ms));
	cv_out_num(o, "pings_missed", b->pings_missed);
	cv_out_str(o, "flow", "%s", b->flow_dead ? "dead" : "alive");
	cv_out_str(o, "alg", "%s", cv_alg_name(cv_alg_verdict(&b->alg)));
	cv_out_num(o, "moves", b->moves);
	cv_out_str(o, "agent", "%s", b->agent);
	cv_out_str(o, "state", "%s", b->confirmed ? "registered" : "pending");
}

/* @p name is the whole AOR, or its user part alone. */
static bool is_named(const struct cv_binding *b, struct cv_str name)
{
	struct cv_str aor = cv_str_of(b->aor);
	size_t at = cv_str_chr(aor, '@'), n = cv_str_chr(name, '@');

	if (!cv_str_eq(cv_str_make(aor.p, at), cv_str_make(name.p, n)))
		return false;

	return n == name.len || cv_str_ieq(cv_str_from(aor, at), cv_str_from(name, n));
}

/* First registration of that name; NULL: none. */
static struct cv_binding *first_named(struct cv_binds *bs, struct cv_str name)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &bs->all) {
		struct cv_binding *b = CV_CONTAINER(n, struct cv_binding, node);

		if (is_named(b, name))
			return b;
	}

	return NULL;
}

static int show(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_binds *bs = arg;
	struct cv_list *n, *tmp;

	if (argc > 1) {
		cv_out_str(o, "error", "usage: show registrations [AOR]");
		return EINVAL;
	}

	cv_out_list(o, "registrations");
	CV_LIST_FOREACH (n, tmp, &bs->all) {
		struct cv_binding *b = CV_CONTAINER(n, struct cv_binding, node);

		if (argc == 1 && !is_named(b, argv[0]))
			continue;

		cv_out_item(o);
		show_one(b, o);
		cv_out_end(o);
	}
	cv_out_end(o);

	return 0;
}

static int del(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_binds *bs = arg;
	struct cv_binding *b;
	int64_t count = 0;

	if (argc != 1) {
		cv_out_str(o, "error", "usage: reg del AOR");
		return EINVAL;
	}

	while ((b = first_named(bs, argv[0]))) {
		cv_bind_end(bs, b, "deleted by command");
		++count;
	}

	if (count == 0) {
		cv_out_str(o, "error", "no registration of " CV_STR_FMT,
			   CV_STR_ARG(argv[0]));
		return ENOENT;
	}

	cv_out_num(o, "deleted", count);

	return 0;
}

static int hex_id(uint64_t *idp, struct cv_str s)
{
	uint64_t id = 0;

	if (s.len != CV_BIND_ID_LEN)
		return EINVAL;

	for (size_t i = 0; i < s.len; ++i) {
		char c = s.p[i];

		if (c >= '0' && c <= '9')
			id = id << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			id = id << 4 | (uint64_t)(c - 'a' + 10);
		else
			return EINVAL;
	}

	*idp = id;

	return 0;
}

static struct cv_binding *named(struct cv_binds *bs, struct cv_str name)
{
	struct cv_binding *b = NULL;
	uint64_t id;

	if (cv_bind_by_token(bs, &b, name) == 0)
		return b;

	if (hex_id(&id, name) == 0 && (b = cv_bind_by_id(bs, id)))
		return b;

	b = cv_bind_by_aor(bs, name, NULL);

	return b ? b : first_named(bs, name);
}

/* Seconds since @p at, left out when that never was. */
static void show_age(struct cv_out *o, const char *key, uint64_t at_ms)
{
	if (at_ms != 0)
		cv_out_num(o, key, (int64_t)((cv_clock_ms() - at_ms) / 1000));
}

static const char *ping_state(const struct cv_binding *b)
{
	if (b->ping_at_ms == 0)
		return "not pinged";
	if (b->pings_sent == 0)
		return "first one to come";
	if (b->pings_missed > 0)
		return "not answered";

	return b->ponged_ms >= b->pinged_ms ? "answered" : "waiting";
}

static void show_ping(const struct cv_binding *b, struct cv_out *o)
{
	cv_out_object(o, "ping");
	cv_out_str(o, "state", "%s", ping_state(b));
	cv_out_num(o, "sent", b->pings_sent);
	cv_out_num(o, "lost", b->pings_lost);
	cv_out_num(o, "missed_in_a_row", b->pings_missed);
	show_age(o, "last_sent_s_ago", b->pinged_ms);
	show_age(o, "last_answer_s_ago", b->ponged_ms);
	if (b->ponged_ms != 0)
		cv_out_num(o, "rtt_ms", b->rtt_ms);
	if (b->ping_at_ms != 0)
		cv_out_num(o, "next_in_s", left_s(b->ping_at_ms));
	cv_out_end(o);
}

static const char *form_name(enum cv_bind_form f)
{
	switch (f) {
	case CV_BIND_ALIAS:
		return "rewrite";
	case CV_BIND_BOTH:
		return "rewrite, and Path to see whether it is taken";
	case CV_BIND_PATH:
		return "path";
	}

	return "?";
}

/* The same registration from both ends. */
static void show_views(const struct cv_binding *b, struct cv_out *o)
{
	cv_out_object(o, "phone_sees");
	cv_out_str(o, "contact", "%s", b->contact);
	cv_out_num(o, "expires", left_s(b->phone_until_ms));
	cv_out_end(o);
	if (!b->shown)
		return;

	cv_out_object(o, "registrar_sees");
	cv_out_str(o, "registrar", "%s", b->home ? b->home : "local");
	cv_out_str(o, "way", "%s", form_name(b->form));
	cv_out_str(o, "contact", "%s", b->shown);
	cv_out_num(o, "expires", left_s(b->upstream_until_ms));
	cv_out_end(o);
}

int cv_binds_explain(struct cv_binds *bs, struct cv_str id, struct cv_out *out)
{
	struct cv_binding *b = named(bs, id);

	if (!b)
		return ENOENT;

	show_one(b, out);
	show_views(b, out);
	show_ping(b, out);
	cv_alg_show(&b->alg, out);
	cv_evid_show(b->evid, out);

	return 0;
}

static int64_t live(void *arg)
{
	const struct cv_binds *bs = arg;

	return (int64_t)(bs->count - bs->pending);
}

static int64_t waiting(void *arg)
{
	const struct cv_binds *bs = arg;

	return (int64_t)bs->pending;
}

int cv_binds_show_open(struct cv_binds *bs)
{
	int err = 0;

	bs->show = (struct cv_cmd){
		.name = "show registrations",
		.help = "[AOR]: phones registered through the edge, oldest refresh first",
		.run = show,
		.arg = bs,
	};
	bs->del = (struct cv_cmd){
		.name = "reg del",
		.help = "AOR: ends its registrations here; upstream they run out",
		.run = del,
		.arg = bs,
	};
	bs->live = (struct cv_gauge){.name = "bindings", .read = live, .arg = bs};
	bs->waiting =
		(struct cv_gauge){.name = "bindings_pending", .read = waiting, .arg = bs};

	if (bs->env.cmds) {
		err = cv_cmd_add(bs->env.cmds, &bs->show);
		if (!err)
			err = cv_cmd_add(bs->env.cmds, &bs->del);
	}

	if (bs->env.stats && !err) {
		cv_gauge_add(bs->env.stats, &bs->live);
		cv_gauge_add(bs->env.stats, &bs->waiting);
	}

	return err;
}

void cv_binds_show_close(struct cv_binds *bs)
{
	cv_cmd_del(&bs->show);
	cv_cmd_del(&bs->del);
	cv_gauge_del(&bs->live);
	cv_gauge_del(&bs->waiting);
}
