/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings of the world of call_world.h. Test's thread. */
#include "config.h"

#include "call_world_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call_words.h"

enum { TRY_MS = 4000 }; /* [peer] try-timeout */

struct cv_world_party *cv_world_party_find(struct cv_world *w, const char *name)
{
	for (size_t i = 0; i < w->partyc; ++i) {
		if (strcmp(w->parties[i].name, name) == 0)
			return &w->parties[i];
	}

	return NULL;
}

const struct cv_world_ring *cv_world_ring_find(const struct cv_world *w, const char *name)
{
	for (size_t i = 0; i < w->ringc; ++i) {
		if (strcmp(w->rings[i].name, name) == 0)
			return &w->rings[i];
	}

	return NULL;
}

static int side_of(const char *word, enum cv_side *side)
{
	for (enum cv_side s = CV_SIDE_LAN; s <= CV_SIDE_FAR; ++s) {
		if (strcmp(word, cv_side_name(s)) == 0) {
			*side = s;
			return 0;
		}
	}

	return EINVAL;
}

static int conf_party(struct cv_world *w, struct cv_words *l)
{
	struct cv_world_party *p = &w->parties[w->partyc];
	int err;

	if (w->partyc == CV_WORLD_PARTIES)
		return EINVAL;

	*p = (struct cv_world_party){.place = {.listen = 0}};
	(void)snprintf(p->name, sizeof(p->name), "%s", cv_words_next(l));
	err = side_of(cv_words_next(l), &p->place.side);
	if (err)
		return err;

	err = cv_addr_parse(&p->place.seen, cv_str_of(cv_words_next(l)));
	if (err)
		return err;

	p->place.listen = p->place.side == CV_SIDE_LAN ? 1 : 0;
	p->place.family = p->place.seen.family;
	while (l->at < l->c) {
		if (cv_words_accept(l, "peer"))
			p->kind = CV_WORLD_PEER;
		else if (cv_words_accept(l, "stranger"))
			p->kind = CV_WORLD_STRANGER;
		else if (cv_words_accept(l, "group"))
			p->place.lan_group = (uint8_t)cv_words_number(cv_words_next(l));
		else if (cv_words_accept(l, "entry"))
			p->place.nat_entry = (uint16_t)cv_words_number(cv_words_next(l));
		else if (!cv_words_accept(l, "phone"))
			return EINVAL;
	}

	if (p->kind == CV_WORLD_PEER) {
		p->targets[0].addr = p->place.seen;
		p->targets[0].uri = p->name;
		w->peers[w->conf.peerc++] =
			(struct cv_conf_peer){.name = p->name,
					      .targets = p->targets,
					      .targetc = 1,
					      .dscp = -1,
					      .latch = CV_LATCH_AS_MEDIA,
					      .keep_ms = CV_KEEP_AS_MEDIA,
					      .try_ms = TRY_MS};
	}
	++w->partyc;

	return 0;
}

static int relay_of(const char *word, enum cv_conf_relay *relay)
{
	const char *const words[] = {"auto", "always", "never"};

	for (unsigned i = 0; i < 3; ++i) {
		if (strcmp(word, words[i]) == 0) {
			*relay = (enum cv_conf_relay)i;
			return 0;
		}
	}

	return EINVAL;
}

static struct cv_conf_peer *conf_peer(struct cv_world *w, const char *name)
{
	for (size_t i = 0; i < w->conf.peerc; ++i) {
		if (strcmp(w->peers[i].name, name) == 0)
			return &w->peers[i];
	}

	return NULL;
}

static int conf_peer_relay(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));

	return peer ? relay_of(cv_words_next(l), &peer->relay) : EINVAL;
}

static int conf_peer_early(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));

	if (!peer)
		return EINVAL;

	peer->early = cv_words_accept(l, "one") ? CV_EARLY_ONE : CV_EARLY_ALL;

	return 0;
}

static int conf_peer_refer(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));

	if (!peer)
		return EINVAL;

	peer->refer = cv_words_accept(l, "answer") ? CV_REFER_ANSWER : CV_REFER_PASS;

	return 0;
}

static int conf_peer_redirect(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));

	if (!peer)
		return EINVAL;

	peer->redirect =
		cv_words_accept(l, "follow") ? CV_REDIRECT_FOLLOW : CV_REDIRECT_PASS;

	return 0;
}

