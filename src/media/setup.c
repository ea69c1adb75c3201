/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who opens the connections of a stream over TCP; the rules are in
 * media/setup.h. Pure; signalling thread.
 */
#include "config.h"

#include "media/setup.h"

#include <errno.h>

static bool waits(const struct cv_msetup *s, enum cv_end end, enum cv_setup said)
{
	switch (said) {
	case CV_SETUP_UNSAID:
		return s->offerer == end; /* as it was before RFC 4145 */
	case CV_SETUP_PASSIVE:
		return true;
	case CV_SETUP_ACTPASS:
		return s->end[end].told == CV_SETUP_ACTIVE;
	case CV_SETUP_ACTIVE:
	case CV_SETUP_HOLDCONN:
		break;
	}

	return false;
}

/* For an end that nobody can connect to */
static int turn(const struct cv_msetup *s, enum cv_setup *out)
{
	if (*out == CV_SETUP_ACTIVE && s->tls)
		return EHOSTUNREACH;

	if (*out == CV_SETUP_ACTIVE || *out == CV_SETUP_ACTPASS)
		*out = CV_SETUP_PASSIVE;

	return 0;
}

int cv_msetup_say(struct cv_msetup *s, enum cv_end from, enum cv_setup in,
		  enum cv_setup *out)
{
	enum cv_end to = from == CV_END_A ? CV_END_B : CV_END_A;
	struct cv_msetup is = *s;
	int err;

	if (!is.end[CV_END_A].spoken && !is.end[CV_END_B].spoken)
		is.offerer = from;

	is.end[from].spoken = true;
	is.end[from].said = in;
	if (!is.end[from].reachable && in != CV_SETUP_ACTPASS && waits(&is, from, in))
		return EHOSTUNREACH;

	*out = in;
	/* it will have to connect itself: the other one can be the server of TLS only */
	if (in == CV_SETUP_ACTPASS && is.tls && !is.end[from].reachable)
		*out = CV_SETUP_ACTIVE;

	if (!is.end[to].reachable) {
		err = turn(&is, out);
		if (err)
			return err;
	}

	is.end[to].told = *out;
	*s = is;

	return 0;
}

bool cv_msetup_waits(const struct cv_msetup *s, enum cv_end end)
{
	return s->end[end].spoken && s->end[end].reachable &&
	       waits(s, end, s->end[end].said);
}
