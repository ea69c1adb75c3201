/* SPDX-License-Identifier: BSD-3-Clause */
/* Port pairs: what is taken, what rests, what fails how. Time is the test's. */
#include "config.h"

#include "net/ports.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/udp.h"
#include "suite_net.h"

enum { LO = 20100, HI = 20107, PAIRS = 4 };

static uint64_t now_ms = 1000;

static uint64_t test_clock(void *arg)
{
	(void)arg;

	return now_ms;
}

static struct cv_addr host(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static struct cv_ports *pool(void)
{
	struct cv_ports *p = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_ports_new(&p, LO, HI), 0);

	return p;
}

static void test_new_wants_an_even_range(void)
{
	struct cv_ports *p = NULL;

	CU_ASSERT_EQUAL(cv_ports_new(&p, 20101, 20107), EINVAL);
	CU_ASSERT_EQUAL(cv_ports_new(&p, 20100, 20100), EINVAL);
	CU_ASSERT_EQUAL(cv_ports_new(&p, 0, 100), EINVAL);
	CU_ASSERT_PTR_NULL(p);
}

static void test_take_gives_every_pair_once(void)
{
	struct cv_addr a = host("127.0.0.21"), b = host("127.0.0.22");
	struct cv_pair v[PAIRS], other, none;
	struct cv_ports *p = pool();
	unsigned seen = 0;

	for (size_t i = 0; i < PAIRS; ++i) {
		CU_ASSERT_EQUAL_FATAL(cv_ports_take(p, &v[i], &a, 46), 0);
		CU_ASSERT_EQUAL(v[i].local.port % 2, 0);
		seen |= 1U << (v[i].local.port - LO) / 2;
	}
	CU_ASSERT_EQUAL(seen, 0xf);
	CU_ASSERT_EQUAL(cv_ports_used(p), PAIRS);
	CU_ASSERT_EQUAL(cv_ports_take(p, &none, &a, 46), ENOSPC);

	/* another address of this host has the whole range too */
	CU_ASSERT_EQUAL(cv_ports_take(p, &other, &b, 46), 0);
	cv_ports_shut(&other);
	for (size_t i = 0; i < PAIRS; ++i)
		cv_ports_shut(&v[i]);
	cv_mem_unref(p);
}

static void test_tcp_ports_are_single_and_listen(void)
{
	struct cv_addr a = host("127.0.0.21"), to;
	struct cv_pair v[3], none;
	struct sockaddr_storage ss;
	struct cv_ports *p = NULL;
	unsigned seen = 0;
	int fd;

	CU_ASSERT_EQUAL(cv_ports_tcp_new(&p, 20110, 20109), EINVAL);
	CU_ASSERT_EQUAL(cv_ports_tcp_new(&p, 0, 20109), EINVAL);
	CU_ASSERT_EQUAL_FATAL(cv_ports_tcp_new(&p, 20109, 20111), 0);
	for (size_t i = 0; i < 3; ++i) {
		CU_ASSERT_EQUAL_FATAL(cv_ports_take(p, &v[i], &a, 26), 0);
		CU_ASSERT_EQUAL(v[i].rtcp, -1);
		seen |= 1U << (v[i].local.port - 20109);
	}
	CU_ASSERT_EQUAL(seen, 7);
	CU_ASSERT_EQUAL(cv_ports_take(p, &none, &a, 26), ENOSPC);

	to = v[1].local;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&ss, cv_addr_to_sa(&to, &ss)), 0);
	(void)close(fd);
	cv_ports_shut(&v[1]);
	CU_ASSERT_EQUAL(cv_ports_reopen(&v[1], 26), 0);
	for (size_t i = 0; i < 3; ++i) {
		cv_ports_shut(&v[i]);
		cv_ports_give(p, &v[i].local);
	}
	CU_ASSERT_EQUAL(cv_ports_used(p), 0);
	CU_ASSERT_EQUAL(cv_ports_quarantined(p), 3);
	cv_mem_unref(p);
}

static void test_give_rests_for_the_quarantine(void)
{
	struct cv_addr a = host("127.0.0.21");
	struct cv_pair v[PAIRS], again;
	struct cv_ports *p = pool();

	cv_clock_set(test_clock, NULL);
	for (size_t i = 0; i < PAIRS; ++i) {
		CU_ASSERT_EQUAL_FATAL(cv_ports_take(p, &v[i], &a, 0), 0);
		cv_ports_shut(&v[i]);
	}
	cv_ports_give(p, &v[2].local);
	cv_ports_give(p, &v[2].local); /* twice changes nothing */
	CU_ASSERT_EQUAL(cv_ports_used(p), PAIRS - 1);
	CU_ASSERT_EQUAL(cv_ports_quarantined(p), 1);
	CU_ASSERT_EQUAL(cv_ports_take(p, &again, &a, 0), ENOSPC);

	now_ms += CV_PORTS_QUARANTINE_MS - 1;
	CU_ASSERT_EQUAL(cv_ports_take(p, &again, &a, 0), ENOSPC);
	now_ms += 1;
	CU_ASSERT_EQUAL(cv_ports_quarantined(p), 0);
	CU_ASSERT_EQUAL(cv_ports_take(p, &again, &a, 0), 0);
	CU_ASSERT(cv_addr_eq(&again.local, &v[2].local));
	cv_ports_shut(&again);
	cv_clock_set(NULL, NULL);
	cv_mem_unref(p);
}