/* One more address of a peer. */
static int conf_door(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));

	if (!peer || peer->targetc == CV_WORLD_DOORS)
		return EINVAL;

	peer->targets[peer->targetc].uri = peer->name;

	return cv_addr_parse(&peer->targets[peer->targetc++].addr,
			     cv_str_of(cv_words_next(l)));
}

static int conf_rings(struct cv_world *w, struct cv_words *l)
{
	struct cv_world_ring *r = &w->rings[w->ringc];
	uint8_t turn = 0;

	if (w->ringc == CV_WORLD_RINGS)
		return EINVAL;

	(void)snprintf(r->name, sizeof(r->name), "%s", cv_words_next(l));
	while (l->at < l->c) {
		if (cv_words_accept(l, "then")) {
			++turn;
			continue;
		}

		r->turn[r->c] = turn;
		r->v[r->c] = cv_world_party_find(w, cv_words_next(l));
		if (!r->v[r->c] || ++r->c == CV_WORLD_PARTIES)
			return EINVAL;
	}
	++w->ringc;

	return 0;
}

static int conf_peer_max(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));

	if (!peer)
		return EINVAL;

	if (cv_words_accept(l, "cps"))
		peer->max_cps = cv_words_number(cv_words_next(l));
	else
		peer->max_calls = cv_words_number(cv_words_next(l));

	return 0;
}

/* latch, DSCP and keepalive of a peer's media, or after "all" of [media] */
static int conf_media(struct cv_world *w, struct cv_words *l)
{
	struct cv_conf_peer *peer = conf_peer(w, cv_words_next(l));
	bool any = cv_words_accept(l, "any");
	unsigned dscp, keep_ms;

	if (!any && !cv_words_accept(l, "signalling"))
		return EINVAL;

	dscp = cv_words_number(cv_words_next(l));
	keep_ms = cv_words_number(cv_words_next(l));
	if (peer) {
		peer->latch = any ? CV_LATCH_ANY : CV_LATCH_SIGNALLING;
		peer->dscp = (int)dscp;
		peer->keep_ms = keep_ms;
		return 0;
	}

	w->conf.media.latch = any ? CV_LATCH_ANY : CV_LATCH_SIGNALLING;
	w->conf.media.dscp = dscp;
	w->conf.media.keep_ms = keep_ms;

	return 0;
}

int cv_world_conf(struct cv_world *w, const char *line)
{
	struct cv_words l;
	const char *word;

	cv_words_cut(&l, line);
	word = cv_words_next(&l);
	if (strcmp(word, "party") == 0)
		return conf_party(w, &l);

	if (strcmp(word, "door") == 0)
		return conf_door(w, &l);

	if (strcmp(word, "rings") == 0)
		return conf_rings(w, &l);

	if (strcmp(word, "relay") == 0)
		return relay_of(cv_words_next(&l), &w->conf.media.relay);

	if (strcmp(word, "peer-relay") == 0)
		return conf_peer_relay(w, &l);

	if (strcmp(word, "peer-early") == 0)
		return conf_peer_early(w, &l);

	if (strcmp(word, "peer-refer") == 0)
		return conf_peer_refer(w, &l);

	if (strcmp(word, "peer-redirect") == 0)
		return conf_peer_redirect(w, &l);

	if (strcmp(word, "peer-max") == 0)
		return conf_peer_max(w, &l);

	if (strcmp(word, "peer-media") == 0)
		return conf_media(w, &l);

	if (strcmp(word, "text-kept") == 0)
		w->keeps_text = true;
	else if (strcmp(word, "same-nat-direct") == 0)
		w->same_nat_direct = strcmp(cv_words_next(&l), "yes") == 0;
	else if (strcmp(word, "max-calls") == 0)
		w->conf.limits.max_calls = cv_words_number(cv_words_next(&l));
	else if (strcmp(word, "max-cps") == 0)
		w->conf.limits.max_cps = cv_words_number(cv_words_next(&l));
	else if (strcmp(word, "ports") == 0)
		w->plane.max = cv_words_number(cv_words_next(&l));
	else
		return EINVAL;

	return 0;
}
