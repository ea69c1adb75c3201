/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is learned of a registration between two REGISTERs: that a router
 * rewrites its SIP, that a NAT stands before it, what its registrar holds.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "bind/bind_int.h"

enum { ALG_BURST = 5 }; /* lines in 10 s: the network triggers them */

int cv_bind_shown(struct cv_binding *b, const char *uri, enum cv_bind_form form)
{
	char *text = cv_mem_strdup(uri);

	if (!text)
		return ENOMEM;

	free(b->shown);
	b->shown = text;
	b->form = form;

	return 0;
}

void cv_bind_far(struct cv_binds *bs, struct cv_binding *b, const char *why)
{
	if (b->place.side != CV_SIDE_WAN)
		return;

	b->place.side = CV_SIDE_FAR;
	cv_evid_add(b->evid, "place of phone", cv_side_name(CV_SIDE_FAR), "%s", why);
	if (!b->confirmed || b->ping_at_ms != 0)
		return;

	cv_bind_ping_plan(bs, b);
	cv_bind_arm(bs, b);
}

void cv_bind_alg_changed(struct cv_binds *bs, struct cv_binding *b)
{
	enum cv_alg_verdict v = cv_alg_verdict(&b->alg);
	char seen[CV_ADDR_STRLEN], words[CV_ALG_WORDS];

	if (v == CV_ALG_NO) {
		b->alg_told = v;
		return;
	}

	cv_bind_far(bs, b, "a router there rewrites SIP, so it stands behind a NAT");
	if (v <= b->alg_told)
		return;

	b->alg_told = v;
	if (cv_log_allow(&bs->alg, ALG_BURST))
		cv_warn("bind",
			"alg id=%016" PRIx64 " aor=%s source=%s alg=%s rewritten=\"%s\" "
			"advice=\"turn off SIP ALG in the router there, or let the "
			"phone use TLS or another port\"",
			b->id, b->aor, cv_addr_print(&b->flow.seen, seen), cv_alg_name(v),
			cv_alg_words(&b->alg, words));
}
