/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The offer of an INVITE as each of its targets is shown it: with the address
 * of ours that faces the target. Signalling thread.
 *
 * The INVITE's description was written for the first target (offer.c). One that
 * stands at another point of ours gets it written again, with ports there and
 * an o= line that is continued in the dialog it may become (origin.c).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "call/call_int.h"

enum { FACES = 4 }; /* beside the first; the packet path has no more */

struct cv_faces {
	struct cv_origin v[FACES];
	size_t c;
};

static void faces_fini(void *obj)
{
	struct cv_faces *f = obj;

	for (size_t i = 0; i < f->c; ++i)
		cv_origin_free(&f->v[i]);
}

static struct cv_origin *find(struct cv_faces *f, const struct cv_addr *shown)
{
	for (size_t i = 0; f && i < f->c; ++i) {
		if (cv_addr_host_eq(&f->v[i].shown, shown))
			return &f->v[i];
	}

	return NULL;
}

const struct cv_origin *cv_face_origin(const struct cv_call *call,
				       const struct cv_addr *shown)
{
	return find(call->faces, shown);
}

/* EUSERS: there are as many as there may be. */
static int get(struct cv_origin **op, struct cv_call *call, const struct cv_addr *shown)
{
	*op = find(call->faces, shown);
	if (*op)
		return 0;

	if (!call->faces)
		call->faces = cv_mem_new(sizeof(*call->faces), faces_fini);
	if (!call->faces)
		return ENOMEM;
	if (call->faces->c == FACES)
		return EUSERS;

	*op = &call->faces->v[call->faces->c++];

	return 0;
}

/* One description on its way to a target. */
struct work {
	struct cv_call *call;
	const struct cv_place *place;
	struct cv_sdp *sdp;
	struct cv_flow in[CV_SDP_MEDIA], out[CV_SDP_MEDIA];
	size_t c;
};

static bool is_other(const struct work *w)
{
	for (size_t i = 0; i < w->c; ++i) {
		if (!cv_addr_eq(&w->in[i].rtp, &w->out[i].rtp))
			return true;
	}

	return false;
}

static void explain(const struct work *w)
{
	char is[CV_ADDR_STRLEN], to[CV_ADDR_STRLEN], what[32];

	for (size_t i = 0; i < w->c; ++i) {
		if (cv_addr_eq(&w->in[i].rtp, &w->out[i].rtp))
			continue;

		(void)snprintf(what, sizeof(what), CV_STR_FMT " of A",
			       CV_STR_ARG(cv_sdp_media_name(w->sdp, i)));
		cv_evid_add(w->call->evid, what, "rewritten",
			    "shown to the target at %s, which is %s, as %s",
			    cv_addr_print_host(&w->place->seen, to),
			    cv_side_name(w->place->side),
			    cv_addr_print(&w->out[i].rtp, is));
	}
}

static int text_write(struct work *w, const struct cv_msg *m, struct cv_str text,
		      struct cv_pass *out)
{
	const char *body = m->body.p, *tail = text.p + text.len;
	struct cv_sdp_edit edit = {.flows = w->out, .flowc = w->c};
	struct cv_origin *o = NULL;
	struct cv_addr shown;
	int err;

	shown = cv_origin_shown(w->out, w->c);
	err = get(&o, w->call, &shown);
	if (err)
		return err;

	edit.origin = cv_origin_host(o, &shown, w->place->family);
	cv_buf_write(&out->buf, body, (size_t)(text.p - body));
	err = cv_origin_write(o, w->sdp, &edit, &out->buf);
	if (err)
		return err;

	cv_buf_write(&out->buf, tail, (size_t)(body + m->body.len - tail));
	out->m.body = cv_buf_view(&out->buf);

	return cv_buf_err(&out->buf);
}

static int face(struct work *w, const struct cv_msg *m, struct cv_str text,
		struct cv_pass *out)
{
	struct cv_call *call = w->call;
	int err;

	err = cv_sdp_parse(&w->sdp, text);
	if (err)
		return err;

	w->c = cv_sdp_count(w->sdp);
	for (size_t i = 0; i < w->c; ++i)
		w->in[i] = *cv_sdp_flow(w->sdp, i);

	err = call->calls->env.media->face(call->media, w->place, w->in, w->out, w->c);
	if (err || !is_other(w))
		return err;

	err = text_write(w, m, text, out);
	if (!err)
		explain(w);

	return err;
}

int cv_face_pass(struct cv_call *call, const struct cv_place *place,
		 const struct cv_msg *m, struct cv_pass *out)
{
	struct work w = {.call = call, .place = place};
	struct cv_str text;
	int err;

	*out = (struct cv_pass){.m = *m};
	if (!cv_call_is_relayed(call) || cv_part_find_sdp(m->type, m->body, &text))
		return 0;

	err = face(&w, m, text, out);
	cv_mem_unref(w.sdp);

	return err;
}
