/* SPDX-License-Identifier: BSD-3-Clause */
/* The table in front of the parsers: a Via of another transport is mended. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "suite_sip.h"

/* As it comes from a socket of this type. */
static msg_t *received(const struct cv_sip_guard *g, int socktype, const char *text)
{
	msg_t *m = msg_create(cv_sip_guard_table(g), 0);
	msg_iovec_t iov[2];

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	msg_addrinfo(m)->ai_socktype = socktype;
	CU_ASSERT_EQUAL_FATAL(msg_recv_iovec(m, iov, 2, strlen(text), 1), 1);
	memcpy(iov[0].mv_base, text, strlen(text));
	CU_ASSERT_EQUAL_FATAL(msg_recv_commit(m, (usize_t)strlen(text), 1), 0);
	CU_ASSERT(msg_extract(m) > 0);

	return m;
}

#define REST                                                                             \
	"From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"     \
	"Content-Length: 0\r\n\r\n"

static void test_via_names_what_it_came_by(void)
{
	static const struct {
		int socktype;
		const char *text, *first, *second;
		uint64_t mended;
	} rows[] = {
		{SOCK_DGRAM,
		 "INVITE sip:b@x SIP/2.0\r\n"
		 "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n"
		 "Via: SIP/2.0/TLS 192.0.2.2;branch=z9hG4bK2\r\n" REST,
		 "SIP/2.0/UDP", "SIP/2.0/TLS", 1},
		{SOCK_DGRAM,
		 "INVITE sip:b@x SIP/2.0\r\n"
		 "v: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1, "
		 "SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2\r\n" REST,
		 "SIP/2.0/UDP", "SIP/2.0/TCP", 1},
		{SOCK_DGRAM,
		 "INVITE sip:b@x SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
		 "Via: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2\r\n" REST,
		 "SIP/2.0/UDP", "SIP/2.0/TCP", 0},
		{SOCK_STREAM, /* the door's */
		 "INVITE sip:b@x SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1\r\n"
		 "Via: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2\r\n" REST,
		 "SIP/2.0/TLS", "SIP/2.0/TCP", 0},
		{SOCK_DGRAM, /* ours, and of the way back */
		 "SIP/2.0 200 OK\r\n"
		 "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n"
		 "Via: SIP/2.0/TLS 192.0.2.2;branch=z9hG4bK2\r\n" REST,
		 "SIP/2.0/TCP", "SIP/2.0/TLS", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_sip_guard *g = NULL;
		struct cv_stat_cell *cell;
		struct cv_stats *stats = NULL;
		const sip_via_t *v;
		msg_t *m;

		CU_ASSERT_EQUAL_FATAL(cv_stats_new(&stats, NULL), 0);
		CU_ASSERT_EQUAL_FATAL(cv_stats_cell(stats, &cell), 0);
		CU_ASSERT_EQUAL_FATAL(cv_sip_guard_new(&g), 0);
		cv_sip_guard_stat(g, cell);
		m = received(g, rows[i].socktype, rows[i].text);
		v = sip_object(m)->sip_via;
		CU_ASSERT_PTR_NOT_NULL_FATAL(v);
		CU_ASSERT_PTR_NOT_NULL_FATAL(v->v_next);
		CU_ASSERT_STRING_EQUAL(v->v_protocol, rows[i].first);
		CU_ASSERT_STRING_EQUAL(v->v_next->v_protocol, rows[i].second);
		CU_ASSERT_EQUAL(cv_stats_sum(stats, CV_STAT_vias_mended), rows[i].mended);
		msg_destroy(m);
		cv_mem_unref(g);
		cv_mem_unref(stats);
	}
}

static void test_guard_without_memory(void)
{
	struct cv_sip_guard *g = NULL;

	cv_mem_budget(0);
	CU_ASSERT_NOT_EQUAL(cv_sip_guard_new(&g), 0);
	cv_mem_budget(-1);
	CU_ASSERT_PTR_NULL(g);
}

int cv_test_guard(void)
{
	CU_pSuite s = CU_add_suite("guard", NULL, NULL);

	CU_add_test(s, "Via names what it came by", test_via_names_what_it_came_by);
	CU_add_test(s, "guard without memory", test_guard_without_memory);

	return (int)CU_get_error();
}
