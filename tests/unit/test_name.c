/* SPDX-License-Identifier: BSD-3-Clause */
/* Where hosts are: RFC 3263 against a name server of the test's own. */
#include "config.h"

#include "net/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "dns_bed.h"
#include "net/answer.h"
#include "suite_net.h"

enum {
	WAIT_MS = 10000,  /* a test that hangs ends */
	TIMEOUT_MS = 300, /* patience with a server; c-ares takes no less */
};

/** One question and what came of it. */
struct world {
	struct cv_loop *loop;
	struct dns_bed *dns;
	struct cv_names *names;
	struct cv_timer *guard;
	struct cv_hop v[CV_NAME_HOPS];
	struct cv_hop_found f;
	unsigned answers;
};

static void on_guard(void *arg)
{
	struct world *w = arg;

	cv_loop_break(w->loop);
}

static int world_try(struct world *w, const struct dns_row *rows)
{
	struct cv_names_conf conf = {.timeout_ms = TIMEOUT_MS, .tries = 1};
	int err;

	memset(w, 0, sizeof(*w));
	err = cv_loop_ev_open(&w->loop);
	if (err)
		return err;

	err = dns_bed_open(&w->dns, w->loop);
	if (err)
		return err;

	dns_bed_zone(w->dns, rows);
	conf.loop = w->loop;
	conf.servers = dns_bed_server(w->dns);
	err = cv_names_open(&w->names, &conf);
	if (!err)
		err = cv_timer_new(&w->guard, w->loop, on_guard, w);

	return err;
}

static void world_open(struct world *w, const struct dns_row *rows)
{
	CU_ASSERT_EQUAL_FATAL(world_try(w, rows), 0);
}

static void world_close(struct world *w)
{
	w->names = cv_names_close(w->names);
	cv_mem_unref(w->guard);
	cv_mem_unref(w->dns);
	cv_mem_unref(w->loop);
}

static void on_found(void *arg, const struct cv_hop_found *f)
{
	struct world *w = arg;

	w->f = *f;
	if (f->c > 0)
		memcpy(w->v, f->v, f->c * sizeof(*f->v));
	++w->answers;
	cv_loop_break(w->loop);
}

/* The answer as one line: "ENOENT", or "addr:port/transport priority weight ..." */
static const char *look(struct world *w, const struct cv_hop_ask *ask, char *dst,
			size_t size)
{
	struct cv_name *q = NULL;
	unsigned before = w->answers;
	size_t len = 0;

	(void)snprintf(dst, size, "nothing");
	if (cv_name_look(w->names, &q, ask, on_found, w))
		return dst;

	(void)cv_timer_set(w->guard, WAIT_MS);
	for (int i = 0; i < 3 && w->answers == before; ++i)
		cv_loop_run(w->loop); /* a break of before ends one at once */
	cv_timer_stop(w->guard);
	cv_name_close(q);
	if (w->answers != before + 1)
		return dst;

	if (w->f.err) {
		(void)snprintf(dst, size, "%s",
			       w->f.err == ENOENT      ? "ENOENT"
			       : w->f.err == ETIMEDOUT ? "ETIMEDOUT"
			       : w->f.err == ECANCELED ? "ECANCELED"
						       : "?");
		return dst;
	}

	for (size_t i = 0; i < w->f.c && len < size; ++i) {
		char text[CV_ADDR_STRLEN];

		len += (size_t)snprintf(dst + len, size - len, "%s%s/%s %u %u",
					i > 0 ? ", " : "",
					cv_addr_print(&w->v[i].addr, text),
					cv_transport_name(w->v[i].transport),
					w->v[i].priority, w->v[i].weight);
	}

	return dst;
}

#define IS(w, ask, line)                                                                 \
	do {                                                                             \
		char text[512];                                                          \
		CU_ASSERT_STRING_EQUAL(look(w, ask, text, sizeof(text)), line);          \
	} while (0)

