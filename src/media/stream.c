/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream as its media thread owns it: two ends with their sockets, joined.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "media/media_int.h"

static void shut(struct cv_mport *port)
{
	port->watch = cv_mem_unref(port->watch);
	if (port->fd != -1)
		(void)close(port->fd);
	port->fd = -1;
}

static void shut_all(struct cv_mstream *s)
{
	for (size_t e = 0; e < 2; ++e) {
		for (size_t i = 0; i < CV_COMP_COUNT; ++i)
			shut(&s->end[e].port[i]);
	}
}

static void stream_fini(void *obj)
{
	struct cv_mstream *s = obj;

	cv_list_del(&s->timer);
	shut_all(s);
	cv_pipe_close(&s->end[CV_END_A]);
	cv_pipe_close(&s->end[CV_END_B]);
	free(s->states);
}

static void set_up_end(struct cv_mstream *s, enum cv_end which)
{
	struct cv_mend *end = &s->end[which];

	end->stream = s;
	end->peer = &s->end[which == CV_END_A ? CV_END_B : CV_END_A];
	end->which = which;
	end->cell = &cv_arena_cell(s->thread->arena, s->slot)->end[which];
	end->stats = s->thread->stats;
	end->dscp = s->thread->dscp;
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		end->port[i].end = end;
		end->port[i].comp = (enum cv_pkt_comp)i;
		end->port[i].fd = -1;
	}
}

int cv_mstream_new(struct cv_mstream **sp, struct cv_mthread *t, uint32_t slot)
{
	struct cv_mstream *s;

	if (!cv_arena_cell(t->arena, slot))
		return EINVAL;

	s = cv_mem_new(sizeof(*s), stream_fini);
	if (!s)
		return ENOMEM;

	s->thread = t;
	s->slot = slot;
	set_up_end(s, CV_END_A);
	set_up_end(s, CV_END_B);
	s->states = cv_mem_zalloc(2, cv_pipe_size());
	if (!s->states) {
		cv_mem_unref(s);
		return ENOMEM;
	}

	cv_pipe_open(&s->end[CV_END_A], s->states);
	cv_pipe_open(&s->end[CV_END_B], s->states + cv_pipe_size());
	cv_mtimer_add(s);
	*sp = s;

	return 0;
}

void cv_mstream_free(struct cv_mstream *s)
{
	cv_mem_unref(s);
}

/* Silence counts from here when all is in place */
static void start_clock(struct cv_mstream *s)
{
	if (s->is_parked || !s->end[CV_END_A].spoken || !s->end[CV_END_B].spoken)
		return;

	if (s->since_ms == 0)
		s->since_ms = cv_clock_ms();
	cv_mtimer_add(s);
}

/* Marks what the sockets of an end send; the kernel's refusal only costs the mark */
static void mark(struct cv_mend *end, uint8_t dscp)
{
	end->dscp = dscp;
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		if (end->port[i].fd != -1)
			(void)cv_udp_dscp(end->port[i].fd, dscp);
	}
}

int cv_mstream_pair(struct cv_mstream *s, enum cv_end which, const int fd[CV_COMP_COUNT])
{
	struct cv_mend *end = &s->end[which];
	int err = 0;

	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		shut(&end->port[i]);
		end->port[i].fd = fd[i];
	}

	for (size_t i = 0; i < CV_COMP_COUNT && !err; ++i)
		err = cv_fd_new(&end->port[i].watch, s->thread->loop, fd[i],
				cv_pipe_readable, &end->port[i]);
	if (err) {
		for (size_t i = 0; i < CV_COMP_COUNT; ++i)
			shut(&end->port[i]);
		return err;
	}

	if (end->dscp != s->thread->dscp)
		mark(end, end->dscp);
	if (s->is_parked) {
		s->is_parked = false;
		s->since_ms = 0;
	}
	start_clock(s);

	return 0;
}

void cv_mstream_expect(struct cv_mstream *s, enum cv_end which, const struct cv_expect *x)
{
	struct cv_mend *end = &s->end[which];

	if (!x->aside) {
		end->spoken = x->spoken;
		end->talks = x->talks;
		s->idle_ms = x->idle_ms;
		end->keep_ms = x->keep_ms;
		if (end->dscp != x->dscp)
			mark(end, x->dscp);
		cv_watch_expect(end, x);
	}
	cv_pipe_expect(end, x, cv_clock_ms());
	start_clock(s);
}

void cv_mstream_park(struct cv_mstream *s)
{
	shut_all(s);
	s->is_parked = true;
}
