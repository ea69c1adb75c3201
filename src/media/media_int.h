/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of src/media: first what a media thread owns, then what signalling
 * owns. Neither half is ever touched by the other; between them stand the
 * messages of msg.h and the cells of arena.h.
 */
#ifndef CV_MEDIA_MEDIA_INT_H
#define CV_MEDIA_MEDIA_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/list.h"
#include "base/log.h"
#include "loop/mbox.h"
#include "media/arena.h"
#include "media/media.h"
#include "media/msg.h"
#include "media/slots.h"
#include "media/stage.h"
#include "net/ports.h"
#include "net/udp.h"

enum {
	CV_STAGES = 3, /* in every end's stack */
	CV_WHEEL = 64, /* places of the timer wheel */
	CV_MEDIA_MORE = CV_MEDIA_FACES - 1,
	CV_MEDIA_GAUGES = 6,
};

struct cv_mstream;
struct cv_mthread;

/* ---- the media thread's ---- */

/** One socket of an end. */
struct cv_mport {
	struct cv_mend *end;
	uint8_t comp, face;  /* enum cv_pkt_comp; of the end */
	int fd;              /* owned; -1: none */
	struct cv_fd *watch; /* owned; NULL: none */
};

/** What is kept of an end that is watched. */
struct cv_mwatch {
	bool is_on, is_known; /* its source is */
	uint32_t ssrc;
};

/** One end of a stream: its sockets and its stack. */
struct cv_mend {
	struct cv_mstream *stream;
	struct cv_mend *peer; /* the other end */
	enum cv_end which;
	uint8_t face;                           /* of who is heard and sent to */
	struct cv_mport *out;                   /* its sockets; NULL: they come yet */
	struct cv_mport port[CV_COMP_COUNT];    /* of face 0 */
	struct cv_mport (*more)[CV_COMP_COUNT]; /* of the others, CV_MEDIA_MORE; owned;
						   NULL: none */
	struct cv_cell_end *cell;
	struct cv_stat_cell *stats; /* may be NULL */
	void *state[CV_STAGES];     /* into stream->states */
	uint64_t heard_ms;          /* last packet accepted */
	bool spoken, talks;         /* as in struct cv_expect */
	uint32_t keep_ms;
	uint8_t dscp;                    /* as its sockets have it */
	uint64_t sent_ms[CV_COMP_COUNT]; /* last packet that left to it */
	struct cv_mwatch watch;
	uint64_t missed_mark;       /* begin of the silence for which ONE_WAY was told */
};

/** A stream: two ends joined. Made by its first PAIR, gone with CLOSE. */
struct cv_mstream {
	struct cv_mthread *thread;
	uint32_t slot;
	struct cv_mend end[2];
	char *states; /* owned */
	uint32_t idle_ms;
	uint64_t since_ms; /* both ends are known and sockets open since then; 0: not yet
			    */
	uint64_t silent_mark, dead_mark; /* begin of the silence for which SILENT, IDLE
					    was told */
	bool is_parked;
	struct cv_splice *splice; /* owned; NULL: it is carried by UDP */
	struct cv_list timer;     /* in a place of the wheel */
};

/** A media thread. Fields below `loop` and above `thread` are its own while it runs. */
struct cv_mthread {
	struct cv_arena *arena; /* shared */
	struct cv_stat_cell *stats;
	uint32_t hold_ms;
	unsigned dscp;           /* of sockets as they are handed over */
	struct cv_loop *loop;    /* owned by signalling; the thread runs it */
	struct cv_mbox *in, *up; /* owned by signalling */

	struct cv_mstream **v; /* by slot; owned */
	size_t size, streamc;
	struct cv_list wheel[CV_WHEEL];
	size_t hand;            /* place that is due next */
	struct cv_timer *timer; /* owned; ticks while there is something to do */
	bool is_ticking;
	uint32_t retry;      /* 1 + slot whose note found no room; 0: none */
	struct cv_pkt *pool; /* owned; one batch */
	struct cv_pkt *out[CV_COMP_COUNT][CV_UDP_BATCH];
	size_t outc[CV_COMP_COUNT];

	_Atomic uint64_t done; /* messages taken, for the sender's count of room */

