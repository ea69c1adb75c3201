/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A media thread: its loop, its streams, the messages it takes. The upper
 * half of this file runs on the thread, the lower half (from cv_mthread_new
 * on) on the signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "media/media_int.h"

enum {
	GROW = 256,        /* rows by which the table of streams grows */
	QUIT_TRIES = 5000, /* a thread takes a full mailbox in far less than 5 s */
	QUIT_WAIT_NS = 1000000,
};

static struct cv_mstream *find(const struct cv_mthread *t, uint32_t slot)
{
	return slot < t->size ? t->v[slot] : NULL;
}

static int reserve(struct cv_mthread *t, uint32_t slot)
{
	size_t size = ((size_t)slot / GROW + 1) * GROW;
	struct cv_mstream **v;

	if (slot < t->size)
		return 0;

	if (size < t->size * 2)
		size = t->size * 2;
	v = cv_mem_realloc(t->v, size, sizeof(struct cv_mstream *));
	if (!v)
		return ENOMEM;

	memset(v + t->size, 0, (size - t->size) * sizeof(struct cv_mstream *));
	t->v = v;
	t->size = size;

	return 0;
}

static int find_or_make(struct cv_mstream **sp, struct cv_mthread *t, uint32_t slot)
{
	int err;

	*sp = find(t, slot);
	if (*sp)
		return 0;

	err = reserve(t, slot);
	if (!err)
		err = cv_mstream_new(sp, t, slot);
	if (err)
		return err;

	t->v[slot] = *sp;
	++t->streamc;

	return 0;
}

/* Without memory for it a stream is dead from the start; signalling ends the call */
static void take_pair(struct cv_mthread *t, const struct cv_mmsg *m)
{
	struct cv_mstream *s;
	int err;

	err = find_or_make(&s, t, m->slot);
	if (err) {
		cv_mstream_shut(m->u.fd);
	} else {
		err = cv_mstream_pair(s, (enum cv_end)m->end, m->face, m->u.fd);
	}
	if (err)
		cv_mthread_note(t, m->slot,
				cv_note_bit((enum cv_end)m->end, CV_MEDIA_IDLE));
}

static void drop(struct cv_mthread *t, uint32_t slot)
{
	struct cv_mstream *s = find(t, slot);

	if (!s)
		return;

	t->v[slot] = NULL;
	--t->streamc;
	cv_mstream_free(s);
}

static void quit(struct cv_mthread *t)
{
	for (size_t i = 0; i < t->size; ++i)
		drop(t, (uint32_t)i);
	t->timer = cv_mem_unref(t->timer);
	cv_mbox_close(t->in);
	cv_loop_break(t->loop);
}

static void on_msg(const void *msg, void *arg)
{
	const struct cv_mmsg *m = msg;
	struct cv_mthread *t = arg;
	struct cv_mstream *s = find(t, m->slot);

	switch (m->type) {
	case CV_MMSG_PAIR:
		take_pair(t, m);
		break;
	case CV_MMSG_EXPECT:
		if (s)
			cv_mstream_expect(s, (enum cv_end)m->end, &m->u.expect);
		break;
	case CV_MMSG_PARK:
		if (s)
			cv_mstream_park(s);
		cv_mthread_note(t, m->slot, CV_NOTE_PARKED);
		break;
	case CV_MMSG_KEEP:
		if (s)
			cv_mstream_keep(s, (enum cv_end)m->end, m->face);
		cv_mthread_note(t, m->slot, CV_NOTE_KEPT);
		break;
	case CV_MMSG_CLOSE:
		drop(t, m->slot);
		cv_mthread_note(t, m->slot, CV_NOTE_CLOSED);
		break;
	case CV_MMSG_QUIT:
		quit(t);
		break;
	}
	atomic_fetch_add_explicit(&t->done, 1, memory_order_release);
}

static bool announce(struct cv_mthread *t, uint32_t slot)
{
	struct cv_mnote note = {.slot = slot};

	return cv_mbox_send(t->up, &note) == 0;
}

void cv_mthread_note(struct cv_mthread *t, uint32_t slot, uint32_t bits)
{
	struct cv_cell *c = cv_arena_cell(t->arena, slot);

	if (!c || atomic_fetch_or(&c->pending, bits) != 0 || announce(t, slot))
		return;

	c->retry = t->retry;
	t->retry = slot + 1;
	if (!t->is_ticking)
		t->is_ticking = cv_timer_set(t->timer, CV_MTIMER_TICK_MS) == 0;
}

