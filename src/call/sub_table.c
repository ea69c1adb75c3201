/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Subscriptions found, counted by whose they are, and shown: `show subscriptions`.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/sub_int.h"

static void source_fini(void *obj)
{
	struct cv_sub_source *src = obj;

	cv_hash_del(&src->node);
}

static int source_new(struct cv_sub_source **sp, struct cv_calls *c, const char *key)
{
	struct cv_sub_source *src;

	src = cv_mem_new(sizeof(*src), source_fini);
	if (!src)
		return ENOMEM;

	(void)snprintf(src->key, sizeof(src->key), "%s", key);
	cv_hash_add(c->sub_sources, &src->node, cv_str_of(src->key), src);
	*sp = src;

	return 0;
}

int cv_sub_source_take(struct cv_sub_source **sp, struct cv_calls *c,
		       const struct cv_request *rq)
{
	bool peer = rq->who == CV_WHO_PEER && rq->peer;
	char key[CV_CALL_PARTY_LEN], addr[CV_ADDR_STRLEN];
	struct cv_sub_source *src;
	struct cv_hash_node *n;
	int err;

	if (peer)
		(void)snprintf(key, sizeof(key), "peer %s", rq->peer);
	else
		(void)snprintf(key, sizeof(key), "%s",
			       cv_addr_print(&rq->place.seen, addr));

	n = cv_hash_find(c->sub_sources, cv_str_of(key));
	if (n) {
		src = n->obj;
		if (src->count >= (uint32_t)(peer ? CV_SUBS_PEER : CV_SUBS_PHONE))
			return EDQUOT;

		cv_mem_ref(src);
	} else {
		err = source_new(&src, c, key);
		if (err)
			return err;
	}

	++src->count;
	*sp = src;

	return 0;
}

struct cv_sub_source *cv_sub_source_drop(struct cv_sub_source *src)
{
	if (src)
		--src->count;

	return cv_mem_unref(src);
}

static const char *state_name(const struct cv_sub *s)
{
	switch (s->state) {
	case CV_SUB_ASKED:
		return "asked";
	case CV_SUB_CHALLENGED:
		return "challenged";
	case CV_SUB_STANDING:
		return "standing";
	case CV_SUB_OVER:
		break;
	}

	return "over";
}

static void show(const struct cv_sub *s, struct cv_out *out)
{
	uint64_t now = cv_clock_ms();
	char addr[CV_ADDR_STRLEN];

	cv_out_str(out, "method", "%s", cv_method_name(s->method));
	cv_out_str(out, "state", "%s", state_name(s));
	cv_out_str(out, "from", "%s", s->from);
	cv_out_str(out, "to", "%s", s->to);
	if (cv_addr_is_set(&s->asker))
		cv_out_str(out, "a", "%s", cv_addr_print(&s->asker, addr));
	if (s->party[CV_END_B].leg)
		cv_out_str(out, "b", "%s",
			   cv_addr_print(&s->party[CV_END_B].leg->place.seen, addr));
	if (s->peer)
		cv_out_str(out, "peer", "%s", s->peer);
	if (s->source)
		cv_out_num(out, "of_source", (int64_t)s->source->count);
	if (s->until_ms > now)
		cv_out_num(out, "seconds_left", (int64_t)((s->until_ms - now) / 1000));
}

int cv_subs_show(struct cv_out *out, int argc, const struct cv_str *argv, void *arg)
{
	const struct cv_calls *c = arg;
	struct cv_list *n, *tmp;

	(void)argv;
	if (argc > 0) {
		cv_out_str(out, "error", "show subscriptions takes no argument");
		return EINVAL;
	}

	cv_out_list(out, "subscriptions");
	CV_LIST_FOREACH (n, tmp, &c->subs) {
		cv_out_item(out);
		show(CV_CONTAINER(n, struct cv_sub, node), out);
		cv_out_end(out);
	}
	cv_out_end(out);
	cv_out_num(out, "count", (int64_t)c->subc);

	return 0;
}

int cv_sub_find(struct cv_sub **sp, const struct cv_calls *c, const struct cv_request *rq)
{
	char *key = cv_call_key(rq);
	const struct cv_hash_node *n;
	int err = ENOENT;

	if (!key)
		return ENOMEM;

	n = cv_hash_find(c->subs_by_key, cv_str_of(key));
	for (; n && err == ENOENT; n = cv_hash_next(n)) {
		struct cv_sub *s = n->obj;

		if (s->method != rq->method)
			continue;

		if (s->cseq == rq->cseq)
			err = EALREADY;
		else if (s->state == CV_SUB_CHALLENGED && rq->cseq > s->cseq &&
			 cv_addr_host_eq(&s->asker, &rq->place.seen)) {
			*sp = s;
			err = 0;
		}
	}

	free(key);

	return err;
}