	pthread_t thread; /* signalling's, like all that follows */
	bool is_running;
	uint64_t sent; /* messages */
	size_t load;   /* streams */
	struct cv_media_plane *plane;
};

/** Makes a stream without sockets. ENOMEM. */
int cv_mstream_new(struct cv_mstream **sp, struct cv_mthread *t, uint32_t slot);
/** Closes its sockets and frees it. */
void cv_mstream_free(struct cv_mstream *s);
/** Takes over two sockets; closes them on error. */
int cv_mstream_pair(struct cv_mstream *s, enum cv_end which, unsigned face,
		    const int fd[CV_COMP_COUNT]);
/** Closes sockets that found no stream. */
void cv_mstream_shut(const int fd[CV_COMP_COUNT]);
void cv_mstream_expect(struct cv_mstream *s, enum cv_end which,
		       const struct cv_expect *x);
void cv_mstream_park(struct cv_mstream *s);
/** Closes the sockets of all faces but this one. */
void cv_mstream_keep(struct cv_mstream *s, enum cv_end which, unsigned face);

/** Bytes of the states of one end's stack. */
size_t cv_pipe_size(void);
/** Sets up the stack of @p end in @p states. */
void cv_pipe_open(struct cv_mend *end, char *states);
/** Frees what the states hold; accepts an end whose stack was not set up. */
void cv_pipe_close(struct cv_mend *end);
void cv_pipe_expect(struct cv_mend *end, const struct cv_expect *x, uint64_t now_ms);
void cv_pipe_silent(struct cv_mend *end, uint64_t now_ms);
/** Sends a keepalive out of one socket of an end that was learnt there. */
void cv_pipe_keep(struct cv_mend *end, enum cv_pkt_comp comp, uint64_t now_ms);
/** Sends @p pkt down the stack of @p end and into the batch that leaves. */
void cv_pipe_tx(struct cv_mend *end, struct cv_pkt *pkt);
/** Lets what came in climb the stack of @p end; says what became of it. Does not send. */
enum cv_verdict cv_pipe_rx(struct cv_mend *end, struct cv_pkt *pkt);
/** A cv_fd_fn: arg is the struct cv_mport that became readable. */
void cv_pipe_readable(int fd, void *arg);

/** Of an end that may be watched. */
void cv_watch_expect(struct cv_mend *end, const struct cv_expect *x);
/** Reads RTCP of an end that is watched. */
void cv_watch_read(struct cv_mend *end, const struct cv_pkt *pkt);

/** Tells signalling that the bits happened. */
void cv_mthread_note(struct cv_mthread *t, uint32_t slot, uint32_t bits);
static inline uint32_t cv_note_bit(enum cv_end end, enum cv_media_what what)
{
	return UINT32_C(1) << ((unsigned)what + (end == CV_END_B ? CV_NOTE_END : 0));
}

/** Puts a stream under the clock; again after its state changed. */
void cv_mtimer_add(struct cv_mstream *s);
/** Turns the wheel by one place. */
void cv_mtimer_tick(struct cv_mthread *t);
enum { CV_MTIMER_TICK_MS = 50 }; /* a place of the wheel */

/* ---- signalling's ---- */

/** Makes thread number @p n of a plane, not yet running. */
int cv_mthread_new(struct cv_mthread **tp, struct cv_media_plane *p, cv_mbox_fn *up);
int cv_mthread_start(struct cv_mthread *t);
/** Ends the thread and waits for it. */
void cv_mthread_stop(struct cv_mthread *t);
/** Messages that can be sent now without ENOBUFS. */
size_t cv_mthread_room(const struct cv_mthread *t);
int cv_mthread_send(struct cv_mthread *t, const struct cv_mmsg *msg);
/** What is sent between these two wakes the thread once. */
void cv_mthread_hold(struct cv_mthread *t);
void cv_mthread_release(struct cv_mthread *t);

struct cv_mline;
struct cv_msetup;

/** Our port pair of a line towards an end, or towards those of it who share a face. */
struct cv_mdoor {
	struct cv_list node; /* of the plane's table, by number */
	struct cv_mline *line;
	enum cv_end end;
	struct cv_pair pair; /* port 0: not taken; sockets only until they are handed
				over */
	struct cv_addr adv;  /* what we show for it */
	bool is_over;        /* the thread was told to close it */
};