static const struct cv_hop_ask plain = {.host = "pbx.test"};

static void test_naptr_chooses_the_service(void)
{
	static const struct dns_row zone[] = {
		{"pbx.test", DNS_NAPTR, 900, "20 10 s SIP+D2U _sip._udp.pbx.test"},
		{"pbx.test", DNS_NAPTR, 900, "10 10 s SIPS+D2T tls.pbx.test"},
		{"pbx.test", DNS_NAPTR, 900, "5 10 u E2U+sip nobody.test"},
		{"tls.pbx.test", DNS_SRV, 300, "1 0 5071 one.test"},
		{"_sip._udp.pbx.test", DNS_SRV, 300, "1 0 5060 two.test"},
		{"one.test", DNS_A, 600, "192.0.2.1"},
		{"two.test", DNS_A, 600, "192.0.2.2"},
		{0},
	};
	struct world w;

	world_open(&w, zone);
	IS(&w, &plain, "192.0.2.1:5071/tls 1 0");
	CU_ASSERT_EQUAL(w.f.ttl_s, 300);
	CU_ASSERT_STRING_EQUAL(w.v[0].host, "pbx.test");
	world_close(&w);
}

static void test_next_service_when_the_first_is_empty(void)
{
	static const struct dns_row zone[] = {
		{"pbx.test", DNS_NAPTR, 900, "10 10 s SIP+D2T gone.test"},
		{"pbx.test", DNS_NAPTR, 900, "10 20 s SIP+D2U here.test"},
		{"here.test", DNS_SRV, 60, "1 0 5062 two.test"},
		{"two.test", DNS_A, 600, "192.0.2.2"},
		{0},
	};
	struct world w;

	world_open(&w, zone);
	IS(&w, &plain, "192.0.2.2:5062/udp 1 0");
	world_close(&w);
}

static void test_srv_keeps_priority_and_weight(void)
{
	static const struct dns_row zone[] = {
		{"_sip._udp.pbx.test", DNS_SRV, 30, "20 0 5060 c.test"},
		{"_sip._udp.pbx.test", DNS_SRV, 30, "10 60 5062 a.test"},
		{"_sip._udp.pbx.test", DNS_SRV, 30, "10 20 5064 b.test"},
		{"a.test", DNS_A, 600, "192.0.2.1"},
		{"b.test", DNS_A, 600, "192.0.2.2"},
		{"b.test", DNS_AAAA, 600, "2001:db8::2"},
		{"c.test", DNS_A, 20, "192.0.2.3"},
		{0},
	};
	struct world w;
	size_t v6 = 0;

	world_open(&w, zone);
	{
		char text[512];

		(void)look(&w, &plain, text, sizeof(text));
	}
	CU_ASSERT_EQUAL_FATAL(w.f.c, 4);
	CU_ASSERT_EQUAL(w.f.ttl_s, 20);
	CU_ASSERT_EQUAL(w.v[0].weight, 60);
	CU_ASSERT_EQUAL(w.v[1].record, w.v[2].record);
	CU_ASSERT_EQUAL(w.v[2].weight, 20);
	CU_ASSERT_EQUAL(w.v[3].priority, 20);
	for (size_t i = 0; i < w.f.c; ++i)
		v6 += w.v[i].addr.family == AF_INET6;
	CU_ASSERT_EQUAL(v6, 1);
	world_close(&w);
}

