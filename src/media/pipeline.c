/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ordered stack of stages of an end, and the way of a batch through it:
 * in from a socket, up the stack of one end, down the stack of the other, out
 * grouped by socket. Media thread; no lock, no allocation, no log.
 */
#include "config.h"

#include <stddef.h>

#include "media/media_int.h"
#include "media/stage.h"

enum { ROUNDS = 4 }; /* batches from one socket before the others have their turn */

/* By layer, the wire first */
static const struct cv_stage_ops *const stack[CV_STAGES] = {
	&cv_stage_demux,
	&cv_stage_latch,
	&cv_stage_relay,
};

static size_t aligned(size_t size)
{
	const size_t align = _Alignof(max_align_t);

	return (size + align - 1) / align * align;
}

size_t cv_pipe_size(void)
{
	size_t size = 0;

	for (size_t i = 0; i < CV_STAGES; ++i)
		size += aligned(stack[i]->size);

	return size;
}

void cv_pipe_open(struct cv_mend *end, char *states)
{
	for (size_t i = 0; i < CV_STAGES; ++i) {
		end->state[i] = states;
		states += aligned(stack[i]->size);
		if (stack[i]->open)
			stack[i]->open(end->state[i], end);
	}
}

void cv_pipe_close(struct cv_mend *end)
{
	for (size_t i = 0; i < CV_STAGES; ++i) {
		if (end->state[i] && stack[i]->close)
			stack[i]->close(end->state[i]);
	}
}

void cv_pipe_expect(struct cv_mend *end, const struct cv_expect *x, uint64_t now_ms)
{
	for (size_t i = 0; i < CV_STAGES; ++i) {
		if (stack[i]->expect)
			stack[i]->expect(end->state[i], x, now_ms);
	}
}

void cv_pipe_silent(struct cv_mend *end, uint64_t now_ms)
{
	for (size_t i = 0; i < CV_STAGES; ++i) {
		if (stack[i]->silent)
			stack[i]->silent(end->state[i], now_ms);
	}
}

enum cv_verdict cv_pipe_rx(struct cv_mend *end, struct cv_pkt *pkt)
{
	for (size_t i = 0; i < CV_STAGES; ++i) {
		enum cv_verdict v;

		if (!stack[i]->rx)
			continue;

		v = stack[i]->rx(end->state[i], pkt);
		if (v != CV_PKT_NEXT)
			return v;
	}

	return CV_PKT_DROP;
}

void cv_pipe_tx(struct cv_mend *end, struct cv_pkt *pkt)
{
	struct cv_mthread *t = end->stream->thread;

	for (size_t i = CV_STAGES; i > 0; --i) {
		if (stack[i - 1]->tx &&
		    stack[i - 1]->tx(end->state[i - 1], pkt) != CV_PKT_NEXT)
			return;
	}

	if (!end->out || end->out[pkt->comp].fd == -1) {
		cv_cell_add(end->cell, CV_COUNT_WAIT, 1);
		cv_stat_add(end->stats, CV_STAT_media_wait, 1);
		return;
	}

	/* One batch in gives at most one batch out */
	t->out[pkt->comp][t->outc[pkt->comp]++] = pkt;
}

static void count_out(struct cv_mend *end, struct cv_pkt *const *v, size_t n)
{
	size_t rtcp = 0;

	for (size_t i = 0; i < n; ++i)
		rtcp += v[i]->kind == CV_PKT_RTCP;

	cv_cell_add(end->cell, CV_COUNT_RTP_OUT, n - rtcp);
	cv_cell_add(end->cell, CV_COUNT_RTCP_OUT, rtcp);
	cv_stat_add(end->stats, CV_STAT_rtp_out, n - rtcp);
	cv_stat_add(end->stats, CV_STAT_rtcp_out, rtcp);
}

/* Sends the batch; what the kernel refuses is late already and not tried again */
static void flush(struct cv_mend *end)
{
	struct cv_mthread *t = end->stream->thread;

	for (size_t comp = 0; comp < CV_COMP_COUNT; ++comp) {
		size_t n = t->outc[comp], sent = 0;

		t->outc[comp] = 0;
		if (n == 0)
			continue;

		(void)cv_udp_send(end->out[comp].fd, t->out[comp], n, &sent);
		if (sent < n)
			cv_stat_add(end->stats, CV_STAT_media_senderr, n - sent);
		count_out(end, t->out[comp], sent);
	}
}

void cv_pipe_readable(int fd, void *arg)
{
	struct cv_mport *port = arg;
	struct cv_mend *end = port->end;
	struct cv_mthread *t = end->stream->thread;

	for (int round = 0; round < ROUNDS; ++round) {
		size_t n = 0;

		if (cv_udp_recv(fd, t->pool, CV_UDP_BATCH, &n))
			return;

		for (size_t i = 0; i < n; ++i) {
			t->pool[i].comp = port->comp;
			t->pool[i].face = port->face;
			(void)cv_pipe_rx(end, &t->pool[i]);
		}
		flush(end->peer);
		if (n < CV_UDP_BATCH)
			return;
	}
}
