/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets on their way, in order of arrival. One thread.
 */
#include "config.h"

#include "tools/natline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"

enum { PERMILLE = 1000, BITS = 8 };

struct waiting {
	struct cv_list node;
	uint64_t at_ms;
	size_t len;
	uint8_t p[];
};

struct cv_natline {
	struct cv_natline_traits t;
	struct cv_list queue; /* earliest first */
	size_t waitingc;
	uint64_t busy_us; /* until when bandwidth is taken */
	uint64_t last_ms; /* when the last packet in order arrives */
	uint64_t random;
	struct cv_natline_counts counts;
};

static void line_fini(void *obj)
{
	struct cv_natline *l = obj;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &l->queue)
		free(CV_CONTAINER(n, struct waiting, node));
}

int cv_natline_new(struct cv_natline **lp, const struct cv_natline_traits *t)
{
	struct cv_natline *l = cv_mem_new(sizeof(*l), line_fini);

	if (!l)
		return ENOMEM;

	l->t = *t;
	l->random = t->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	cv_list_init(&l->queue);
	*lp = l;

	return 0;
}

bool cv_natline_is_perfect(const struct cv_natline *l)
{
	return l->t.delay_ms == 0 && l->t.jitter_ms == 0 && l->t.loss_permille == 0 &&
	       l->t.reorder_permille == 0 && l->t.kbit_s == 0;
}

static uint32_t draw(struct cv_natline *l, uint32_t below)
{
	l->random ^= l->random >> 12;
	l->random ^= l->random << 25;
	l->random ^= l->random >> 27;

	return (uint32_t)((l->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

/* When the last bit has left, in ms; false: it would wait too long. */
static bool serialize(struct cv_natline *l, size_t len, uint64_t now_ms, uint64_t *at_ms)
{
	uint64_t now_us = now_ms * 1000;

	*at_ms = now_ms;
	if (l->t.kbit_s == 0)
		return true;

	if (l->busy_us < now_us)
		l->busy_us = now_us;
	if (l->t.queue_ms > 0 && l->busy_us - now_us > (uint64_t)l->t.queue_ms * 1000)
		return false;

	l->busy_us += (uint64_t)len * BITS * 1000 / l->t.kbit_s;
	*at_ms = (l->busy_us + 999) / 1000;

	return true;
}

static void enqueue(struct cv_natline *l, struct waiting *w)
{
	struct cv_list *after = l->queue.prev;

	while (after != &l->queue &&
	       CV_CONTAINER(after, struct waiting, node)->at_ms > w->at_ms)
		after = after->prev;

	/* behind `after`: in front of what follows it */
	cv_list_add(after->next, &w->node);
	++l->waitingc;
}

int cv_natline_put(struct cv_natline *l, const uint8_t *p, size_t len, uint64_t now_ms)
{
	struct waiting *w;
	uint64_t at_ms;

	if (l->t.loss_permille > 0 && draw(l, PERMILLE) < l->t.loss_permille) {
		++l->counts.lost;
		return 0;
	}
	if (l->waitingc == CV_NATLINE_QUEUE || !serialize(l, len, now_ms, &at_ms)) {
		++l->counts.overflow;
		return 0;
	}

	w = cv_mem_zalloc(1, sizeof(*w) + len);
	if (!w)
		return ENOMEM;

	memcpy(w->p, p, len);
	w->len = len;
	if (l->t.reorder_permille > 0 && draw(l, PERMILLE) < l->t.reorder_permille) {
		++l->counts.reordered;
		w->at_ms = at_ms;
	} else {
		w->at_ms = at_ms + l->t.delay_ms;
		if (l->t.jitter_ms > 0)
			w->at_ms += draw(l, l->t.jitter_ms + 1);
		if (w->at_ms < l->last_ms)
			w->at_ms = l->last_ms;
		l->last_ms = w->at_ms;
	}

	enqueue(l, w);

	return 0;
}

bool cv_natline_due(const struct cv_natline *l, uint64_t now_ms, uint32_t *wait_ms)
{
	const struct waiting *w;

	if (cv_list_is_empty(&l->queue))
		return false;

	w = CV_CONTAINER(l->queue.next, struct waiting, node);
	*wait_ms = w->at_ms > now_ms ? (uint32_t)(w->at_ms - now_ms) : 0;

	return true;
}

size_t cv_natline_take(struct cv_natline *l, uint8_t *p, size_t size, uint64_t now_ms)
{
	struct waiting *w;
	size_t len;

	if (cv_list_is_empty(&l->queue))
		return 0;

	w = CV_CONTAINER(l->queue.next, struct waiting, node);
	if (w->at_ms > now_ms || w->len > size)
		return 0;

	len = w->len;
	memcpy(p, w->p, len);
	cv_list_del(&w->node);
	--l->waitingc;
	++l->counts.passed;
	free(w);

	return len;
}

const struct cv_natline_counts *cv_natline_counts(const struct cv_natline *l)
{
	return &l->counts;
}