static void test_transport_and_port_leave_questions_out(void)
{
	static const struct dns_row zone[] = {
		{"pbx.test", DNS_NAPTR, 60, "10 10 s SIP+D2U wrong.test"},
		{"_sip._tcp.pbx.test", DNS_SRV, 60, "1 0 5066 a.test"},
		{"_sips._tcp.pbx.test", DNS_SRV, 60, "1 0 5068 a.test"},
		{"a.test", DNS_A, 60, "192.0.2.1"},
		{"pbx.test", DNS_A, 60, "192.0.2.9"},
		{0},
	};
	struct cv_hop_ask ask = {.host = "pbx.test",
				 .transport = CV_TRANSPORT_TCP,
				 .transport_given = true};
	struct world w;
	unsigned n;

	world_open(&w, zone);
	IS(&w, &ask, "192.0.2.1:5066/tcp 1 0");
	ask.transport = CV_TRANSPORT_TLS;
	IS(&w, &ask, "192.0.2.1:5068/tls 1 0");
	ask.port = 5070;
	n = dns_bed_questions(w.dns);
	IS(&w, &ask, "192.0.2.9:5070/tls 0 0");
	CU_ASSERT_EQUAL(dns_bed_questions(w.dns) - n, 2); /* A and AAAA */
	world_close(&w);
}

static void test_host_itself_without_records(void)
{
	static const struct dns_row zone[] = {
		{"pbx.test", DNS_CNAME, 40, "real.test"},
		{"real.test", DNS_A, 60, "192.0.2.9"},
		{0},
	};
	const struct cv_hop_ask tls = {.host = "pbx.test",
				       .transport = CV_TRANSPORT_TLS,
				       .transport_given = true};
	struct world w;

	world_open(&w, zone);
	IS(&w, &plain, "192.0.2.9:5060/udp 0 0");
	CU_ASSERT_EQUAL(w.f.ttl_s, 40);
	IS(&w, &tls, "192.0.2.9:5061/tls 0 0");
	world_close(&w);
}

static void test_number_is_not_asked_for(void)
{
	static const struct dns_row zone[] = {{0}};
	const struct cv_hop_ask ask = {.host = "192.0.2.7"};
	struct world w;

	world_open(&w, zone);
	IS(&w, &ask, "192.0.2.7:5060/udp 0 0");
	CU_ASSERT_EQUAL(dns_bed_questions(w.dns), 0);
	world_close(&w);
}

static void test_times_to_live_are_bounded(void)
{
	static const struct dns_row brief[] = {{"pbx.test", DNS_A, 0, "192.0.2.9"}, {0}};
	static const struct dns_row ages[] = {
		{"_sip._udp.pbx.test", DNS_SRV, 0xffffffff, "1 0 5060 a.test"},
		{"a.test", DNS_A, 86400, "192.0.2.9"},
		{0}};
	static const struct dns_row day[] = {{"pbx.test", DNS_A, 86400, "192.0.2.9"},
					     {0}};
	struct world w;

	world_open(&w, brief);
	IS(&w, &plain, "192.0.2.9:5060/udp 0 0");
	CU_ASSERT_EQUAL(w.f.ttl_s, CV_NAME_TTL_MIN_S);
	dns_bed_zone(w.dns, day);
	IS(&w, &plain, "192.0.2.9:5060/udp 0 0");
	CU_ASSERT_EQUAL(w.f.ttl_s, CV_NAME_TTL_MAX_S);
	dns_bed_zone(w.dns, ages); /* RFC 2181 8: the highest bit makes it none */
	IS(&w, &plain, "192.0.2.9:5060/udp 1 0");
	CU_ASSERT_EQUAL(w.f.ttl_s, CV_NAME_TTL_MIN_S);
	world_close(&w);
}

static void test_answers_are_asked_for_anew(void)
{
	static const struct dns_row one[] = {{"pbx.test", DNS_A, 60, "192.0.2.1"}, {0}};
	static const struct dns_row two[] = {{"pbx.test", DNS_A, 60, "192.0.2.2"}, {0}};
	static const struct dns_row none[] = {{0}};
	struct world w;

	world_open(&w, one);
	IS(&w, &plain, "192.0.2.1:5060/udp 0 0");
	dns_bed_zone(w.dns, two);
	IS(&w, &plain, "192.0.2.2:5060/udp 0 0");
	dns_bed_zone(w.dns, none);
	IS(&w, &plain, "ENOENT");
	world_close(&w);
}