static void retry_notes(struct cv_mthread *t)
{
	while (t->retry > 0) {
		uint32_t slot = t->retry - 1;
		uint32_t next = cv_arena_cell(t->arena, slot)->retry;

		/* Once announced, the cell may be signalling's again */
		if (!announce(t, slot))
			return;

		t->retry = next;
	}
}

static void on_tick(void *arg)
{
	struct cv_mthread *t = arg;

	cv_mtimer_tick(t);
	retry_notes(t);
	t->is_ticking = (t->streamc > 0 || t->retry > 0) &&
			cv_timer_set(t->timer, CV_MTIMER_TICK_MS) == 0;
}

static void *run(void *arg)
{
	struct cv_mthread *t = arg;

	cv_loop_run(t->loop);

	return NULL;
}

static void thread_fini(void *obj)
{
	struct cv_mthread *t = obj;

	cv_mthread_stop(t);
	cv_mem_unref(t->timer);
	cv_mem_unref(t->in);
	cv_mem_unref(t->up);
	cv_mem_unref(t->loop);
	free(t->v);
	free(t->pool);
}

static int open_boxes(struct cv_mthread *t, cv_mbox_fn *up)
{
	int err;

	err = cv_mbox_open(&t->in, CV_MSG_ROOM, sizeof(struct cv_mmsg));
	if (err)
		return err;

	err = cv_mbox_open(&t->up, CV_MSG_ROOM, sizeof(struct cv_mnote));
	if (err)
		return err;

	err = cv_mbox_listen(t->in, t->loop, on_msg, t);
	if (err)
		return err;

	return cv_mbox_listen(t->up, t->plane->conf.loop, up, t->plane);
}

int cv_mthread_new(struct cv_mthread **tp, struct cv_media_plane *p, cv_mbox_fn *up)
{
	struct cv_mthread *t;
	int err;

	t = cv_mem_new(sizeof(*t), thread_fini);
	if (!t)
		return ENOMEM;

	t->plane = p;
	t->arena = p->arena;
	t->hold_ms = p->conf.hold_ms;
	t->dscp = p->conf.dscp;
	for (size_t i = 0; i < CV_WHEEL; ++i)
		cv_list_init(&t->wheel[i]);

	t->pool = cv_mem_zalloc(CV_UDP_BATCH, sizeof(*t->pool));
	err = t->pool ? cv_loop_ev_open(&t->loop) : ENOMEM;
	if (!err)
		err = open_boxes(t, up);
	if (!err)
		err = cv_timer_new(&t->timer, t->loop, on_tick, t);
	if (!err && p->conf.stats)
		err = cv_stats_cell(p->conf.stats, &t->stats);
	if (err)
		cv_mem_unref(t);
	else
		*tp = t;

	return err;
}

/* Signals are the signalling thread's business */
int cv_mthread_start(struct cv_mthread *t)
{
	sigset_t all, was;
	int err;

	(void)sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &was);
	if (err)
		return err;

	err = pthread_create(&t->thread, NULL, run, t);
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
	t->is_running = err == 0;

	return err;
}

void cv_mthread_stop(struct cv_mthread *t)
{
	const struct timespec wait = {0, QUIT_WAIT_NS};
	struct cv_mmsg msg = {.type = CV_MMSG_QUIT};
	int err = EAGAIN;

	if (t->up)
		cv_mbox_close(t->up);
	if (!t->is_running)
		return;

	for (int i = 0; i < QUIT_TRIES && err; ++i) {
		err = cv_mbox_send(t->in, &msg);
		if (err)
			(void)nanosleep(&wait, NULL);
	}
	if (err) {
		cv_error("media", "thread-stuck err=%d", err);
		cv_loop_break(t->loop);
	}

	(void)pthread_join(t->thread, NULL);
	t->is_running = false;
}

size_t cv_mthread_room(const struct cv_mthread *t)
{
	uint64_t done = atomic_load_explicit(&t->done, memory_order_acquire);

	return CV_MSG_ROOM - (size_t)(t->sent - done);
}

int cv_mthread_send(struct cv_mthread *t, const struct cv_mmsg *msg)
{
	int err;

	err = cv_mbox_send(t->in, msg);
	if (!err)
		++t->sent;

	return err;
}

void cv_mthread_hold(struct cv_mthread *t)
{
	cv_mbox_hold(t->in);
}

void cv_mthread_release(struct cv_mthread *t)
{
	cv_mbox_release(t->in);
}