/** A point of ours towards an end. */
struct cv_mpoint {
	struct cv_addr local, adv; /* unset: none */
	uint8_t listen;            /* its number in the net */
};

enum cv_park { CV_PARK_LIVE = 0, CV_PARK_CLOSING, CV_PARK_DONE };

/** What was said on a line by one end, and to it in the other's name. */
struct cv_msaid {
	struct cv_addr addr[CV_COMP_COUNT]; /* as the end signalled it last */
	enum cv_dir dir;
	bool spoken, mux;    /* what the end said */
	bool told, told_mux; /* what we said to it */
	bool off;            /* it wants the stream no more */
};

/** The talk on a line between end A and one fork of end B. */
struct cv_mtalk {
	struct cv_msaid end[2];
	enum cv_mclass class_;
	uint32_t idle_ms;
};

/** One m-line of a session as signalling knows it. Lives until the thread said CLOSED. */
struct cv_mline {
	struct cv_media_plane *plane;
	struct cv_media *session; /* NULL: it is being closed */
	struct cv_mthread *thread;
	size_t index; /* in the session */
	uint32_t slot;
	struct cv_mdoor door[2]; /* facing end A; B, face 0 */
	struct cv_mdoor *faces;  /* the other faces of end B, CV_MEDIA_MORE; owned; NULL:
				    there is one */
	struct cv_msetup *tcp;   /* owned; NULL: it is carried by UDP */
	struct cv_mtalk talk;    /* with the fork that is heard */
	struct cv_mtalk *more; /* with the others, as session->others; owned; may be NULL
				  while there are none */
	enum cv_park park;
	bool is_reopening;      /* unparked before the thread had closed */
	struct cv_list closing; /* of the plane, until CLOSE found room */
};

enum {
	CV_MEDIA_OTHERS = CV_MEDIA_FORKS - 1,
	CV_MEDIA_HEARD = -1, /* in place of an index of the others */
};

/** A fork of end B that isn't heard. */
struct cv_mfork {
	uint32_t fork;
	uint32_t age; /* count of its last word */
	uint8_t face;
	struct cv_place place;
};

/** All of them; exists only while several phones ring. */
struct cv_mforks {
	struct cv_mfork v[CV_MEDIA_OTHERS];
	size_t c;
	uint32_t words;
};

struct cv_media {
	struct cv_media_plane *plane; /* NULL: the plane has ended */
	uint32_t id, gen;
	uint32_t fork; /* of end B, the one that is heard; CV_FORK_ALL: none has a number
			  yet */
	uint8_t face;  /* of that fork */
	uint8_t base;  /* face of what end A says to all */
	struct cv_place place[2]; /* of end B: of that fork */
	struct cv_manner manner[2];
	struct cv_mforks *others; /* owned; NULL: at most one fork is known */
	bool is_watch;            /* RTP goes directly */
	bool is_answered;         /* the fork that is heard is the only one */
	bool is_offered;          /* end A has said something to all of end B */
	struct cv_mpoint point[2]; /* that faces end A; B, face 0 */
	struct cv_mpoint *more;    /* of the other faces, CV_MEDIA_MORE; owned; NULL: none
				    */
	struct cv_mthread *thread;
	struct cv_mline *line[CV_MEDIA_FLOWS]; /* NULL: no stream */
	struct cv_list node;                   /* of the plane */
};

struct cv_media_plane {
	struct cv_media_conf conf;
	struct cv_ports *ports;
	struct cv_ports *tcp_ports; /* NULL: none configured */
	struct cv_arena *arena;
	struct cv_slots *sessions, *lines;
	struct cv_mthread *thread[CV_MEDIA_THREADS];
	size_t threadc;
	struct cv_list list;     /* of sessions */
	struct cv_list closing;  /* lines whose CLOSE found no room */
	struct cv_list *by_port; /* heads of struct cv_mdoor, by pair number; owned */
	struct cv_timer *retry;
	struct cv_stat_cell *stats; /* signalling's own; may be NULL */
	struct cv_cmd cmd;
	struct cv_gauge gauge[CV_MEDIA_GAUGES];
	struct cv_log_limit loop_log;
	bool is_open;
};

