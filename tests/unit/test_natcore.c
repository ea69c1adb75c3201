/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of tools/natcore.c and natmap.c: the nine kinds of NAT, and what else
 * RFC 4787 distinguishes. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "nat_pkt.h"
#include "suite_nat.h"
#include "tools/natcore.h"

#define IN     "10.0.0.2:5060"
#define IN2    "10.0.0.3:5060"
#define OUT    "203.0.113.7"
#define R1     "198.51.100.5:5060"
#define R1B    "198.51.100.5:6000"
#define R2     "198.51.100.6:5060"
#define PUBLIC OUT ":5060"

static struct cv_nat_traits traits(enum cv_nat_kind map, enum cv_nat_kind filter)
{
	struct cv_nat_traits t;

	cv_nat_traits_init(&t);
	t.map = map;
	t.filter = filter;
	t.udp_idle_ms = 30000;
	if (map != CV_NAT_NONE)
		t.outside[t.outsidec++] = nat_addr(OUT);

	return t;
}

static struct cv_nat *make(const struct cv_nat_traits *t)
{
	struct cv_nat *n = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_nat_new(&n, t), 0);

	return n;
}

/* What becomes of a packet from inside: "SRC DST", or "-" when it is dropped. */
static const char *out(struct cv_nat *n, const char *src, const char *dst,
		       uint64_t now_ms)
{
	static char text[2 * CV_ADDR_STRLEN];
	struct nat_pkt x;

	nat_make(&x, NAT_UDP, src, dst, "abc");
	if (cv_nat_out(n, &x.k, now_ms) != CV_NAT_PASS)
		return "-";

	CU_ASSERT_TRUE(nat_is_right(x.p, x.len));

	return nat_ends(&x, text);
}

static const char *in(struct cv_nat *n, const char *src, const char *dst, uint64_t now_ms)
{
	static char text[2 * CV_ADDR_STRLEN];
	struct nat_pkt x;

	nat_make(&x, NAT_UDP, src, dst, "abc");
	if (cv_nat_in(n, &x.k, now_ms) != CV_NAT_PASS)
		return "-";

	CU_ASSERT_TRUE(nat_is_right(x.p, x.len));

	return nat_ends(&x, text);
}

/* Outside port that IN has towards a remote. */
static unsigned port_to(struct cv_nat *n, const char *remote)
{
	struct cv_addr inside = nat_addr(IN), to = nat_addr(remote), face = {0};

	(void)out(n, IN, remote, 0);
	CU_ASSERT_EQUAL(cv_nat_find(n, CV_NATPKT_UDP, &inside, &to, 0, &face), 0);

	return face.port;
}

static void test_mapping_kinds(void)
{
	static const struct {
		enum cv_nat_kind map;
		bool same_address, other_address; /* the port stays towards these */
	} rows[] = {
		{CV_NAT_EI, true, true},
		{CV_NAT_AD, true, false},
		{CV_NAT_APD, false, false},
	};

	for (size_t i = 0; i < 3; ++i) {
		for (int preserve = 0; preserve < 2; ++preserve) {
			struct cv_nat_traits t = traits(rows[i].map, CV_NAT_APD);
			struct cv_nat *n;
			unsigned port;

			t.preserve = preserve;
			n = make(&t);
			port = port_to(n, R1);
			CU_ASSERT_EQUAL(port == 5060, preserve);
			CU_ASSERT_EQUAL(port_to(n, R1), port);
			CU_ASSERT_EQUAL(port_to(n, R1B) == port, rows[i].same_address);
			CU_ASSERT_EQUAL(port_to(n, R2) == port, rows[i].other_address);
			cv_mem_unref(n);
		}
	}
}

static void test_filter_kinds(void)
{
	static const struct {
		enum cv_nat_kind filter;
		bool same_address, other_address; /* may answer, though not sent to */
	} rows[] = {
		{CV_NAT_NONE, true, true},
		{CV_NAT_EI, true, true},
		{CV_NAT_AD, true, false},
		{CV_NAT_APD, false, false},
	};

	for (enum cv_nat_kind map = CV_NAT_EI; map <= CV_NAT_APD; ++map) {
		for (size_t i = 0; i < 4; ++i) {
			struct cv_nat_traits t = traits(map, rows[i].filter);
			struct cv_nat *n = make(&t);

			CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 0), "-");
			CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), PUBLIC " " R1);
			CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 0), R1 " " IN);
			CU_ASSERT_STRING_EQUAL(in(n, R1B, PUBLIC, 0),
					       rows[i].same_address ? R1B " " IN : "-");
			CU_ASSERT_STRING_EQUAL(in(n, R2, PUBLIC, 0),
					       rows[i].other_address ? R2 " " IN : "-");
			CU_ASSERT_EQUAL(cv_nat_counts(n)->unmapped, 1);
			CU_ASSERT_EQUAL(cv_nat_counts(n)->filtered,
					2u - rows[i].same_address -
						rows[i].other_address);
			cv_mem_unref(n);
		}
	}
}

