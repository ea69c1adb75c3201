/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of sdp/: what parses can be rewritten, and the result says the
 * new addresses and nothing of the old ones where we looked. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/flow.h"
#include "base/mem.h"
#include "base/str.h"
#include "sdp/sdp.h"
#include "sdp/sdp_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PORT = 20000 };

static void must(bool truth)
{
	if (!truth)
		abort();
}

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	must(cv_addr_parse(&a, cv_str_of(text)) == 0);

	return a;
}

/* Our own values for each m-line; the number of the line is in the port. */
static void flows_fill(struct cv_flow *flows, const struct cv_sdp *s, bool v6)
{
	for (size_t i = 0; i < cv_sdp_count(s); ++i) {
		flows[i] = *cv_sdp_flow(s, i);
		flows[i].rtp = addr(v6 && i % 2 ? "2001:db8::7" : "192.0.2.7");
		flows[i].rtcp = flows[i].rtp;
		flows[i].rtp.port = (uint16_t)(PORT + 2 * i);
		flows[i].rtcp.port = (uint16_t)(PORT + 2 * i + !flows[i].mux);
	}
}

static void flow_check(const struct cv_flow *old, const struct cv_flow *want,
		       const struct cv_flow *got)
{
	bool live = old->carry != CV_CARRY_NONE && old->rtp.port != 0;

	must(got->carry == old->carry && got->profile == old->profile);
	if (!live) {
		must(got->rtp.port == old->rtp.port);
		return;
	}

	must(got->rtp.port == want->rtp.port && got->mux == old->mux);
	must(got->rtp.family == want->rtp.family);
	must(cv_addr_host_eq(&got->rtp, &want->rtp) ||
	     cv_addr_kind(&got->rtp) == CV_ADDR_ANY);
	must(!cv_addr_is_set(&old->rtcp) || got->rtcp.port == want->rtcp.port);
}

static void text_check(const struct cv_sdp *s, const struct cv_sdp_edit *edit,
		       struct cv_str text)
{
	struct cv_sdp *again = NULL;
	int err = cv_sdp_parse(&again, text);

	must(err == 0 || err == E2BIG); /* lines were added */
	if (err)
		return;

	must(cv_sdp_count(again) == edit->flowc);
	for (size_t i = 0; i < edit->flowc; ++i) {
		flow_check(cv_sdp_flow(s, i), &edit->flows[i], cv_sdp_flow(again, i));
		must(!edit->drop_ice || !cv_sdp_flow(again, i)->ice);
		must(cv_sdp_media_sum(again, i) == cv_sdp_media_sum(s, i));
	}

	must(edit->session.len == 0 || cv_sdp_version(again).len == 0 ||
	     (cv_str_eq(cv_sdp_session(again), edit->session) &&
	      cv_str_eq(cv_sdp_version(again), CV_STR("18446744073709551615"))));
	must(cv_sdp_version(again).len == 0 ||
	     cv_addr_host_eq(&again->origin, &edit->origin));
	cv_mem_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_flow flows[CV_SDP_MEDIA];
	struct cv_sdp_edit edit = {.flows = flows};
	struct cv_buf out = {0};
	struct cv_sdp *s = NULL;

	if (size > 0 && cv_sdp_parse(&s, cv_str_make((const char *)data, size)) == 0) {
		edit.flowc = cv_sdp_count(s);
		edit.drop_ice = size % 2;
		edit.origin = addr("192.0.2.8");
		edit.session = size % 3 == 0 ? CV_STR("Front Desk 7") : CV_STR_NULL;
		edit.version = UINT64_MAX;
		flows_fill(flows, s, size % 4 > 1);
		must(cv_sdp_rewrite(s, &edit, &out) == 0);
		text_check(s, &edit, cv_buf_view(&out));
	}

	cv_buf_free(&out);
	cv_mem_unref(s);

	return 0;
}
