/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams that are watched: the media goes directly between the parties, only RTCP comes
 * by us. What each end reports is kept in its cell: that it sends, that it hears the
 * other one. The upper half runs on the media thread, the lower one, from
 * cv_media_watch() on, on the signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "media/media_int.h"
#include "media/rtcp.h"

void cv_watch_expect(struct cv_mend *end, const struct cv_expect *x)
{
	end->watch.is_on = x->watch;
	if (!x->fresh)
		return;

	end->watch.is_known = false;
	cv_cell_put_said(end->cell, 0);
}

/* A block of another source than the other end's says nothing, when that is known. */
static bool hears(const struct cv_mend *end, const struct cv_rtcp *r)
{
	const struct cv_mwatch *peer = &end->peer->watch;

	for (size_t i = 0; i < r->blockc; ++i) {
		const struct cv_rtcp_block *b = &r->block[i];

		if (b->highest > 0 && (!peer->is_known || b->ssrc == peer->ssrc))
			return true;
	}

	return false;
}

void cv_watch_read(struct cv_mend *end, const struct cv_pkt *pkt)
{
	uint32_t was = cv_cell_read_said(end->cell), is;
	struct cv_rtcp r;

	(void)cv_rtcp_read(&r, pkt->data, pkt->len); /* what is wrong passes as well */
	if (!r.reported)
		return;

	end->watch.ssrc = r.ssrc;
	end->watch.is_known = true;
	is = was | CV_SAID_REPORT;
	if (r.sends)
		is |= CV_SAID_SENDS;
	if (hears(end, &r))
		is |= CV_SAID_HEARS;
	if (is == was)
		return;

	cv_cell_put_said(end->cell, is);
	cv_mthread_note(end->stream->thread, end->stream->slot,
			cv_note_bit(end->which, CV_MEDIA_REPORTED));
}

int cv_media_watch(struct cv_media *m, bool on)
{
	const struct cv_mchange how = {.at = CV_MEDIA_HEARD, .fresh = true};
	bool was;

	if (!m)
		return EINVAL;
	if (!m->plane)
		return ESHUTDOWN;
	if (cv_mthread_room(m->thread) < (size_t)CV_MEDIA_FLOWS * 2)
		return ENOBUFS;

	was = m->is_watch;
	m->is_watch = on;
	for (size_t i = 0; i < CV_MEDIA_FLOWS; ++i) {
		struct cv_mline *l = m->line[i];

		if (!l)
			continue;

		if (was && !on)
			l->talk.idle_ms = m->plane->conf.idle_ms;
		(void)cv_mline_send_expect(l, CV_END_A, &how);
		(void)cv_mline_send_expect(l, CV_END_B, &how);
	}

	return 0;
}

void cv_media_watched(const struct cv_media *m, enum cv_end end, struct cv_flow_watch *w)
{
	*w = (struct cv_flow_watch){.reports = false};
	for (size_t i = 0; i < CV_MEDIA_FLOWS && m->plane; ++i) {
		uint32_t said;

		if (!m->line[i])
			continue;

		said = cv_cell_read_said(
			&cv_arena_cell(m->plane->arena, m->line[i]->slot)->end[end]);
		w->reports = said & CV_SAID_REPORT;
		w->sends = said & CV_SAID_SENDS;
		w->hears = said & CV_SAID_HEARS;
		return; /* the first one is the sound */
	}
}
