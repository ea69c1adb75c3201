/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The health of one next hop: up, down, and when it is asked or given another
 * chance. Signalling thread.
 *
 * With options-ping a hop is probed at that pace; one that is down at first
 * every second, then each time after twice as long, up to that pace. Without,
 * one that failed rests, longer each time, and is then tried by the next
 * request.
 *
 * One behind a NAT of its own is asked at the pace of [ping] where that is
 * faster, and with options-ping = off too: then its silence counts for nothing,
 * the packet that left has kept the hole open.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/peers_int.h"

enum {
	SECOND_MS = 1000,
	FIRST_MS = 1000, /* the first probe comes within */
	AGAIN_MS = 1000, /* after the first one that failed, then doubled */
	BUSY_MS = 10000, /* a hop that said 503 to a request has so long */
	REST_MS = 30000, /* without probes a hop that failed is left alone so long, */
	REST_MAX_MS = 300000, /* doubled each time, and no longer */
	DOUBLED = 12,         /* so often at most: beyond every maximum */
	STATUS_TIMEOUT = 408,
	STATUS_UNAVAILABLE = 503,
};

static void on_timer(void *arg);

static void hop_fini(void *obj)
{
	struct cv_peer_hop *h = obj;

	cv_mem_unref(h->timer);
}

const char *cv_peer_hop_state(enum cv_hop_state s)
{
	switch (s) {
	case CV_HOP_UNTRIED:
		return "untried";
	case CV_HOP_UP:
		return "up";
	case CV_HOP_DOWN:
		break;
	}

	return "down";
}

static void enter(struct cv_peer_hop *h, enum cv_hop_state state, const char *why)
{
	char text[CV_ADDR_STRLEN];

	if (h->state == state)
		return;

	if (state == CV_HOP_DOWN || h->state == CV_HOP_DOWN)
		cv_log_write(state == CV_HOP_DOWN ? CV_LOG_WARN : CV_LOG_INFO, "peer",
			     "hop is %s peer=%s hop=%s transport=%s why=\"%s\"",
			     cv_peer_hop_state(state), h->peer->conf->name,
			     cv_addr_print(&h->hop.addr, text),
			     cv_transport_name(h->hop.transport), why);

	h->state = state;
	h->since_ms = cv_clock_ms();
}

/* Nothing waits for a timer that can't be set: it comes as if it had rested. */
static void plan(struct cv_peer_hop *h, uint32_t ms)
{
	h->next_ms = cv_clock_ms() + ms;
	if (cv_timer_set(h->timer, ms) == 0)
		return;

	h->next_ms = 0;
	if (h->state == CV_HOP_DOWN)
		enter(h, CV_HOP_UNTRIED, "no timer");
}

/* As a line of the log or of `show peers` says it. */
static const char *why_of(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return "connection refused";
	case ETIMEDOUT:
		return "timed out";
	case EPROTO:
		return "TLS handshake failed";
	case EBUSY:
		return "it answered 503";
	default:
		return strerror(err);
	}
}

static uint32_t doubled(uint32_t ms, unsigned times, uint32_t max)
{
	uint64_t long_ms = (uint64_t)ms << (times < DOUBLED ? times : DOUBLED);

	return long_ms > max ? max : (uint32_t)long_ms;
}

/* Between two OPTIONS; 0: there are none. */
static uint32_t pace_ms(const struct cv_peer_hop *h)
{
	const struct cv_peers_env *env = &h->peer->in->env;
	uint32_t ping_ms = h->peer->conf->options_ping_ms, keep_ms;

	if (!env->far || !env->far(env->arg, h->peer->conf->name, &h->hop))
		return ping_ms;

	keep_ms = h->hop.transport == CV_TRANSPORT_UDP
			  ? env->conf->ping.interval_ms
			  : env->conf->ping.stream_interval_ms;

	return ping_ms == 0 || keep_ms < ping_ms ? keep_ms : ping_ms;
}

static uint32_t rest_ms(const struct cv_peer_hop *h, uint32_t pace)
{
	uint32_t ms = doubled(REST_MS, h->fails - 1, REST_MAX_MS);

	return pace > 0 && pace < ms ? pace : ms;
}

