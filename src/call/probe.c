/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Are the parties of an answered call still there? One that loses its power says
 * no BYE. Signalling thread.
 *
 * A session timer (RFC 4028) tells, and so does the relay: when neither party's
 * media is heard, both are asked with an OPTIONS in the dialog. A call that has
 * neither is asked from time to time. Any answer is a sign of life but 481, which
 * says that the dialog is gone, and 408, which says that nobody answered; then
 * the call ends. A peer with options-ping = off can't answer and isn't asked.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/call_int.h"
#include "call/peers_int.h"
#include "call/transfer.h"

enum {
	SECOND_MS = 1000,
	EVERY_MS = 300000, /* a call that nothing else watches, give or take a tenth */
	PER_SECOND = 100,  /* calls that are asked: of ten thousand that fall silent in
			      one moment each is within two minutes */
	LATER_MS = 20000,  /* one for which there is no room comes again within */
};

static bool is_watched(const struct cv_call *call)
{
	return call->session_s > 0 ||
	       (cv_call_is_relayed(call) && call->calls->env.conf->media.idle_ms > 0);
}

/* Room for one more in this second? */
static bool admit(struct cv_calls *c)
{
	uint64_t now = cv_clock_ms();

	if (now - c->probe_second_ms >= SECOND_MS) {
		c->probe_second_ms = now;
		c->probed = 0;
	}

	return c->probed++ < PER_SECOND;
}

static bool can_answer(const struct cv_party *p)
{
	const struct cv_conf *conf = p->call->calls->env.conf;
	const char *name = cv_call_peer(p);
	const struct cv_conf_peer *peer;

	peer = name ? cv_conf_peer_find(conf, cv_str_of(name)) : NULL;

	return name ? peer && peer->options_ping_ms > 0 : true;
}

static void ask(struct cv_party *p)
{
	const struct cv_msg m = {.method = CV_METHOD_OPTIONS};
	struct cv_txn *t;
	int err;

	if (!p->leg || cv_transfer_is_bridge(p->leg) || !can_answer(p) ||
	    (p->probe && p->probe->leg == p->leg))
		return;

	p->probe = cv_mem_unref(p->probe);
	err = p->leg->ops->request(p->leg, &t, &m, NULL);
	if (err) { /* the end of its flow is another's to judge */
		cv_debug("call", "not asked call=%s end=%s err=%s", p->call->id,
			 cv_call_party_name(p->end), strerror(err));
		return;
	}

	cv_ladder_note(p->call, p->end, CV_LADDER_OUT, &m);
	p->probe = cv_mem_ref(t);
}

static uint32_t draw(struct cv_call *call, uint32_t max)
{
	return cv_peers_draw(call->calls->env.peers, max);
}

static void on_watch(void *arg);

static void plan(struct cv_call *call, uint32_t ms)
{
	int err = 0;

	if (!call->watch)
		err = cv_timer_new(&call->watch, call->calls->env.loop, on_watch, call);
	if (!err)
		err = cv_timer_set(call->watch, ms);
	if (err)
		cv_debug("call", "not watched call=%s err=%s", call->id, strerror(err));
}

void cv_probe_start(struct cv_call *call)
{
	plan(call, EVERY_MS - EVERY_MS / 10 + draw(call, EVERY_MS / 5));
}

static void look(struct cv_call *call)
{
	if (call->state != CV_CALL_ANSWERED)
		return;

	cv_probe_start(call);
	if ((is_watched(call) && !call->doubted) || call->transfer)
		return;

	if (!admit(call->calls)) {
		plan(call, SECOND_MS + draw(call, LATER_MS - SECOND_MS));
		return;
	}

	call->doubted = false;
	ask(&call->party[CV_END_A]);
	ask(&call->party[CV_END_B]);
}

static void on_watch(void *arg)
{
	look(arg);
}

void cv_probe_doubt(struct cv_call *call)
{
	call->doubted = call->state == CV_CALL_ANSWERED;
	look(call);
}

/* No answer came, or none from the dialog: 503 is the stack's word for "not sent", 480
 * the same of a phone. */
static bool is_dead(const struct cv_msg *m)
{
	return m->status == 408 || m->status == 481 ||
	       (!m->src && (m->status == 503 || m->status == 480));
}

bool cv_probe_hears(struct cv_party *from, const struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_call *call = from->call;
	char what[16];
	bool dead;

	if (from->probe != t)
		return false;

	if (m->status < 200)
		return true;

	dead = is_dead(m);
	cv_ladder_note(call, from->end, CV_LADDER_IN, m);
	(void)snprintf(what, sizeof(what), "probe of %s", cv_call_party_name(from->end));
	cv_evid_add(call->evid, what, dead ? "gone" : "alive",
		    "an OPTIONS in the call was answered by %u%s", (unsigned)m->status,
		    m->src || !dead ? "" : ", which says that nothing came");
	from->probe = cv_mem_unref(from->probe);
	if (dead)
		cv_call_finish(call, &(struct cv_call_end){
					     from->end == CV_END_A ? "caller" : "callee",
					     "dialog-lost", EHOSTUNREACH});

	return true;
}

void cv_probe_end(struct cv_call *call)
{
	call->watch = cv_mem_unref(call->watch);
	for (size_t i = 0; i < 2; ++i)
		call->party[i].probe = cv_mem_unref(call->party[i].probe);
}