static void test_a_firewall_keeps_addresses(void)
{
	struct cv_nat_traits t = traits(CV_NAT_NONE, CV_NAT_APD);
	struct cv_nat *n = make(&t);

	CU_ASSERT_STRING_EQUAL(in(n, R1, IN, 0), "-");
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), IN " " R1);
	CU_ASSERT_STRING_EQUAL(in(n, R1, IN, 0), R1 " " IN);
	CU_ASSERT_STRING_EQUAL(in(n, R2, IN, 0), "-");
	CU_ASSERT_STRING_EQUAL(out(n, "[2001:db8:1::2]:5060", "[2001:db8::5]:5060", 0),
			       "[2001:db8:1::2]:5060 [2001:db8::5]:5060");
	CU_ASSERT_STRING_EQUAL(in(n, "[2001:db8::5]:5060", "[2001:db8:1::2]:5060", 0),
			       "[2001:db8::5]:5060 [2001:db8:1::2]:5060");
	cv_mem_unref(n);

	t = traits(CV_NAT_NONE, CV_NAT_NONE);
	n = make(&t);
	CU_ASSERT_STRING_EQUAL(in(n, R1, IN, 0), R1 " " IN);
	cv_mem_unref(n);
}

static void test_idle_mappings_end(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_EI);
	struct cv_nat *n = make(&t);

	(void)out(n, IN, R1, 0);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 29999), R1 " " IN);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 30000), "-"); /* in does not refresh */
	(void)out(n, IN, R1, 40000);
	(void)out(n, IN, R1, 60000);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 89999), R1 " " IN);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 90000), "-");
	cv_mem_unref(n);

	t.refresh_in = true;
	n = make(&t);
	(void)out(n, IN, R1, 0);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 20000), R1 " " IN);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 49999), R1 " " IN);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 79999), "-");
	cv_mem_unref(n);
}

static void test_a_permit_ends_alone(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n = make(&t);

	(void)out(n, IN, R1, 0);
	(void)out(n, IN, R2, 20000);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 29999), R1 " " IN);
	CU_ASSERT_STRING_EQUAL(in(n, R1, PUBLIC, 30000), "-");
	CU_ASSERT_STRING_EQUAL(in(n, R2, PUBLIC, 30000), R2 " " IN);
	cv_mem_unref(n);
}

static void test_a_port_that_is_taken(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n;

	t.port_lo = 2000;
	t.port_hi = 2001;
	n = make(&t);
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), PUBLIC " " R1);
	CU_ASSERT_PTR_NOT_NULL(strstr(out(n, IN2, R1, 0), OUT ":200"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out(n, "10.0.0.4:5060", R1, 0), OUT ":200"));
	CU_ASSERT_STRING_EQUAL(out(n, "10.0.0.5:5060", R1, 0), "-");
	CU_ASSERT_EQUAL(cv_nat_counts(n)->full, 1);
	/* when those are over there is room again */
	CU_ASSERT_STRING_EQUAL(out(n, "10.0.0.5:5060", R1, 30000), PUBLIC " " R1);
	cv_mem_unref(n);
}

static void test_hairpin(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_EI);
	char text[2 * CV_ADDR_STRLEN];
	struct cv_nat *n = make(&t);
	struct nat_pkt x;

	(void)out(n, IN, R1, 0);
	nat_make(&x, NAT_UDP, "10.0.0.3:7000", PUBLIC, "abc");
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_DROP);
	CU_ASSERT_EQUAL(cv_nat_counts(n)->hairpins, 1);
	cv_mem_unref(n);

	t.hairpin = true;
	n = make(&t);
	(void)out(n, IN, R1, 0);
	nat_make(&x, NAT_UDP, "10.0.0.3:7000", PUBLIC, "abc");
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_BACK);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), OUT ":7000 " IN);
	CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
	cv_mem_unref(n);

	/* the filter holds for insiders too */
	t.filter = CV_NAT_APD;
	n = make(&t);
	(void)out(n, IN, R1, 0);
	nat_make(&x, NAT_UDP, "10.0.0.3:7000", PUBLIC, "abc");
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_DROP);
	CU_ASSERT_EQUAL(cv_nat_counts(n)->filtered, 1);
	cv_mem_unref(n);
}