/* When it is probed, or has rested. */
static void plan_next(struct cv_peer_hop *h, uint32_t least_ms)
{
	uint32_t pace = pace_ms(h), ms;

	if (h->state != CV_HOP_DOWN && pace == 0) {
		cv_timer_stop(h->timer);
		h->next_ms = 0;
		return;
	}

	if (h->state != CV_HOP_DOWN)
		ms = pace - pace / 10 + cv_peers_draw(h->peer->in, pace / 10);
	else if (h->peer->conf->options_ping_ms == 0)
		ms = rest_ms(h, pace);
	else
		ms = doubled(AGAIN_MS, h->fails - 1, pace);

	plan(h, ms < least_ms ? least_ms : ms);
}

static void on_timer(void *arg)
{
	struct cv_peer_hop *h = arg;
	const struct cv_peers_watch *w = h->peer->in->watch;

	h->next_ms = 0;
	if (h->peer->conf->options_ping_ms == 0 && h->state == CV_HOP_DOWN)
		enter(h, CV_HOP_UNTRIED, "it has rested");
	if (w && pace_ms(h) > 0)
		w->probe(w->arg, h->peer->conf->name, &h->hop);
}

int cv_peer_hop_new(struct cv_peer_hop **hp, struct cv_peer *p, const struct cv_hop *hop)
{
	struct cv_peer_hop *h;
	int err;

	h = cv_mem_new(sizeof(*h), hop_fini);
	if (!h)
		return ENOMEM;

	h->peer = p;
	h->hop = *hop;
	h->since_ms = cv_clock_ms();
	err = cv_timer_new(&h->timer, p->in->env.loop, on_timer, h);
	if (err) {
		cv_mem_unref(h);
		return err;
	}

	if (pace_ms(h) > 0)
		plan(h, cv_peers_draw(p->in, FIRST_MS));

	*hp = h;

	return 0;
}

const char *cv_peer_hop_why(const struct cv_peer_hop *h)
{
	return h->state == CV_HOP_DOWN ? why_of(h->err) : "";
}

/* @p least_ms: it is left alone so long at least. */
static void judge(struct cv_peer_hop *h, int err, uint32_t least_ms)
{
	h->err = err;
	if (err) {
		++h->fails;
		enter(h, CV_HOP_DOWN, why_of(err));
	} else {
		h->fails = 0;
		enter(h, CV_HOP_UP, "it answered");
	}

	plan_next(h, least_ms);
}

void cv_peer_hop_follow(struct cv_peer_hop *h)
{
	if (pace_ms(h) > 0 && h->state != CV_HOP_DOWN)
		plan(h, cv_peers_draw(h->peer->in, FIRST_MS));
	else
		plan_next(h, 0);
}

static struct cv_peer_hop *find(const struct cv_peers *ps, const char *peer,
				const struct cv_hop *hop)
{
	const struct cv_peer *p = cv_peer_find(ps, peer);

	return p ? cv_peer_hop_find(p, &hop->addr, hop->transport) : NULL;
}

void cv_peers_heard(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		    int err)
{
	struct cv_peer_hop *h = find(ps, peer, hop);

	if (h)
		judge(h, err, err == EBUSY ? BUSY_MS : 0);
}

void cv_peers_busy(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		   uint32_t rest_s)
{
	struct cv_peer_hop *h = find(ps, peer, hop);

	if (!h)
		return;

	judge(h, EBUSY, BUSY_MS);
	if (rest_s > 0)
		plan(h,
		     (rest_s < CV_PEERS_REST_S ? rest_s : CV_PEERS_REST_S) * SECOND_MS);
}

void cv_peers_probed(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		     uint16_t status, int err)
{
	struct cv_peer_hop *h = find(ps, peer, hop);

	if (!h)
		return;

	if (status == 0) {
		plan_next(h, 0);
		return;
	}

	h->status = err ? 0 : status;
	if (h->peer->conf->options_ping_ms == 0) { /* only its hole is kept open */
		plan_next(h, 0);
		return;
	}

	if (!err && status == STATUS_TIMEOUT)
		err = ETIMEDOUT;
	else if (!err && status == STATUS_UNAVAILABLE)
		err = EBUSY;

	judge(h, err, 0);
}
