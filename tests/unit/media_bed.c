/* SPDX-License-Identifier: BSD-3-Clause */
/* The bed of the media tests. Knows loopback sockets; the test's thread only. */
#include "config.h"

#include "media_bed.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/udp.h"

enum { POLL_MS = 2, RTP_LEN = 32, MARK_AT = 20, PARTY_TRIES = 200 };

struct cv_addr bed_addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

struct cv_place bed_place(enum cv_side side, const char *seen, uint8_t listen)
{
	struct cv_place p = {
		.side = side,
		.seen = bed_addr(seen),
		.family = AF_INET,
		.listen = listen,
	};

	return p;
}

struct cv_flow bed_flow(const struct cv_addr *rtp)
{
	struct cv_flow f = {.rtp = *rtp};

	return f;
}

static void add_point(struct cv_net *net, const char *host, const char *adv,
		      enum cv_side side)
{
	struct cv_point *p = &net->points[net->pointc++];

	p->bind = p->media = bed_addr(host);
	p->advertise = p->media_adv = bed_addr(adv);
	p->side = side;
}

static void on_event(const struct cv_media_event *ev, void *arg)
{
	struct bed *b = arg;

	if (b->evc < BED_EVENTS)
		b->ev[b->evc++] = *ev;
}

static void on_poll(void *arg)
{
	struct bed *b = arg;

	b->is_met = b->until && b->until(b->arg);
	if (b->is_met || cv_clock_ms() >= b->end_ms)
		cv_loop_break(b->loop);
	else
		(void)cv_timer_set(b->poll, POLL_MS);
}

static bool turn(struct bed *b, bool (*fn)(void *arg), void *arg, unsigned ms)
{
	b->until = fn;
	b->arg = arg;
	b->is_met = false;
	b->end_ms = cv_clock_ms() + ms;
	(void)cv_timer_set(b->poll, 0);
	cv_loop_run(b->loop);

	return b->is_met;
}

bool bed_wait(struct bed *b, bool (*fn)(void *arg), void *arg)
{
	return turn(b, fn, arg, BED_WAIT_MS);
}

void bed_turn(struct bed *b, unsigned ms)
{
	(void)turn(b, NULL, NULL, ms);
}

struct wanted {
	const struct bed *b;
	enum cv_media_what what;
};

static bool has_event(void *arg)
{
	const struct wanted *w = arg;

	return bed_count(w->b, w->what) > 0;
}

size_t bed_count(const struct bed *b, enum cv_media_what what)
{
	size_t n = 0;

	for (size_t i = 0; i < b->evc; ++i)
		n += b->ev[i].what == what;

	return n;
}

const struct cv_media_event *bed_event(struct bed *b, enum cv_media_what what)
{
	struct wanted w = {b, what};

	if (!bed_wait(b, has_event, &w))
		return NULL;

	for (size_t i = b->evc; i > 0; --i) {
		if (b->ev[i - 1].what == what)
			return &b->ev[i - 1];
	}

	return NULL;
}

struct bed *bed_new(void)
{
	struct bed *b = calloc(1, sizeof(*b));

	if (!b)
		abort(); /* nothing can be tested */

	CU_ASSERT_EQUAL_FATAL(cv_net_new(&b->net), 0);
	add_point(b->net, "127.0.0.1", "127.0.0.1", CV_SIDE_LAN);
	add_point(b->net, "127.0.0.2", "127.0.0.2", CV_SIDE_WAN);
	add_point(b->net, "127.0.0.3", "127.0.0.4", CV_SIDE_LAN);
	CU_ASSERT_EQUAL(cv_alist_add(b->net->nated, CV_STR("127.0.9.0/24"), NULL), 0);
	CU_ASSERT_EQUAL(cv_alist_add(b->net->nat_systems, CV_STR("127.0.8.0/29"), NULL),
			0);
	CU_ASSERT_EQUAL_FATAL(cv_loop_ev_open(&b->loop), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&b->poll, b->loop, on_poll, b), 0);
	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&b->cmds), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_new(&b->stats, b->cmds), 0);
	b->conf = (struct cv_media_conf){
		.port_lo = BED_LO,
		.port_hi = BED_HI,
		.threads = 2,
		.net = b->net,
		.loop = b->loop,
		.stats = b->stats,
		.cmds = b->cmds,
		.event = on_event,
		.arg = b,
	};

	return b;
}

void bed_start(struct bed *b)
{
	CU_ASSERT_EQUAL_FATAL(cv_media_plane_open(&b->plane, &b->conf), 0);
}

