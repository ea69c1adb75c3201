/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The doctor: facts of a call -> what is wrong with its sound, why, and what helps. Pure;
 * any thread.
 *
 * What is looked for, the gravest first; the first that is found is the verdict:
 *
 *   not-answered    there was no talk
 *   never-sent      a party that should sent no media at all
 *   other-source    its media came, but from where it may not come from
 *   nowhere-to-send it sends, but named no address, and none could be learnt
 *   alg             something between it and us rewrote its messages
 *   direct          the media goes past the edge, which can't hear it
 *   loss            more than one packet in LOSS_PERCENT is missing
 *   held            a party asked for silence
 *   too-early       the call is so young that silence means nothing yet
 *   strangers       somebody else sends to the call's ports; it does no harm
 *   healthy         both are heard
 */
#include "config.h"

#include "call/doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

enum {
	YOUNG_MS = 2000,   /* two lost seconds are no silence yet: phones open their
			      sound, NATs are learnt */
	LOSS_PERCENT = 5,  /* what a codec without concealment lets through unheard ends
			      before */
	LOSS_PACKETS = 50, /* one second of sound: fewer prove nothing */
	FINDINGS = 12,
	SAYS_LEN = 320,
};

struct finding {
	const char *word, *advice;
	const char *end; /* "A", "B"; NULL: the call */
	char says[SAYS_LEN];
};

struct findings {
	struct finding v[FINDINGS];
	size_t c;
};

