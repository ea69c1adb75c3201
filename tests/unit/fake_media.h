/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet path without packets behind call/media_ops.h: hands out numbered
 * ports, 20000, 20002, ..., on 192.168.50.1 towards the LAN, 198.51.100.10 and
 * 2001:db8::10 towards the rest, or 203.0.113.10 once a session was readdressed,
 * and remembers what it was told. Runs on the test's thread.
 */
#ifndef CV_TESTS_UNIT_FAKE_MEDIA_H
#define CV_TESTS_UNIT_FAKE_MEDIA_H

#include "base/list.h"
#include "call/media_ops.h"

enum { CV_FAKE_FLOWS = 32, CV_FAKE_FORKS = 16, CV_FAKE_FACES = 4 };

/** The plane; open to the test. All zero but list, see cv_fake_media_init(). */
struct cv_media_plane {
	struct cv_list list; /* sessions that are open */
	uint16_t port;       /* next one */
	unsigned used;       /* pairs taken now */
	unsigned max;        /* pairs there are; 0: no limit */
	unsigned opened;     /* sessions so far */
	int set_err;         /* the next set fails with this */
	int park_err;        /* the next park too */
	int watch_err;       /* and the next change between watch and relay */
	struct cv_flow_sum sum[2]; /* what passed each end of any session */
};

/** What was said with one fork of end B. */
struct cv_fake_talk {
	uint32_t fork;
	size_t face;
	struct cv_place place;
	struct cv_flow in[2][CV_FAKE_FLOWS];
	size_t saidc[2]; /* streams in what each end said */
};

/** A session; open to the test. */
struct cv_media {
	struct cv_list node;
	struct cv_media_plane *plane;
	uint32_t id;
	struct cv_place place[2];
	struct cv_manner manner[2]; /* as told last */
	struct cv_fake_talk talk[CV_FAKE_FORKS];
	size_t talkc, heard; /* which of them end A hears */
	bool is_answered, is_offered, is_parked, is_watch, moved;
	struct cv_flow_watch said[2];        /* what the ends reported since that began */
	struct cv_place face[CV_FAKE_FACES]; /* one that stands at each, of end B */
	size_t facec, base;                  /* what end A says to all is shown there */
	uint16_t port[1 + CV_FAKE_FACES][CV_FAKE_FLOWS]; /* ours, facing end A, then each
							    face of B; 0: none */
};

extern const struct cv_media_ops cv_fake_media_ops;

/** What an end said last, of end B the fork that is heard. */
static inline const struct cv_flow *cv_fake_media_in(const struct cv_media *m,
						     enum cv_end end)
{
	return m->talk[m->heard].in[end];
}

void cv_fake_media_init(struct cv_media_plane *p);
/** The session opened last that is still open; NULL. */
struct cv_media *cv_fake_media_last(struct cv_media_plane *p);

#endif