void bed_free(struct bed *b)
{
	cv_media_plane_close(b->plane);
	cv_mem_unref(b->plane);
	cv_mem_unref(b->stats);
	cv_mem_unref(b->cmds);
	cv_mem_unref(b->poll);
	cv_mem_unref(b->loop);
	cv_mem_unref(b->net);
	free(b);
}

/* Two ports in a row that nobody has, from what the kernel gives */
void party_open(struct party *p, const char *host)
{
	for (int i = 0; i < PARTY_TRIES; ++i) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		struct cv_addr a = bed_addr(host), next;

		CU_ASSERT_EQUAL_FATAL(cv_udp_open(&p->rtp, &a, 0), 0);
		CU_ASSERT_EQUAL(getsockname(p->rtp, (struct sockaddr *)&ss, &len), 0);
		CU_ASSERT_EQUAL(cv_addr_from_sa(&p->addr, (struct sockaddr *)&ss), 0);
		next = p->addr;
		++next.port;
		p->seq = 1;
		if (next.port > 0 && cv_udp_open(&p->rtcp, &next, 0) == 0)
			return;

		(void)close(p->rtp);
	}
	CU_FAIL_FATAL("no two ports in a row");
}

void party_close(struct party *p)
{
	(void)close(p->rtp);
	(void)close(p->rtcp);
}

void party_send(int fd, const struct cv_addr *to, const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t slen = cv_addr_to_sa(to, &ss);

	CU_ASSERT_EQUAL(sendto(fd, data, len, 0, (struct sockaddr *)&ss, slen),
			(ssize_t)len);
}

void party_rtp(struct party *p, const struct cv_addr *to, uint8_t mark)
{
	uint8_t d[RTP_LEN] = {0x80, 0, (uint8_t)(p->seq >> 8), (uint8_t)p->seq};

	d[11] = 7;
	d[MARK_AT] = mark;
	++p->seq;
	party_send(p->rtp, to, d, sizeof(d));
}

void party_rtcp(struct party *p, const struct cv_addr *to, uint8_t mark)
{
	uint8_t d[RTP_LEN] = {0x80, 200, 0, RTP_LEN / 4 - 1};

	d[MARK_AT] = mark;
	party_send(p->rtcp, to, d, sizeof(d));
}

int party_get(int fd, struct cv_addr *from, unsigned wait_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	uint8_t d[2048] = {0};
	ssize_t n;

	if (poll(&pfd, 1, (int)wait_ms) != 1)
		return -1;

	n = recvfrom(fd, d, sizeof(d), 0, (struct sockaddr *)&ss, &len);
	if (n < 1)
		return -1;
	if (from)
		(void)cv_addr_from_sa(from, (struct sockaddr *)&ss);

	return n > MARK_AT ? d[MARK_AT] : d[0];
}

bool party_is_kept(int fd, unsigned wait_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	uint8_t d[64];

	return poll(&pfd, 1, (int)wait_ms) == 1 && recv(fd, d, sizeof(d), 0) == 0;
}

void call_say(struct call *c, enum cv_end from, struct cv_flow f)
{
	struct cv_flow *out = from == CV_END_A ? &c->to_b : &c->to_a;

	CU_ASSERT_EQUAL_FATAL(cv_media_set(c->m, from, 0, &f, out, 1), 0);
}

void call_open_as(struct call *c, struct bed *bed, const struct cv_place *pa,
		  const struct cv_place *pb)
{
	memset(c, 0, sizeof(*c));
	c->bed = bed;
	party_open(&c->a, "127.0.1.1");
	party_open(&c->b, "127.0.1.2");
	CU_ASSERT_EQUAL_FATAL(cv_media_open(&c->m, bed->plane, pa, pb, 1), 0);
}

void call_open(struct call *c, struct bed *bed)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);

	call_open_as(c, bed, &pa, &pb);
}

void call_start(struct call *c, struct bed *bed)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");

	call_open(c, bed);
	call_say(c, CV_END_A, bed_flow(&hidden));
	call_say(c, CV_END_B, bed_flow(&c->b.addr));
}

void call_end(struct call *c)
{
	cv_media_close(c->m);
	party_close(&c->a);
	party_close(&c->b);
}

struct bed *bed_open(void)
{
	struct bed *b = bed_new();

	bed_start(b);

	return b;
}

enum { REACH_MS = 500 }; /* a busy machine wakes a thread late */

bool call_reaches(void *arg)
{
	struct call *c = arg;

	party_rtp(&c->a, &c->to_a.rtp, 9);

	return party_get(c->b.rtp, NULL, REACH_MS) == 9;
}
