/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listening points that show another address than they did: the calls whose
 * parties were shown it are told by a re-INVITE of ours. Signalling thread.
 *
 * What a call shows from now on is the new address at once; the re-INVITEs of
 * many calls are spread, or all parties would answer in the same instant.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "call/restate.h"
#include "call/unfold.h"

enum {
	BATCH = 20, /* re-INVITEs at once; two hundred a second are no burden */
	BATCH_MS = 100,
};

/* The party at @p end is told, or why it can't be. */
static void tell(struct cv_call *call, enum cv_end end)
{
	const char *who = cv_call_party_name(end);
	int err = cv_restate(call, end);

	if (err)
		cv_evid_add(call->evid, "address shown", "not restated",
			    "%s still has the address we had before: %s", who,
			    err == ENOTSUP ? "the call began before it was followed"
					   : strerror(err));
	else
		cv_evid_add(call->evid, "address shown", "changed",
			    "our address that %s was shown is another: a re-INVITE says "
			    "it",
			    who);
}

/* Number of parties told. */
static unsigned tell_call(struct cv_call *call)
{
	unsigned ends = call->readdressed, told = 0;

	call->readdressed = 0;
	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		if ((ends >> end & 1) == 0)
			continue;
		tell(call, (enum cv_end)end);
		++told;
	}

	return told;
}

static void on_batch(void *arg)
{
	struct cv_calls *c = arg;
	struct cv_list *n, *tmp;
	unsigned told = 0;

	CV_LIST_FOREACH (n, tmp, &c->list) {
		struct cv_call *call = CV_CONTAINER(n, struct cv_call, node);

		if (call->readdressed == 0)
			continue;
		if (told >= BATCH) {
			(void)cv_timer_set(c->readdress, BATCH_MS);
			return;
		}

		told += tell_call(call);
	}
}

static unsigned parties_at(const struct cv_call *call, uint64_t points)
{
	unsigned ends = 0;

	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		uint8_t listen = call->party[end].place.listen;

		if (listen < 64 && (points >> listen & 1) != 0)
			ends |= 1u << end;
	}

	return ends;
}

void cv_calls_readdress(struct cv_calls *c, uint64_t points)
{
	struct cv_list *n, *tmp;
	size_t calls = 0;

	CV_LIST_FOREACH (n, tmp, &c->list) {
		struct cv_call *call = CV_CONTAINER(n, struct cv_call, node);
		unsigned ends = parties_at(call, points);

		if (ends == 0)
			continue;
		if (call->media)
			c->env.media->readdress(call->media);
		cv_unfold_readdress(call);
		call->readdressed |= (uint8_t)ends;
		++calls;
	}

	if (calls == 0)
		return;

	cv_info("call", "own-address-changed calls=%zu", calls);
	if (!c->readdress && cv_timer_new(&c->readdress, c->env.loop, on_batch, c)) {
		cv_error("call", "no memory to tell calls of it calls=%zu", calls);
		return;
	}

	(void)cv_timer_set(c->readdress, 0);
}

void cv_calls_keep_text(struct cv_calls *c, bool keeps)
{
	c->env.keeps_text = keeps;
}