static void test_service_that_is_denied(void)
{
	static const struct dns_row zone[] = {
		{"_sip._udp.pbx.test", DNS_SRV, 60, "0 0 0 ."},
		{"pbx.test", DNS_A, 60, "192.0.2.9"},
		{0},
	};
	struct world w;

	world_open(&w, zone);
	IS(&w, &plain, "ENOENT");
	world_close(&w);
}

static void test_silence_ends(void)
{
	static const struct dns_row srv[] = {
		{"_sip._udp.pbx.test", DNS_SILENT, 0, NULL},
		{"pbx.test", DNS_A, 60, "192.0.2.9"},
		{0},
	};
	static const struct dns_row naptr[] = {
		{"pbx.test", DNS_SILENT, DNS_NAPTR, NULL},
		{"pbx.test", DNS_A, 60, "192.0.2.9"},
		{0},
	};
	static const struct dns_row fails[] = {{"pbx.test", DNS_FAIL, 0, NULL}, {0}};
	struct world w;

	world_open(&w, srv);
	IS(&w, &plain, "ETIMEDOUT"); /* not the host itself: it may be a web server */
	dns_bed_zone(w.dns, naptr);  /* many servers don't know these records */
	IS(&w, &plain, "192.0.2.9:5060/udp 0 0");
	dns_bed_zone(w.dns, fails);
	IS(&w, &plain, "ETIMEDOUT");
	world_close(&w);
}

static void test_some_hosts_of_a_service_may_be_missing(void)
{
	static const struct dns_row zone[] = {
		{"_sip._udp.pbx.test", DNS_SRV, 600, "1 1 5060 gone.test"},
		{"_sip._udp.pbx.test", DNS_SRV, 600, "1 1 5060 mute.test"},
		{"_sip._udp.pbx.test", DNS_SRV, 600, "1 1 5060 a.test"},
		{"mute.test", DNS_SILENT, 0, NULL},
		{"a.test", DNS_A, 600, "192.0.2.1"},
		{0},
	};
	struct world w;

	world_open(&w, zone);
	IS(&w, &plain, "192.0.2.1:5060/udp 1 1");
	CU_ASSERT_EQUAL(w.f.ttl_s, CV_NAME_TTL_MIN_S);
	world_close(&w);
}

static void test_long_answers_come_by_stream(void)
{
	static const struct dns_row zone[] = {
		{"_sip._udp.pbx.test", DNS_CUT, 0, NULL},
		{"_sip._udp.pbx.test", DNS_SRV, 60, "1 0 5060 a.test"},
		{"a.test", DNS_A, 60, "192.0.2.1"},
		{0},
	};
	struct world w;

	world_open(&w, zone);
	IS(&w, &plain, "192.0.2.1:5060/udp 1 0");
	CU_ASSERT_EQUAL(dns_bed_streams(w.dns), 1);
	world_close(&w);
}

static void test_hostile_answers(void)
{
	static const struct dns_row garbage[] = {
		{"_sip._udp.pbx.test", DNS_GARBAGE, 0, NULL}, {0}};
	static const struct dns_row overrun[] = {
		{"_sip._udp.pbx.test", DNS_OVERRUN, 0, NULL}, {0}};
	static const struct dns_row circle[] = {{"pbx.test", DNS_CNAME, 60, "other.test"},
						{"other.test", DNS_CNAME, 60, "pbx.test"},
						{0}};
	static const struct dns_row chain[] = {{"pbx.test", DNS_CHAIN, DNS_A, NULL},
					       {"pbx.test", DNS_CHAIN, DNS_AAAA, NULL},
					       {0}};
	static const struct dns_row nowhere[] = {{"pbx.test", DNS_A, 60, "0.0.0.0"},
						 {"pbx.test", DNS_A, 60, "224.0.0.1"},
						 {0}};
	static const struct dns_row *const zones[] = {garbage, overrun, circle, chain,
						      nowhere};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); ++i) {
		struct world w;

		world_open(&w, zones[i]);
		IS(&w, &plain, "ENOENT");
		world_close(&w);
	}
}

