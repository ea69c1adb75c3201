/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream as its media thread owns it: two ends with their sockets, joined. One over
 * TCP is a splice (media/splice.h) behind the same messages.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "media/media_int.h"
#include "media/splice.h"
#include "net/sock.h"

static void shut(struct cv_mport *port)
{
	port->watch = cv_mem_unref(port->watch);
	if (port->fd != -1)
		(void)close(port->fd);
	port->fd = -1;
}

/* The sockets of a face; NULL: none yet */
static struct cv_mport *ports_of(struct cv_mend *end, unsigned face)
{
	if (face == 0)
		return end->port;

	return end->more ? end->more[face - 1] : NULL;
}

static void shut_face(struct cv_mend *end, unsigned face)
{
	struct cv_mport *ports = ports_of(end, face);

	for (size_t i = 0; ports && i < CV_COMP_COUNT; ++i)
		shut(&ports[i]);
}

static void shut_all(struct cv_mstream *s)
{
	for (unsigned face = 0; face < CV_MEDIA_FACES; ++face) {
		shut_face(&s->end[CV_END_A], face);
		shut_face(&s->end[CV_END_B], face);
	}
}

static void stream_fini(void *obj)
{
	struct cv_mstream *s = obj;

	cv_list_del(&s->timer);
	cv_mem_unref(s->splice);
	shut_all(s);
	cv_pipe_close(&s->end[CV_END_A]);
	cv_pipe_close(&s->end[CV_END_B]);
	free(s->end[CV_END_A].more);
	free(s->end[CV_END_B].more);
	free(s->states);
}

static void set_up_face(struct cv_mend *end, unsigned face)
{
	struct cv_mport *ports = ports_of(end, face);

	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		ports[i].end = end;
		ports[i].comp = (uint8_t)i;
		ports[i].face = (uint8_t)face;
		ports[i].fd = -1;
	}
}

static void set_up_end(struct cv_mstream *s, enum cv_end which)
{
	struct cv_mend *end = &s->end[which];

	end->stream = s;
	end->peer = &s->end[which == CV_END_A ? CV_END_B : CV_END_A];
	end->which = which;
	end->cell = &cv_arena_cell(s->thread->arena, s->slot)->end[which];
	end->stats = s->thread->stats;
	end->dscp = (uint8_t)s->thread->dscp;
	end->out = end->port;
	set_up_face(end, 0);
}

/* Room for the sockets of more than one face */
static int need_face(struct cv_mend *end, unsigned face)
{
	if (face == 0 || end->more)
		return 0;

	end->more = cv_mem_zalloc(CV_MEDIA_MORE, sizeof(*end->more));
	if (!end->more)
		return ENOMEM;

	for (unsigned i = 1; i < CV_MEDIA_FACES; ++i)
		set_up_face(end, i);

	return 0;
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
	for (unsigned face = 0; face < CV_MEDIA_FACES; ++face) {
		const struct cv_mport *ports = ports_of(end, face);

		for (size_t i = 0; ports && i < CV_COMP_COUNT; ++i) {
			if (ports[i].fd != -1)
				(void)cv_sock_dscp(ports[i].fd, dscp);
		}
	}
}

void cv_mstream_shut(const int fd[CV_COMP_COUNT])
{
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		if (fd[i] != -1)
			(void)close(fd[i]);
	}
}

/* One socket that listens: it is a stream over TCP */
static int take_ear(struct cv_mstream *s, enum cv_end which, unsigned face,
		    const int fd[CV_COMP_COUNT])
{
	int err = 0;

	if (!s->splice)
		err = cv_splice_new(&s->splice, s->thread->loop,
				    cv_arena_cell(s->thread->arena, s->slot),
				    s->thread->dscp);
	if (err) {
		cv_mstream_shut(fd);
		return err;
	}

	return cv_splice_listen(s->splice, which, face, fd[CV_COMP_RTP]);
}

int cv_mstream_pair(struct cv_mstream *s, enum cv_end which, unsigned face,
		    const int fd[CV_COMP_COUNT])
{
	struct cv_mend *end = &s->end[which];
	struct cv_mport *ports;
	int err;

	if (fd[CV_COMP_RTCP] == -1)
		return take_ear(s, which, face, fd);

	err = need_face(end, face);
	if (err) {
		cv_mstream_shut(fd);
		return err;
	}

	ports = ports_of(end, face);
	for (size_t i = 0; i < CV_COMP_COUNT; ++i) {
		shut(&ports[i]);
		ports[i].fd = fd[i];
	}

	for (size_t i = 0; i < CV_COMP_COUNT && !err; ++i)
		err = cv_fd_new(&ports[i].watch, s->thread->loop, fd[i], cv_pipe_readable,
				&ports[i]);
	if (err) {
		shut_face(end, face);
		return err;
	}

	if (end->dscp != s->thread->dscp)
		mark(end, end->dscp);
	end->out = ports_of(end, end->face);

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

	if (s->splice) {
		cv_splice_expect(s->splice, which, x);
		return;
	}

	if (!x->aside) {
		end->spoken = x->spoken;
		end->talks = x->talks;
		s->idle_ms = x->idle_ms;
		end->keep_ms = x->keep_ms;
		if (end->dscp != x->dscp)
			mark(end, x->dscp);
		end->face = x->face;
		end->out = ports_of(end, x->face);
		cv_watch_expect(end, x);
	}
	cv_pipe_expect(end, x, cv_clock_ms());
	start_clock(s);
}

void cv_mstream_park(struct cv_mstream *s)
{
	if (s->splice)
		cv_splice_park(s->splice);
	shut_all(s);
	s->is_parked = true;
}

void cv_mstream_keep(struct cv_mstream *s, enum cv_end which, unsigned face)
{
	if (s->splice)
		cv_splice_keep(s->splice, which, face);
	for (unsigned i = 0; i < CV_MEDIA_FACES; ++i) {
		if (i != face)
			shut_face(&s->end[which], i);
	}
}