/* Face of a host towards @p remote. */
static struct cv_addr face_of(struct cv_nat *n, const char *host, const char *remote)
{
	struct cv_addr inside = nat_addr(host), to = nat_addr(remote), face = {0};

	(void)out(n, host, remote, 0);
	CU_ASSERT_EQUAL(cv_nat_find(n, CV_NATPKT_UDP, &inside, &to, 0, &face), 0);

	return face;
}

static void test_several_outside_addresses(void)
{
	struct cv_nat_traits t = traits(CV_NAT_APD, CV_NAT_APD);
	unsigned others = 0;
	struct cv_nat *n;

	t.outside[t.outsidec++] = nat_addr("203.0.113.8");
	for (int random = 0; random < 2; ++random) {
		t.pool_random = random;
		n = make(&t);
		others = 0;
		for (unsigned i = 1; i <= 32; ++i) {
			struct cv_addr first = face_of(n, IN, R1), now;
			char remote[CV_ADDR_STRLEN];

			(void)snprintf(remote, sizeof(remote), "198.51.100.9:%u", i);
			now = face_of(n, IN, remote);
			others += !cv_addr_host_eq(&first, &now);
		}
		CU_ASSERT_EQUAL(others > 0, random);
		cv_mem_unref(n);
	}

	t.pool_random = false;
	n = make(&t);
	CU_ASSERT_FALSE(cv_addr_host_eq(&(struct cv_addr){0}, &t.outside[0]));
	{
		struct cv_addr a = face_of(n, IN, R1), b = face_of(n, IN2, R1);

		CU_ASSERT_FALSE(cv_addr_host_eq(&a, &b)); /* hosts are spread */
	}
	cv_mem_unref(n);
}

static void test_rules(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n;
	struct nat_pkt x;

	t.rules[t.rulec++] =
		(struct cv_nat_rule){.kind = CV_NATPKT_UDP, .lo = 1, .hi = 65535};
	t.rules[t.rulec++] = (struct cv_nat_rule){
		.allow = true, .kind = CV_NATPKT_UDP, .lo = 5060, .hi = 5061};
	n = make(&t);
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1B, 0), "-");
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), PUBLIC " " R1);
	CU_ASSERT_EQUAL(cv_nat_counts(n)->blocked, 1);
	nat_make(&x, NAT_TCP, IN, "198.51.100.5:443", "");
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
	nat_make(&x, NAT_ICMP, "10.0.0.2:7", "198.51.100.5:7", "");
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
	cv_mem_unref(n);
}

static void test_protocols_are_apart(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	char text[2 * CV_ADDR_STRLEN];
	struct cv_nat *n = make(&t);
	struct nat_pkt x;

	(void)out(n, IN, R1, 0);
	nat_make(&x, NAT_TCP, IN2, R1, "");
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), PUBLIC " " R1);
	nat_make(&x, NAT_TCP, R1, PUBLIC, "");
	CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 0), CV_NAT_PASS);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), R1 " " IN2);
	/* a TCP mapping outlives a UDP one */
	nat_make(&x, NAT_TCP, R1, PUBLIC, "");
	CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 60000), CV_NAT_PASS);
	cv_mem_unref(n);
}

static void test_echo_by_every_filter(void)
{
	for (enum cv_nat_kind filter = CV_NAT_EI; filter <= CV_NAT_APD; ++filter) {
		struct cv_nat_traits t = traits(CV_NAT_APD, filter);
		char text[2 * CV_ADDR_STRLEN], from[CV_ADDR_STRLEN];
		struct cv_addr face;
		struct cv_nat *n;
		struct nat_pkt x;

		t.preserve = false;
		n = make(&t);
		nat_make(&x, NAT_ICMP, "10.0.0.2:7", "198.51.100.5:7", "");
		CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
		face = x.k.src;
		CU_ASSERT_NOT_EQUAL(face.port, 7);
		(void)snprintf(from, sizeof(from), "198.51.100.5:%u", face.port);
		nat_make(&x, NAT_ICMP, from, cv_addr_print(&face, text), "");
		CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 0), CV_NAT_PASS);
		CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), "198.51.100.5:7 10.0.0.2:7");
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
		cv_mem_unref(n);
	}
}

