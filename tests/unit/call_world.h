/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world for calls: scripted parties (fake_leg.h), a packet path without
 * packets (fake_media.h), virtual time (fake_loop.h), and cv_calls between
 * them. What happens is said in lines; what leaves is read as lines. Used by
 * the unit tests and the replay player. Runs on the test's thread.
 *
 * Settings, before the first event:
 *   party NAME SIDE ADDR [phone|peer|stranger] [group N] [entry N]
 *   door NAME ADDR                   one more target of a peer
 *   rings USER PARTY PARTY then PARTY   who is called as USER: these at once, then that
 *   relay auto|always|never          [media] relay
 *   peer-relay NAME auto|always|never
 *   peer-early NAME all|one          [peer] early
 *   peer-refer NAME pass|answer      [peer] refer
 *   peer-redirect NAME pass|follow   [peer] redirect
 *   peer-max NAME [cps] N            [peer] max-calls, max-cps
 *   same-nat-direct yes|no
 *   text-kept                        calls can be restated
 *   max-calls N, max-cps N, ports N
 *
 * Events:
 *   NAME INVITE PARTY [cseq N] [id TEXT] [hops N] [breadth N] [pass N]... [private]
 *        [100rel] [BODY]             a new call to PARTY; N of pass is its passing
 * through us, the last one this time; private: it asks that its media address isn't shown
 *   NAME METHOD PARTY [cseq N] [id TEXT] [hops N] [LIFE] [BODY]  the same without a call
 *   NAME METHOD [LIFE] [BODY]        in the dialog; ACK, CANCEL of its INVITE
 *   NAME REFER to PARTY              asks that the other party calls PARTY
 *   NAME REFER replaces N            the same, that it takes NAME's place in NAME#N
 *   NAME STATUS [METHOD] [fork N] [session N] [reliable N] [LIFE] [BODY]   a response;
 *                                    METHOD is INVITE when left out; N of reliable is
 *                                    its number
 *   NAME 302 to PLACE...             a redirection; a PLACE is a party, NAME/WORD one
 *                                    of NAME's own
 *   NAME silent [METHOD]             the stack says 408 for it
 *   NAME gone timeout|lost           its leg is over without BYE
 *   NAME moves ADDR                  its flow now comes from there
 *   media WHAT END STREAM ADDR       "latched", "moved"; END is a or b
 *   media reported END [sends] [hears]   what RTCP of it says in a session that watches
 *   media idle                       nothing for the hold time-out
 *   readdress                        we show 203.0.113.10 outside from now on
 *   restate END...                   asks these of the oldest call, a or b, to go on with
 *                                    what the other said
 *
 * In a dialog NAME is the party's last leg, NAME#N the N-th that hasn't ended.
 *
 * LIFE: "lives SECONDS" or "over", of a subscription.
 *
 * BODY: words "audio ADDR:PORT [pcma] [fmtp] [mux] [ice] [DIRECTION]" (where RTCP goes,
 * when it isn't the next port, leaves as "rtcp ADDR:PORT" or "mux") or "audio off" or
 * "x-tcp ADDR:PORT", each an m-line, before them "o USER VERSION" for an o= other than
 * "-", version 1; "in multipart" before them wraps them; "type TEXT" a body of that type;
 * "broken" a description that can't be read.
 */
#ifndef CV_TESTS_UNIT_CALL_WORLD_H
#define CV_TESTS_UNIT_CALL_WORLD_H

#include "call/call.h"
#include "fake_leg.h"
#include "fake_media.h"

struct cv_world;

int cv_world_new(struct cv_world **wp);
/** Ends calls, checks nothing. Then cv_mem_unref(). */
void cv_world_close(struct cv_world *w);
/** EINVAL: no such setting, or too late. */
int cv_world_conf(struct cv_world *w, const char *line);
/** EINVAL: no such event; ENOENT: nobody there it could happen to. */
int cv_world_feed(struct cv_world *w, const char *line);
/** Plays steps up to NULL: "< event", "> line that must leave next" (a "..." ends it for
 * any rest), "+ milliseconds". False, with a word why, when one doesn't hold or something
 * more has left at the end. */
bool cv_world_play(struct cv_world *w, const char *const *steps);
/** Oldest line that left, CV_FAKE_LINE bytes; false: none. */
bool cv_world_next(struct cv_world *w, char *line);
void cv_world_advance(struct cv_world *w, uint64_t ms);
/** Output of an admin command as text; "explain", "ports" and "relays" (how many are
 * open, how many parked) are understood too. */
int cv_world_ask(struct cv_world *w, const char *line, struct cv_buf *to);

/** Makes the calls with what was set so far, if that hasn't happened. */
int cv_world_start(struct cv_world *w);
/** The environment the calls were made with. */
void cv_world_env(struct cv_world *w, struct cv_call_env *env);
struct cv_calls *cv_world_calls(struct cv_world *w);
struct cv_media_plane *cv_world_plane(struct cv_world *w);
struct cv_fake_sip *cv_world_sip(struct cv_world *w);
struct cv_conf *cv_world_conf_edit(struct cv_world *w);
/** What the last cv_call_start() gave. */
int cv_world_start_err(const struct cv_world *w);

#endif