static void test_take_passes_over_foreign_sockets(void)
{
	struct cv_addr a = host("127.0.0.23"), taken = a;
	struct cv_ports *p = pool();
	struct cv_pair pair;
	int fd[PAIRS];

	for (int i = 0; i < PAIRS; ++i) {
		taken.port = (uint16_t)(LO + i * 2 + 1);
		CU_ASSERT_EQUAL(cv_udp_open(&fd[i], &taken, 0), 0);
	}
	CU_ASSERT_EQUAL(cv_ports_take(p, &pair, &a, 0), ENOSPC);

	pair.local = taken;
	pair.local.port = (uint16_t)(LO + 6);
	pair.rtp = pair.rtcp = fd[3];
	pair.rtcp = -1;
	cv_ports_shut(&pair); /* frees LO + 7 */
	CU_ASSERT_EQUAL(cv_ports_take(p, &pair, &a, 0), 0);
	CU_ASSERT_EQUAL(pair.local.port, LO + 6);
	cv_ports_shut(&pair);
	for (int i = 0; i < PAIRS - 1; ++i) {
		pair.rtp = fd[i];
		cv_ports_shut(&pair);
	}
	cv_mem_unref(p);
}

static void test_take_tells_a_foreign_address_apart(void)
{
	struct cv_addr a = host("192.0.2.250"), unset = {0};
	struct cv_ports *p = pool();
	struct cv_pair pair;

	CU_ASSERT_EQUAL(cv_ports_take(p, &pair, &a, 0), EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(cv_ports_take(p, &pair, &unset, 0), EINVAL);
	CU_ASSERT_EQUAL(cv_ports_used(p), 0);
	cv_mem_unref(p);
}

static void test_take_sets_dscp(void)
{
	struct cv_addr a = host("127.0.0.21");
	struct cv_ports *p = pool();
	socklen_t len = sizeof(int);
	struct cv_pair pair;
	int tos = 0;

	CU_ASSERT_EQUAL_FATAL(cv_ports_take(p, &pair, &a, 46), 0);
	CU_ASSERT_EQUAL(getsockopt(pair.rtp, IPPROTO_IP, IP_TOS, &tos, &len), 0);
	CU_ASSERT_EQUAL(tos, 46 << 2);
	cv_ports_shut(&pair);
	cv_mem_unref(p);
}

static void test_reopen_keeps_the_numbers(void)
{
	struct cv_addr a = host("127.0.0.21");
	struct cv_ports *p = pool();
	struct cv_pair pair, second;

	CU_ASSERT_EQUAL_FATAL(cv_ports_take(p, &pair, &a, 0), 0);
	second = pair;
	CU_ASSERT_EQUAL(cv_ports_reopen(&second, 0), EADDRINUSE);
	CU_ASSERT_EQUAL(second.rtp, -1);
	cv_ports_shut(&pair);
	CU_ASSERT_EQUAL(cv_ports_reopen(&pair, 0), 0);
	CU_ASSERT(cv_addr_eq(&pair.local, &second.local));
	cv_ports_shut(&pair);
	cv_mem_unref(p);
}

static void test_ports_oom(void)
{
	struct cv_addr a = host("127.0.0.21");
	struct cv_ports *p = NULL;
	struct cv_pair pair;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 16; ++n) {
		cv_mem_budget(n);
		err = cv_ports_new(&p, LO, HI);
		if (!err)
			err = cv_ports_take(p, &pair, &a, 0);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		if (err)
			p = cv_mem_unref(p);
	}
	CU_ASSERT_EQUAL_FATAL(err, 0);
	cv_ports_shut(&pair);
	cv_mem_unref(p);
}

int cv_test_ports(void)
{
	CU_pSuite s = CU_add_suite("ports", NULL, NULL);

	if (!s || !CU_add_test(s, "range", test_new_wants_an_even_range) ||
	    !CU_add_test(s, "every pair once", test_take_gives_every_pair_once) ||
	    !CU_add_test(s, "tcp", test_tcp_ports_are_single_and_listen) ||
	    !CU_add_test(s, "quarantine", test_give_rests_for_the_quarantine) ||
	    !CU_add_test(s, "port in use", test_take_passes_over_foreign_sockets) ||
	    !CU_add_test(s, "foreign address", test_take_tells_a_foreign_address_apart) ||
	    !CU_add_test(s, "dscp", test_take_sets_dscp) ||
	    !CU_add_test(s, "reopen", test_reopen_keeps_the_numbers) ||
	    !CU_add_test(s, "oom", test_ports_oom))
		return (int)CU_get_error();

	return 0;
}