static void test_errors_find_their_way(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct nat_pkt sent, x;
	struct cv_nat *n = make(&t);
	char text[2 * CV_ADDR_STRLEN];
	struct cv_natpkt inner;

	nat_make(&sent, NAT_UDP, IN, R1, "abc");
	CU_ASSERT_EQUAL(cv_nat_out(n, &sent.k, 0), CV_NAT_PASS);
	nat_make_error(&x, "198.51.100.1", OUT, &sent);
	CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 0), CV_NAT_PASS);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), "198.51.100.1 10.0.0.2");
	CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
	CU_ASSERT_EQUAL(cv_natpkt_inner(&x.k, &inner), 0);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&inner.src, text), IN);

	/* and one that an insider sends about what it got */
	nat_make(&sent, NAT_UDP, R1, PUBLIC, "abc");
	CU_ASSERT_EQUAL(cv_nat_in(n, &sent.k, 0), CV_NAT_PASS);
	nat_make_error(&x, "10.0.0.2", "198.51.100.5", &sent);
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), OUT " 198.51.100.5");
	CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
	CU_ASSERT_EQUAL(cv_natpkt_inner(&x.k, &inner), 0);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&inner.dst, text), PUBLIC);

	/* about a packet that nobody sent */
	nat_make(&sent, NAT_UDP, OUT ":9", R1, "abc");
	nat_make_error(&x, "198.51.100.1", OUT, &sent);
	CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 0), CV_NAT_DROP);
	cv_mem_unref(n);
}

static void test_parts_follow_the_first(void)
{
	static char big[3000];
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	char text[2 * CV_ADDR_STRLEN];
	struct nat_pkt whole, x;
	struct cv_nat *n = make(&t);

	memset(big, 'x', sizeof(big) - 1);
	nat_make(&whole, NAT_UDP, IN, R1, big);
	nat_cut(&x, &whole, 1480, 2960);
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_DROP); /* it came too early */
	nat_cut(&x, &whole, 0, 1480);
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
	nat_cut(&x, &whole, 1480, 2960);
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 0), CV_NAT_PASS);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), OUT " 198.51.100.5");
	nat_cut(&x, &whole, 2960, 4000);
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 1999), CV_NAT_PASS);
	nat_cut(&x, &whole, 2960, 4000);
	CU_ASSERT_EQUAL(cv_nat_out(n, &x.k, 2000), CV_NAT_DROP);

	nat_make(&whole, NAT_UDP, R1, PUBLIC, big);
	nat_cut(&x, &whole, 0, 1480);
	CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 2000), CV_NAT_PASS);
	nat_cut(&x, &whole, 1480, 4000);
	CU_ASSERT_EQUAL(cv_nat_in(n, &x.k, 2000), CV_NAT_PASS);
	CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), "198.51.100.5 10.0.0.2");
	cv_mem_unref(n);
}

static void test_many_remotes(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n = make(&t);
	char remote[CV_ADDR_STRLEN];
	unsigned heard = 0;

	for (unsigned i = 0; i < CV_NAT_PERMITS + 10; ++i) {
		(void)snprintf(remote, sizeof(remote), "198.51.100.5:%u", 1000 + i);
		(void)out(n, IN, remote, i);
	}
	for (unsigned i = 0; i < CV_NAT_PERMITS + 10; ++i) {
		(void)snprintf(remote, sizeof(remote), "198.51.100.5:%u", 1000 + i);
		heard += in(n, remote, PUBLIC, 400)[0] != '-';
	}
	CU_ASSERT_EQUAL(heard, CV_NAT_PERMITS);
	CU_ASSERT_STRING_EQUAL(in(n, "198.51.100.5:1000", PUBLIC, 400), "-");
	cv_mem_unref(n);
}

static void test_the_table_is_bounded(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n = make(&t);
	char src[CV_ADDR_STRLEN];

	for (unsigned i = 0; i < CV_NAT_MAPPINGS + 10; ++i) {
		(void)snprintf(src, sizeof(src), "10.0.0.2:%u", 1024 + i);
		(void)out(n, src, R1, 0);
	}
	CU_ASSERT_EQUAL(cv_nat_counts(n)->full, 10);
	cv_nat_reset(n);
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), PUBLIC " " R1);
	cv_mem_unref(n);
}

