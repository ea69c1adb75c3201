/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What --check can know of the world around: what names stand for, where STUN
 * servers see us, and what follows for each peer. Asks and prints, opens no
 * listening point; the thread that checks.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/core_int.h"

enum {
	PATIENCE_MS = 5000, /* two tries at a name server, and some */
	POLL_MS = 20,
};

/** The wait. */
struct wait {
	struct cv_core *core;
	struct cv_timer *timer;
	unsigned polls;
};

static bool is_looked_up(const struct cv_core *c)
{
	struct cv_hop v[CV_PEERS_HOPS];
	size_t n;

	for (size_t i = 0; i < c->now->conf->peerc; ++i) {
		if (cv_peers_hops(c->peers, c->now->conf->peers[i].name, CV_STR_NULL, v,
				  CV_PEERS_HOPS, &n) == EAGAIN)
			return false;
	}

	return true;
}

static void on_poll(void *arg)
{
	struct wait *w = arg;

	if ((cv_core_own_is_known(w->core) && is_looked_up(w->core)) ||
	    ++w->polls > PATIENCE_MS / POLL_MS || cv_timer_set(w->timer, POLL_MS))
		cv_loop_break(w->core->loop);
}

static int wait(struct cv_core *c)
{
	struct wait w = {.core = c};
	int err;

	err = cv_timer_new(&w.timer, c->loop, on_poll, &w);
	if (!err)
		err = cv_timer_set(w.timer, 0);
	if (!err)
		cv_loop_run(c->loop);
	cv_mem_unref(w.timer);

	return err;
}

static const char *why(const struct cv_conf_advertise *a, int err)
{
	if (err == EADDRNOTAVAIL)
		return "what it said is no address that others could send to";
	if (err == ENOENT)
		return a->by == CV_SHOWN_DNS
			       ? "the name has no address of this family"
			       : "the server's name has no address of this family";
	if (err == 0 || err == ETIMEDOUT)
		return a->by == CV_SHOWN_DNS ? "no name server answers"
					     : "the STUN server does not answer";

	return strerror(err);
}

/* A name with addresses of the other family only: this point shows its own, as with a
 * literal of that family. */
static bool is_known_otherwise(const struct cv_core *c, const struct cv_point *p)
{
	if (p->source_err != ENOENT)
		return false;

	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		if (c->now->net->points[i].conf == p->conf &&
		    c->now->net->points[i].since_ms > 0)
			return true;
	}

	return false;
}

/* An address that can't be had now. */
static int judge(struct cv_core *c, struct cv_buf *error)
{
	int err = 0;

	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		const struct cv_point *p = &c->now->net->points[i];
		const struct cv_conf_listen *l = &c->now->conf->listens[p->conf];

		if (!p->follows || p->since_ms > 0 || is_known_otherwise(c, p))
			continue;

		cv_conf_complain(error, l->advertise.pos, "[listen %s] advertise: %s: %s",
				 l->name, p->source, why(&l->advertise, p->source_err));
		err = EINVAL;
	}

	return err;
}

int cv_core_try(struct cv_core **cp, const char *path, struct cv_generation *g,
		struct cv_buf *error)
{
	struct cv_core *c;
	int err;

	err = cv_core_new(&c, path);
	if (err)
		return err;

	c->gen[0] = *g;
	*g = (struct cv_generation){NULL, NULL};
	c->genc = 1;
	c->now = &c->gen[0];
	err = cv_loop_su_open(&c->loop);
	if (!err)
		err = cv_core_names_open(c);
	if (!err)
		err = cv_core_own_open(c);
	if (!err)
		err = wait(c);
	if (!err)
		err = judge(c, error);

	*cp = c;

	return err;
}

static const char *relay_word(enum cv_conf_relay r)
{
	switch (r) {
	case CV_RELAY_AUTO:
		return "auto";
	case CV_RELAY_ALWAYS:
		return "always";
	case CV_RELAY_NEVER:
		break;
	}

	return "never";
}

static void show_hop(struct cv_core *c, const struct cv_conf_peer *p,
		     const struct cv_hop *h, struct cv_out *out)
{
	const struct cv_net *net = c->now->net;
	struct cv_place place = {.listen = CV_LISTEN_NONE};
	char text[CV_ADDR_STRLEN];

	cv_core_place_peer(c, &h->addr, p, &place, NULL);
	cv_out_item(out);
	cv_out_str(out, "target", "%s", p->targets[h->target].uri);
	cv_out_str(out, "hop", "%s", cv_addr_print(&h->addr, text));
	cv_out_str(out, "transport", "%s", cv_transport_name(h->transport));
	cv_out_str(out, "side", "%s", cv_side_name(place.side));
	if (place.listen < net->pointc) {
		cv_out_str(out, "listen", "%s", net->points[place.listen].name);
		cv_out_str(
			out, "shown", "%s",
			cv_addr_print_host(&net->points[place.listen].advertise, text));
	}
	cv_out_end(out);
}

static void show_peer(struct cv_core *c, const struct cv_conf_peer *p, struct cv_out *out)
{
	enum cv_conf_relay relay =
		p->relay == CV_RELAY_AUTO ? c->now->conf->media.relay : p->relay;
	struct cv_hop v[CV_PEERS_HOPS];
	size_t n = 0;
	int err;

	err = cv_peers_hops(c->peers, p->name, CV_STR_NULL, v, CV_PEERS_HOPS, &n);
	cv_out_item(out);
	cv_out_str(out, "name", "%s", p->name);
	cv_out_str(out, "relay", "%s", relay_word(relay));
	if (err)
		cv_out_str(out, "error", "%s",
			   err == EAGAIN ? "no name server answers"
					 : "its names stand for nothing we can reach");
	cv_out_list(out, "hops");
	for (size_t i = 0; !err && i < n; ++i)
		show_hop(c, p, &v[i], out);
	cv_out_end(out);
	cv_out_end(out);
}

void cv_core_try_show(struct cv_core *c, struct cv_out *out)
{
	cv_net_show(c->now->net, out);
	cv_out_list(out, "peers");
	for (size_t i = 0; i < c->now->conf->peerc; ++i)
		show_peer(c, &c->now->conf->peers[i], out);
	cv_out_end(out);
}
