/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers for sessions and streams. Knows a table and a queue of resting
 * numbers, not what the objects are. Signalling thread.
 */
#include "config.h"

#include "media/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/ports.h"

enum { GROW = 256 }; /* rows by which the table grows */

struct row {
	void *obj; /* NULL: not in use */
	uint32_t gen;
	uint32_t next;     /* 1 + next resting number; 0: last */
	uint64_t until_ms; /* it rests until then */
};

struct cv_slots {
	struct row *v; /* owned */
	uint32_t size, used_to, max;
	uint32_t head, tail; /* 1 + resting numbers, oldest first; 0: none */
	size_t count;
};

static void slots_fini(void *obj)
{
	struct cv_slots *s = obj;

	free(s->v);
}

int cv_slots_new(struct cv_slots **sp, uint32_t max)
{
	struct cv_slots *s;

	s = cv_mem_new(sizeof(*s), slots_fini);
	if (!s)
		return ENOMEM;

	s->max = max;
	*sp = s;

	return 0;
}

static int grow(struct cv_slots *s)
{
	struct row *v;

	if (s->used_to < s->size)
		return 0;

	v = cv_mem_realloc(s->v, (size_t)s->size + GROW, sizeof(*v));
	if (!v)
		return ENOMEM;

	memset(v + s->size, 0, GROW * sizeof(*v));
	s->v = v;
	s->size += GROW;

	return 0;
}

int cv_slots_take(struct cv_slots *s, uint32_t *np, void *obj)
{
	uint32_t n;
	int err;

	if (s->head > 0 && s->v[s->head - 1].until_ms <= cv_clock_ms()) {
		n = s->head - 1;
		s->head = s->v[n].next;
		s->tail = s->head > 0 ? s->tail : 0;
	} else if (s->used_to < s->max) {
		err = grow(s);
		if (err)
			return err;
		n = s->used_to++;
	} else {
		return ENOSPC;
	}

	s->v[n].obj = obj;
	s->v[n].next = 0;
	++s->v[n].gen;
	++s->count;
	*np = n;

	return 0;
}

void *cv_slots_find(const struct cv_slots *s, uint32_t n)
{
	return n < s->used_to ? s->v[n].obj : NULL;
}

uint32_t cv_slots_gen(const struct cv_slots *s, uint32_t n)
{
	return n < s->used_to ? s->v[n].gen : 0;
}

void cv_slots_give(struct cv_slots *s, uint32_t n)
{
	if (n >= s->used_to || !s->v[n].obj)
		return;

	s->v[n].obj = NULL;
	s->v[n].next = 0;
	s->v[n].until_ms = cv_clock_ms() + CV_PORTS_QUARANTINE_MS;
	if (s->tail > 0)
		s->v[s->tail - 1].next = n + 1;
	else
		s->head = n + 1;
	s->tail = n + 1;
	--s->count;
}

size_t cv_slots_count(const struct cv_slots *s)
{
	return s->count;
}

uint32_t cv_slots_end(const struct cv_slots *s)
{
	return s->used_to;
}
