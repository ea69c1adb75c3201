/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thin door to an event loop: timer, descriptor, post. The signalling
 * thread runs one on sofia's su_root, each media thread and the admin side one
 * on a libevent base; tests run one of their own on virtual time.
 *
 * The story: a loop is opened and later run by one thread, its owner. Timers
 * and descriptors are made, set and dropped on that thread; cv_loop_post() and
 * cv_loop_break() may come from any thread. A handler may drop its own timer
 * or descriptor.
 */
#ifndef CV_LOOP_LOOP_H
#define CV_LOOP_LOOP_H

#include <stdint.h>

struct cv_loop;
struct cv_timer;
struct cv_fd;

typedef void cv_timer_fn(void *arg);
typedef void cv_fd_fn(int fd, void *arg);
typedef void cv_post_fn(void *arg);

/** On sofia's su_root. Process must have called nothing of sofia before. ENOMEM. Ended by
 * cv_mem_unref(). */
int cv_loop_su_open(struct cv_loop **lp);
/** On a libevent base. ENOMEM. Ended by cv_mem_unref(). */
int cv_loop_ev_open(struct cv_loop **lp);
/** Runs until cv_loop_break(). Owner thread. */
void cv_loop_run(struct cv_loop *l);
/** Makes cv_loop_run() return soon. Any thread, also a signal handler's self-pipe reader.
 */
void cv_loop_break(struct cv_loop *l);
/** Runs @p fn on the owner's thread, soon. ENOMEM. Any thread. What arg points to is the
 * poster's duty until fn runs; posts pending when the loop ends are dropped. */
int cv_loop_post(struct cv_loop *l, cv_post_fn *fn, void *arg);
/** su_root_t of a su loop (for sip/), event_base of an ev loop (for net/stream.c, media);
 * NULL for the test loop. */
void *cv_loop_native(struct cv_loop *l);

/** Makes a timer that isn't set. Ended by cv_mem_unref(), which also stops it. */
int cv_timer_new(struct cv_timer **tp, struct cv_loop *l, cv_timer_fn *fn, void *arg);
/** (Re)starts it: fires once, @p ms from now. */
int cv_timer_set(struct cv_timer *t, uint32_t ms);
void cv_timer_stop(struct cv_timer *t);

/** Calls @p fn while @p fd is readable. The descriptor stays the caller's. Ended by
 * cv_mem_unref() before the descriptor is closed. */
int cv_fd_new(struct cv_fd **fp, struct cv_loop *l, int fd, cv_fd_fn *fn, void *arg);

/** Has @p f served before other descriptors that are ready at the same time, where the
 * driver can (libevent): what was said to a thread is heard before what came after it. */
void cv_fd_first(struct cv_fd *f);

#endif