static void test_number_of_hosts_is_bounded(void)
{
	static char hosts[40][24], data[40][64];
	static struct dns_row zone[81];
	struct world w;
	char text[2048];

	for (int i = 0; i < 40; ++i) {
		(void)snprintf(hosts[i], sizeof(hosts[i]), "h%d.test", i);
		(void)snprintf(data[i], sizeof(data[i]), "%d 0 5060 h%d.test", 40 - i, i);
		zone[2 * i] =
			(struct dns_row){"_sip._udp.pbx.test", DNS_SRV, 60, data[i]};
		zone[2 * i + 1] = (struct dns_row){hosts[i], DNS_A, 60, "192.0.2.1"};
	}

	world_open(&w, zone);
	(void)look(&w, &plain, text, sizeof(text));
	CU_ASSERT_EQUAL_FATAL(w.f.c, CV_NAME_HOPS);
	CU_ASSERT_EQUAL(w.v[0].priority, 1); /* the best, not the first */
	CU_ASSERT_EQUAL(w.v[CV_NAME_HOPS - 1].priority, CV_NAME_HOPS);
	world_close(&w);
}

static void test_nobody_hears_a_question_that_was_closed(void)
{
	static const struct dns_row zone[] = {{"pbx.test", DNS_SILENT, 0, NULL}, {0}};
	struct cv_name *q = NULL, *never = NULL;
	struct world w;

	world_open(&w, zone);
	CU_ASSERT_EQUAL(cv_name_look(w.names, &never, &plain, on_found, &w), 0);
	never = cv_name_close(never); /* before it began */
	CU_ASSERT_EQUAL(cv_name_look(w.names, &q, &plain, on_found, &w), 0);
	(void)cv_timer_set(w.guard, 50);
	cv_loop_run(w.loop);
	q = cv_name_close(q);
	(void)cv_timer_set(w.guard, 1500);
	cv_loop_run(w.loop);
	CU_ASSERT_EQUAL(w.answers, 0);
	CU_ASSERT_PTR_NULL(never);
	CU_ASSERT_PTR_NULL(q);
	world_close(&w);
}

static void test_other_servers(void)
{
	static const struct dns_row mute[] = {{"pbx.test", DNS_SILENT, 0, NULL}, {0}};
	static const struct dns_row zone[] = {{"pbx.test", DNS_A, 60, "192.0.2.1"}, {0}};
	struct dns_bed *second = NULL;
	struct cv_name *q = NULL;
	struct world w;

	world_open(&w, mute);
	CU_ASSERT_EQUAL_FATAL(dns_bed_open(&second, w.loop), 0);
	dns_bed_zone(second, zone);
	CU_ASSERT_EQUAL(cv_names_servers(w.names, "nonsense"), EINVAL);
	CU_ASSERT_EQUAL(cv_name_look(w.names, &q, &plain, on_found, &w), 0);
	(void)cv_timer_set(w.guard, 50);
	cv_loop_run(w.loop);
	CU_ASSERT_EQUAL(w.answers, 0);
	CU_ASSERT_EQUAL(cv_names_servers(w.names, dns_bed_server(second)), 0);
	CU_ASSERT_EQUAL(w.answers, 1);
	CU_ASSERT_EQUAL(w.f.err, ECANCELED);
	cv_name_close(q);
	IS(&w, &plain, "192.0.2.1:5060/udp 0 0");
	world_close(&w);
	cv_mem_unref(second);
}

