/* SPDX-License-Identifier: BSD-3-Clause */
/* The world of call_world.h from inside: for call_world.c and call_setting.c. */
#ifndef CV_TESTS_UNIT_CALL_WORLD_INT_H
#define CV_TESTS_UNIT_CALL_WORLD_INT_H

#include "call_world.h"

enum {
	CV_WORLD_PARTIES = 20,
	CV_WORLD_NAME = 16,
	CV_WORLD_DOORS = 3,
	CV_WORLD_RINGS = 4
};

enum cv_world_kind { CV_WORLD_PHONE = 0, CV_WORLD_PEER, CV_WORLD_STRANGER };

struct cv_world_party {
	char name[CV_WORLD_NAME];
	enum cv_world_kind kind;
	struct cv_place place;
	struct cv_conf_target targets[CV_WORLD_DOORS]; /* PEER */
};

/* A user that several parties answer for. */
struct cv_world_ring {
	char name[CV_WORLD_NAME];
	const struct cv_world_party *v[CV_WORLD_PARTIES];
	uint8_t turn[CV_WORLD_PARTIES];
	size_t c;
};

struct cv_world {
	struct cv_loop *loop;
	struct cv_cmds *cmds;
	struct cv_stats *stats;
	struct cv_stat_cell *cell; /* the collection's */
	struct cv_routes *routes;
	struct cv_peers *ps; /* NULL until started */
	struct cv_route *route;
	struct cv_fake_sip *sip;
	struct cv_calls *calls; /* NULL until started */
	struct cv_media_plane plane;
	struct cv_conf conf;
	struct cv_conf_peer peers[CV_WORLD_PARTIES];
	struct cv_world_party parties[CV_WORLD_PARTIES];
	size_t partyc;
	struct cv_world_ring rings[CV_WORLD_RINGS];
	size_t ringc;
	bool same_nat_direct, keeps_text;
	unsigned nth; /* leg that the event is of; 0: the last */
	unsigned refers;
	char refer_id[CV_WORLD_NAME];
	struct cv_place asker; /* of the last call, and its description */
	struct cv_buf asked;
	int start_err;
};

/** NULL: nobody of that name. */
struct cv_world_party *cv_world_party_find(struct cv_world *w, const char *name);
const struct cv_world_ring *cv_world_ring_find(const struct cv_world *w,
					       const char *name);

#endif