static void test_one_endpoint_is_dropped(void)
{
	struct cv_nat_traits t = traits(CV_NAT_APD, CV_NAT_APD);
	struct cv_addr inside = nat_addr(IN), other = nat_addr("10.0.0.3:5060");
	struct cv_nat *n;

	t.preserve = false;
	n = make(&t);
	(void)out(n, IN, R1, 0);
	(void)out(n, IN, "203.0.113.8:9", 0);
	(void)out(n, "10.0.0.3:5060", R1, 0);
	CU_ASSERT_EQUAL(cv_nat_drop(n, CV_NATPKT_TCP, &inside), 0);
	CU_ASSERT_EQUAL(cv_nat_drop(n, CV_NATPKT_UDP, &inside), 2);
	CU_ASSERT_EQUAL(cv_nat_drop(n, CV_NATPKT_UDP, &inside), 0);
	CU_ASSERT_EQUAL(cv_nat_find(n, CV_NATPKT_UDP, &inside, &other, 0, &other),
			ENOENT);
	CU_ASSERT_EQUAL(cv_nat_drop(n, CV_NATPKT_UDP, &other), 1);
	cv_mem_unref(n);
}

static void test_traits_that_contradict(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n = NULL;

	t.outsidec = 0;
	CU_ASSERT_EQUAL(cv_nat_new(&n, &t), EINVAL);
	t = traits(CV_NAT_EI, CV_NAT_APD);
	t.map = CV_NAT_NONE;
	CU_ASSERT_EQUAL(cv_nat_new(&n, &t), EINVAL);
	t = traits(CV_NAT_EI, CV_NAT_APD);
	t.port_hi = t.port_lo - 1;
	CU_ASSERT_EQUAL(cv_nat_new(&n, &t), EINVAL);
	CU_ASSERT_PTR_NULL(n);
	/* no outside address of the packet's family */
	t = traits(CV_NAT_EI, CV_NAT_APD);
	n = make(&t);
	CU_ASSERT_STRING_EQUAL(out(n, "[fd00::2]:5060", "[2001:db8::5]:5060", 0), "-");
	CU_ASSERT_EQUAL(cv_nat_counts(n)->family, 1);
	cv_mem_unref(n);
}

static void test_nat_shows_its_table(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n = make(&t);
	struct cv_buf text = {0};
	struct cv_out *o = NULL;

	(void)out(n, IN, R1, 0);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	cv_nat_show(n, 1000, o);
	CU_ASSERT_EQUAL(cv_out_finish(o, &text), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "proto=udp inside=" IN " outside=" PUBLIC
					      " left_ms=29000 permits=" R1));
	cv_buf_free(&text);
	cv_mem_unref(o);
	cv_mem_unref(n);
}

static void test_nat_oom(void)
{
	struct cv_nat_traits t = traits(CV_NAT_EI, CV_NAT_APD);
	struct cv_nat *n = NULL;
	int err = ENOMEM;

	for (long i = 0; err == ENOMEM && i < 64; ++i) {
		cv_mem_budget(i);
		err = cv_nat_new(&n, &t);
		CU_ASSERT(err == 0 || (err == ENOMEM && !n));
	}
	cv_mem_budget(0);
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), "-");
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_STRING_EQUAL(out(n, IN, R1, 0), PUBLIC " " R1);
	cv_mem_unref(n);
}

int cv_test_natcore(void)
{
	CU_pSuite s = CU_add_suite("tools/natcore", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "mapping kinds", test_mapping_kinds);
	CU_add_test(s, "filter kinds", test_filter_kinds);
	CU_add_test(s, "firewall", test_a_firewall_keeps_addresses);
	CU_add_test(s, "idle mappings", test_idle_mappings_end);
	CU_add_test(s, "idle permits", test_a_permit_ends_alone);
	CU_add_test(s, "taken ports", test_a_port_that_is_taken);
	CU_add_test(s, "hairpin", test_hairpin);
	CU_add_test(s, "outside addresses", test_several_outside_addresses);
	CU_add_test(s, "rules", test_rules);
	CU_add_test(s, "protocols", test_protocols_are_apart);
	CU_add_test(s, "echo", test_echo_by_every_filter);
	CU_add_test(s, "errors", test_errors_find_their_way);
	CU_add_test(s, "parts", test_parts_follow_the_first);
	CU_add_test(s, "many remotes", test_many_remotes);
	CU_add_test(s, "bounded table", test_the_table_is_bounded);
	CU_add_test(s, "drop", test_one_endpoint_is_dropped);
	CU_add_test(s, "contradictions", test_traits_that_contradict);
	CU_add_test(s, "table shown", test_nat_shows_its_table);
	CU_add_test(s, "memory runs out", test_nat_oom);

	return (int)CU_get_error();
}