/** Makes a line with a number and a cell, without ports; carried by UDP or TCP. ENOSPC,
 * ENOMEM. */
int cv_mline_new(struct cv_mline **lp, struct cv_media *m, size_t index,
		 enum cv_carry carry);
/** Our door towards a face of an end; NULL: it has none there. Of end A there is face 0.
 */
struct cv_mdoor *cv_mline_door(const struct cv_mline *l, enum cv_end end, unsigned face);
/** Takes the pair facing @p end there. EADDRNOTAVAIL, ENOSPC, EMFILE, ENOMEM. */
int cv_mline_take(struct cv_mline *l, enum cv_end end, unsigned face);
/** Gives a pair back; no thread may have its sockets. */
void cv_mdoor_give(struct cv_mdoor *d);
/** Hands the sockets over, or shuts them while the line is parked. ENOBUFS. */
int cv_mline_send_pair(struct cv_mline *l, enum cv_end end, unsigned face);
/** Has all pairs of end B closed but those of this face; they come back when the thread
 * has said so. */
void cv_mline_keep(struct cv_mline *l, unsigned face);
/** The thread has closed them. */
void cv_mline_kept(struct cv_mline *l);
/** How what is expected of an end has changed. */
struct cv_mchange {
	int at;                     /* fork of end B: index of the others, or HEARD */
	bool reopen[CV_COMP_COUNT]; /* another source may be learnt */
	bool news, only;            /* as in struct cv_expect */
	bool fresh, resumed;
};

/** Says what is expected of @p end now. ENOBUFS. */
int cv_mline_send_expect(struct cv_mline *l, enum cv_end end,
			 const struct cv_mchange *how);
/** What is said with a fork: @p at is an index of the others, or HEARD. */
static inline struct cv_mtalk *cv_mline_talk(struct cv_mline *l, int at)
{
	return at == CV_MEDIA_HEARD ? &l->talk : &l->more[at];
}
int cv_mline_park(struct cv_mline *l);
/** Opens the sockets again, at once or when the thread has closed them. EADDRINUSE,
 * EMFILE, ENOBUFS. */
int cv_mline_unpark(struct cv_mline *l);
/** Ends a line: its ports and number come back when the thread has said so. */
void cv_mline_close(struct cv_mline *l);
/** The thread has closed the sockets of a line that is parked. */
void cv_mline_parked(struct cv_mline *l);
/** Frees a line that no thread knows any more. */
void cv_mline_free(struct cv_mline *l);

/* fork.c */

/** Finds the fork of end B or makes it known; @p at: as in struct cv_mchange. ENOMEM. */
int cv_media_fork(struct cv_media *m, uint32_t fork, int *at);
/** Gives a line that is new room for what the other forks say. ENOMEM. */
int cv_media_fork_line(const struct cv_media *m, struct cv_mline *l);

/* face.c */

/** Which of our addresses face this place; unset: none. */
struct cv_mpoint cv_media_point_of(const struct cv_media *m,
				   const struct cv_place *place);
/** Our point towards a face of an end. NULL: no such face. */
struct cv_mpoint *cv_media_point(struct cv_media *m, enum cv_end end, unsigned face);
/** By which face end B speaks from this place, made known if that may still be; the base
 * when there is none. */
uint8_t cv_media_face_of(struct cv_media *m, const struct cv_place *place);
/** Only the face of the fork that is heard is left. */
void cv_media_face_choose(struct cv_media *m);

/** Its sockets are closed, its numbers kept. */
bool cv_media_is_parked(const struct cv_media *m);
/** Takes a session out of its plane and ends its streams; the caller keeps the rest. */
void cv_media_detach(struct cv_media *m);
/** Has @p l closed by its thread, together with others that end about now. */
void cv_plane_close_soon(struct cv_media_plane *p, struct cv_mline *l);
/** Sends CLOSE for lines that wait. */
void cv_plane_retry(void *arg);
/** The live local port with this address, as bound or as shown; NULL. */
struct cv_mdoor *cv_plane_port(struct cv_media_plane *p, const struct cv_addr *a);
struct cv_list *cv_plane_port_head(struct cv_media_plane *p, uint16_t port);
/** Tells the owner of the plane. */
void cv_plane_event(struct cv_mline *l, enum cv_end end, enum cv_media_what what);

#endif