static void test_bad_arguments(void)
{
	struct cv_names *n = NULL;
	struct cv_name *q = NULL;
	char host[300];
	const struct cv_hop_ask ask = {.host = host};
	struct world w;

	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	CU_ASSERT_EQUAL(cv_names_open(NULL, NULL), EINVAL);
	CU_ASSERT_EQUAL(cv_name_look(NULL, NULL, NULL, NULL, NULL), EINVAL);
	world_open(&w, NULL);
	CU_ASSERT_EQUAL(cv_name_look(w.names, &q, &ask, on_found, &w), EINVAL);
	host[100] = '\0'; /* a label is no longer than 63 */
	IS(&w, &ask, "ENOENT");
	CU_ASSERT_PTR_NULL(n);
	world_close(&w);
	CU_ASSERT_PTR_NULL(cv_names_close(NULL));
	CU_ASSERT_PTR_NULL(cv_name_close(NULL));
}

static void test_memory_that_ends(void)
{
	static const struct dns_row zone[] = {
		{"_sip._udp.pbx.test", DNS_SRV, 60, "1 0 5060 a.test"},
		{"a.test", DNS_A, 60, "192.0.2.1"},
		{0},
	};
	bool done = false;

	for (long n = 0; n < 60 && !done; ++n) {
		size_t live = cv_mem_live();
		struct world w;
		char text[512] = "";

		cv_mem_budget(n);
		if (world_try(&w, zone) == 0)
			done = strcmp(look(&w, &plain, text, sizeof(text)),
				      "192.0.2.1:5060/udp 1 0") == 0;
		cv_mem_budget(-1);
		world_close(&w);
		CU_ASSERT_EQUAL(cv_mem_live(), live);
	}

	CU_ASSERT_TRUE(done);
}

static void test_time_to_live_of_a_message(void)
{
	static const uint8_t two[] = {0, 1, 0x81, 0x80, 0, 1, 0, 2, 0,    0,  0,
				      0, 1, 'a',  0,    0, 1, 0, 1, 0xc0, 12, 0,
				      1, 0, 1,    0,    0, 1, 0, 0, 1,    9,  0,
				      0, 1, 0,    1,    0, 0, 0, 7, 0,    0};
	uint32_t ttl = 99;

	CU_ASSERT_EQUAL(cv_answer_ttl(&ttl, two, sizeof(two)), 0);
	CU_ASSERT_EQUAL(ttl, 7);
	for (size_t n = 0; n < sizeof(two); ++n)
		CU_ASSERT_NOT_EQUAL(cv_answer_ttl(&ttl, two, n), 0);
}

int cv_test_name(void)
{
	CU_pSuite s = CU_add_suite("name", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_naptr_chooses_the_service);
	CU_ADD_TEST(s, test_next_service_when_the_first_is_empty);
	CU_ADD_TEST(s, test_srv_keeps_priority_and_weight);
	CU_ADD_TEST(s, test_transport_and_port_leave_questions_out);
	CU_ADD_TEST(s, test_host_itself_without_records);
	CU_ADD_TEST(s, test_number_is_not_asked_for);
	CU_ADD_TEST(s, test_times_to_live_are_bounded);
	CU_ADD_TEST(s, test_answers_are_asked_for_anew);
	CU_ADD_TEST(s, test_service_that_is_denied);
	CU_ADD_TEST(s, test_silence_ends);
	CU_ADD_TEST(s, test_some_hosts_of_a_service_may_be_missing);
	CU_ADD_TEST(s, test_long_answers_come_by_stream);
	CU_ADD_TEST(s, test_hostile_answers);
	CU_ADD_TEST(s, test_number_of_hosts_is_bounded);
	CU_ADD_TEST(s, test_nobody_hears_a_question_that_was_closed);
	CU_ADD_TEST(s, test_other_servers);
	CU_ADD_TEST(s, test_bad_arguments);
	CU_ADD_TEST(s, test_memory_that_ends);
	CU_ADD_TEST(s, test_time_to_live_of_a_message);

	return 0;
}
