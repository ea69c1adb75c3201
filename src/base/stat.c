/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters and gauges. Knows names and cells, not what they count. Lists
 * belong to the signalling thread; cells are written by their own threads.
 */
#include "config.h"

#include "base/stat.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cmd.h"
#include "base/mem.h"

struct cv_stats {
	struct cv_list cells;  /* of struct cv_stat_cell, owned */
	struct cv_list gauges; /* of struct cv_gauge, their registrars' */
	struct cv_cmd show;    /* linked only when there is a command registry */
};

static const char *const names[CV_STAT_COUNT] = {
#define CV_STAT(name, doc) [CV_STAT_##name] = #name,
#include "base/stats.inc"
#undef CV_STAT
};

static int show_stats(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_stats *s = arg;
	struct cv_list *node, *tmp;

	if (argc > 0) {
		cv_out_str(o, "error", "show stats takes no argument: " CV_STR_FMT,
			   CV_STR_ARG(argv[0]));
		return EINVAL;
	}

	cv_out_object(o, "counters");
	for (int i = 0; i < CV_STAT_COUNT; ++i)
		cv_out_num(o, names[i], (int64_t)cv_stats_sum(s, (enum cv_stat_id)i));

	cv_out_end(o);

	cv_out_object(o, "gauges");
	CV_LIST_FOREACH (node, tmp, &s->gauges) {
		struct cv_gauge *g = CV_CONTAINER(node, struct cv_gauge, node);

		cv_out_num(o, g->name, g->read(g->arg));
	}

	cv_out_end(o);

	return 0;
}

static void stats_fini(void *obj)
{
	struct cv_stats *s = obj;
	struct cv_list *node, *tmp;

	cv_cmd_del(&s->show);

	CV_LIST_FOREACH (node, tmp, &s->gauges)
		cv_list_del(node);

	CV_LIST_FOREACH (node, tmp, &s->cells)
		free(CV_CONTAINER(node, struct cv_stat_cell, node));
}

int cv_stats_new(struct cv_stats **sp, struct cv_cmds *cmds)
{
	struct cv_stats *s;
	int err = 0;

	s = cv_mem_new(sizeof(*s), stats_fini);
	if (!s)
		return ENOMEM;

	cv_list_init(&s->cells);
	cv_list_init(&s->gauges);
	s->show = (struct cv_cmd){
		.name = "show stats",
		.help = "counters since start and numbers of now",
		.run = show_stats,
		.arg = s,
	};

	if (cmds)
		err = cv_cmd_add(cmds, &s->show);

	if (err)
		cv_mem_unref(s);
	else
		*sp = s;

	return err;
}

int cv_stats_cell(struct cv_stats *s, struct cv_stat_cell **cp)
{
	struct cv_stat_cell *c = cv_mem_zalloc(1, sizeof(*c));

	if (!c)
		return ENOMEM;

	cv_list_add(&s->cells, &c->node);
	*cp = c;

	return 0;
}

void cv_gauge_add(struct cv_stats *s, struct cv_gauge *g)
{
	cv_list_add(&s->gauges, &g->node);
}

void cv_gauge_del(struct cv_gauge *g)
{
	cv_list_del(&g->node);
}

uint64_t cv_stats_sum(const struct cv_stats *s, enum cv_stat_id id)
{
	uint64_t sum = 0;

	for (const struct cv_list *n = s->cells.next; n != &s->cells; n = n->next) {
		const struct cv_stat_cell *c =
			CV_CONTAINER(n, const struct cv_stat_cell, node);

		sum += atomic_load_explicit(&c->v[id], memory_order_relaxed);
	}

	return sum;
}