static void find(struct findings *f, const char *word, const char *end,
		 const char *advice, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void find(struct findings *f, const char *word, const char *end,
		 const char *advice, const char *fmt, ...)
{
	struct finding *n = &f->v[f->c];
	va_list ap;

	if (f->c == FINDINGS)
		return;

	n->word = word;
	n->end = end;
	n->advice = advice;
	va_start(ap, fmt);
	(void)vsnprintf(n->says, sizeof(n->says), fmt, ap);
	va_end(ap);
	++f->c;
}

static const char *name(size_t end)
{
	return end == CV_END_A ? "A" : "B";
}

/* The line that its party asked to be silent says nothing by its silence. */
static bool should_send(const struct cv_checkup_end *e)
{
	return cv_addr_is_set(&e->said) &&
	       (e->dir == CV_DIR_SENDRECV || e->dir == CV_DIR_SENDONLY);
}

/* An address that nobody outside its own network can send to. */
static bool is_private(const struct cv_addr *a)
{
	enum cv_addr_kind kind = cv_addr_kind(a);

	return kind == CV_ADDR_PRIVATE || kind == CV_ADDR_CGNAT ||
	       kind == CV_ADDR_LINKLOCAL;
}

static void never_sent(struct findings *f, const struct cv_checkup *c, size_t i)
{
	const struct cv_checkup_end *e = &c->end[i], *o = &c->end[1 - i];
	char said[CV_ADDR_STRLEN], seen[CV_ADDR_STRLEN], local[CV_ADDR_STRLEN];

	cv_addr_print(&e->said, said);
	cv_addr_print_host(&e->seen, seen);
	cv_addr_print(&e->sum.local, local);
	if (e->side == CV_SIDE_FAR && is_private(&e->said)) {
		find(f, "never-sent", name(i),
		     "see whether its microphone or the line is muted, whether its "
		     "firewall lets UDP out to that port, and whether a SIP ALG in its "
		     "router changed the description it got; only its own first packet "
		     "can open its NAT",
		     "%s behind the NAT at %s never sent RTP to %s; the address it "
		     "wrote, "
		     "%s, is private, so %" PRIu64 " packets of %s had nowhere to go",
		     name(i), seen, local, said, e->sum.wait, name(1 - i));
		return;
	}

	find(f, "never-sent", name(i),
	     "see whether a firewall between it and the edge drops UDP to that port, and "
	     "whether it is muted; what comes from the other side was sent to it",
	     "%s at %s never sent RTP to %s; %s sent %" PRIu64
	     " packets, of which %" PRIu64 " went on to it",
	     name(i), seen, local, name(1 - i), o->sum.rtp_in, e->sum.rtp_out);
}

static void hear_end(struct findings *f, const struct cv_checkup *c, size_t i)
{
	const struct cv_checkup_end *e = &c->end[i];
	char seen[CV_ADDR_STRLEN], local[CV_ADDR_STRLEN];

	if (!should_send(e) || e->sum.rtp_in > 0)
		return;

	if (e->sum.foreign == 0) {
		never_sent(f, c, i);
		return;
	}

	find(f, "other-source", name(i),
	     "when its site has several public addresses, put them into one entry of "
	     "[network] nat-systems; for a [peer] that sends from anywhere, latch = any",
	     "nothing came to %s from %s, whose signalling comes from %s, but %" PRIu64
	     " packets came there from other addresses and were dropped",
	     cv_addr_print(&e->sum.local, local), name(i),
	     cv_addr_print_host(&e->seen, seen), e->sum.foreign);
}

/* It is heard, and nothing could be sent to it. */
static void reach_end(struct findings *f, const struct cv_checkup *c, size_t i)
{
	const struct cv_checkup_end *e = &c->end[i], *o = &c->end[1 - i];
	char said[CV_ADDR_STRLEN];

	if (e->sum.rtp_in == 0 || o->sum.rtp_in == 0 || e->sum.rtp_out > 0 ||
	    !should_send(o))
		return;

	find(f, "nowhere-to-send", name(i),
	     "see in explain what was learnt of its address, and whether a firewall "
	     "keeps the edge from sending there",
	     "%s wants its media at %s, and none of %" PRIu64 " packets of %s could be "
	     "sent to it",
	     name(i), cv_addr_print(&e->said, said), o->sum.rtp_in, name(1 - i));
}

static void lose_end(struct findings *f, const struct cv_checkup *c, size_t i)
{
	const struct cv_flow_sum *s = &c->end[i].sum;
	uint64_t all = s->rtp_in + s->lost;

	if (all < LOSS_PACKETS || s->lost * 100 < all * LOSS_PERCENT)
		return;

	find(f, "loss", name(i),
	     "measure its access line; a full uplink loses like that, and so does WLAN",
	     "%" PRIu64 " of %" PRIu64
	     " packets that %s sent were lost on the way to the "
	     "edge",
	     s->lost, all, name(i));
}

static void hold_end(struct findings *f, const struct cv_checkup *c, size_t i)
{
	const struct cv_checkup_end *e = &c->end[i];

	if (cv_addr_is_set(&e->said) && e->dir != CV_DIR_SENDRECV)
		find(f, "held", name(i), "nothing is wrong: it was asked for",
		     "%s said %s: one direction, or both, are silent by agreement",
		     name(i), cv_dir_name(e->dir));
}

static void foreign_end(struct findings *f, const struct cv_checkup *c, size_t i)
{
	const struct cv_flow_sum *s = &c->end[i].sum;
	char local[CV_ADDR_STRLEN];

	if (s->rtp_in > 0 && s->foreign > 0)
		find(f, "strangers", name(i),
		     "it does no harm; show media says which port, a trace from where",
		     "%" PRIu64
		     " packets came to %s from addresses that may not speak for "
		     "%s and were dropped",
		     s->foreign, cv_addr_print(&s->local, local), name(i));
}

static void alg(struct findings *f, const struct cv_evid *ev)
{
	const char *text, *is = cv_evid_find(ev, "alg", &text);

	if (is && strcmp(is, "no") != 0)
		find(f, "alg", NULL,
		     "switch SIP ALG off in the router before that phone, or let the "
		     "phone "
		     "use TLS or another port",
		     "%s", text);
}

static const char *direct_advice(enum cv_reason r)
{
	switch (r) {
	case CV_REASON_NONE_SAME_NAT:
		return "their RTCP comes by the edge, unless they use SRTP or ICE, and "
		       "the media, too, when they don't report to hear each other; when "
		       "there is no sound all the same: same-nat-direct = no in "
		       "[network]";
	case CV_REASON_NEVER:
		return "when there is no sound, a relay is needed: take relay = never "
		       "out";
	case CV_REASON_NONE_LOOP: /* direct() has words of its own */
	case CV_REASON_NONE_SAME_SIDE:
	case CV_REASON_LAN_WAN:
	case CV_REASON_LAN_LAN:
	case CV_REASON_FAR_END:
	case CV_REASON_FAMILY:
	case CV_REASON_FORCED:
		break;
	}

	return "when there is no sound, look between the two: a firewall, or a network "
	       "that [network] lan or lan-routes should name; relay = always for a "
	       "[peer] brings the media here";
}

static void direct(struct findings *f, const struct cv_checkup *c)
{
	char a[CV_ADDR_STRLEN], b[CV_ADDR_STRLEN];

	if (c->reason == CV_REASON_NONE_LOOP) {
		find(f, "direct", NULL,
		     "explain names the other call of this loop: ask doctor call about "
		     "that one; a relay between the two, if one is needed, is there",
		     "the call came back to us by a PBX, and its outer parties know of "
		     "each other (%s): this call's ports are parked",
		     cv_reason_name(c->reason));
		return;
	}

	find(f, "direct", NULL, direct_advice(c->reason),
	     "the media goes directly between A at %s and B at %s (%s): the edge doesn't "
	     "carry it and can't hear it",
	     cv_addr_print_host(&c->end[0].seen, a),
	     cv_addr_print_host(&c->end[1].seen, b), cv_reason_name(c->reason));
}

typedef void end_fn(struct findings *f, const struct cv_checkup *c, size_t i);

static void each_end(struct findings *f, const struct cv_checkup *c, end_fn *look)
{
	look(f, c, CV_END_A);
	look(f, c, CV_END_B);
}

static void early(struct findings *f, const struct cv_checkup *c)
{
	find(f, "too-early", NULL, "ask again when they have talked for a while",
	     "only %" PRIu64 " ms passed since the answer", c->talk_ms);
}

static void examine(struct findings *f, const struct cv_checkup *c,
		    const struct cv_evid *ev)
{
	bool young = c->talk_ms < YOUNG_MS;

	if (!young) {
		each_end(f, c, hear_end);
		each_end(f, c, reach_end);
	}
	alg(f, ev);
	each_end(f, c, lose_end);
	each_end(f, c, hold_end);
	if (young)
		early(f, c);
	each_end(f, c, foreign_end);
	if (f->c == 0)
		find(f, "healthy", NULL, "nothing to do here",
		     "A sent %" PRIu64 " packets and B %" PRIu64 "; both are heard",
		     c->end[CV_END_A].sum.rtp_in, c->end[CV_END_B].sum.rtp_in);
}

static void print(const struct findings *f, struct cv_out *out)
{
	cv_out_str(out, "verdict", "%s", f->v[0].word);
	cv_out_list(out, "findings");
	for (size_t i = 0; i < f->c; ++i) {
		const struct finding *n = &f->v[i];

		cv_out_item(out);
		cv_out_str(out, "finding", "%s", n->word);
		if (n->end)
			cv_out_str(out, "end", "%s", n->end);
		cv_out_str(out, "says", "%s", n->says);
		cv_out_str(out, "advice", "%s", n->advice);
		cv_out_end(out);
	}
	cv_out_end(out);
}

void cv_doctor_show(const struct cv_checkup *c, const char *ended,
		    const struct cv_evid *ev, struct cv_out *out)
{
	struct findings f = {.c = 0};

	if (c->answered && c->relayed) {
		examine(&f, c, ev);
	} else if (c->answered) {
		alg(&f, ev);
		direct(&f, c);
	} else {
		find(&f, "not-answered", NULL,
		     "see ladder for the messages and explain for the reason",
		     "nobody talked: %s", ended ? ended : "the answer is awaited");
		alg(&f, ev);
	}

	print(&f, out);
}
