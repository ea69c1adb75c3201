/* SPDX-License-Identifier: BSD-3-Clause */
/* What the door and the agent know of each other's connections. */
#include "config.h"

#include "net/gate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "door_bed.h"
#include "suite_net.h"

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static int from(struct cv_addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*local = addr("127.0.0.1");
	len = cv_addr_to_sa(local, &ss);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = sizeof(ss);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(local, (struct sockaddr *)&ss), 0);

	return fd;
}

static int go(int fd, const struct cv_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(to, &ss);

	return cv_gate_connect(fd, (struct sockaddr *)&ss, len) == 0 ? 0 : errno;
}

static void test_entered_connection_shows_its_peer(void)
{
	struct cv_addr peers[] = {addr("192.0.2.7:1234"), addr("[2001:db8::7]:99")};
	struct cv_addr at, local, peer;
	int ear = bed_listen(&at), fd, conn;
	struct cv_gate *g;

	CU_ASSERT_EQUAL_FATAL(cv_gate_new(&g), 0);
	CU_ASSERT_EQUAL(cv_gate_guard(g, &at), 0);
	for (size_t i = 0; i < 2; ++i) {
		fd = from(&local);
		CU_ASSERT_EQUAL(cv_gate_enter(g, &local, &peers[i]), 0);
		CU_ASSERT_EQUAL(go(fd, &at), 0);
		cv_gate_here(g);
		conn = bed_accept(ear, &peer);
		cv_gate_here(NULL);
		CU_ASSERT_NOT_EQUAL(conn, -1);
		CU_ASSERT(cv_addr_eq(&peer, &peers[i]));
		(void)close(conn);
		(void)close(fd);
	}
	(void)close(ear);
	cv_mem_unref(g);
}

static void test_stranger_is_refused_at_private_listener_only(void)
{
	struct cv_addr at, open_at, local, peer;
	int ear = bed_listen(&at), other = bed_listen(&open_at);
	int fd = from(&local), fd2 = from(&local), conn;
	struct cv_gate *g;

	CU_ASSERT_EQUAL_FATAL(cv_gate_new(&g), 0);
	CU_ASSERT_EQUAL(cv_gate_guard(g, &at), 0);
	CU_ASSERT_EQUAL(go(fd, &at), 0);
	CU_ASSERT_EQUAL(go(fd2, &open_at), 0);
	cv_gate_here(g);
	CU_ASSERT_EQUAL(bed_accept(ear, &peer), -1);
	CU_ASSERT_EQUAL(errno, ECONNABORTED);
	conn = bed_accept(other, &peer);
	CU_ASSERT_NOT_EQUAL(conn, -1);
	CU_ASSERT(cv_addr_eq(&peer, &local));
	cv_gate_here(NULL);
	CU_ASSERT(bed_ends(fd));
	(void)close(conn);
	(void)close(fd);
	(void)close(fd2);
	(void)close(ear);
	(void)close(other);
	cv_mem_unref(g);
}

static void test_left_connection_is_refused(void)
{
	struct cv_addr at, local, peer = addr("192.0.2.7:1234");
	int ear = bed_listen(&at), fd = from(&local);
	struct cv_gate *g;

	CU_ASSERT_EQUAL_FATAL(cv_gate_new(&g), 0);
	CU_ASSERT_EQUAL(cv_gate_guard(g, &at), 0);
	CU_ASSERT_EQUAL(cv_gate_enter(g, &local, &peer), 0);
	cv_gate_leave(g, &local);
	CU_ASSERT_EQUAL(go(fd, &at), 0);
	cv_gate_here(g);
	CU_ASSERT_EQUAL(bed_accept(ear, &peer), -1);
	cv_gate_here(NULL);
	(void)close(fd);
	(void)close(ear);
	cv_mem_unref(g);
}

static void test_aimed_connection_is_led_to_the_door(void)
{
	struct cv_gate_dial dial = {
		.to = addr("192.0.2.9:5061"),
		.transport = CV_TRANSPORT_TLS,
		.point = 3,
		.name = "pbx.test",
	};
	struct cv_addr at, local, peer, elsewhere = addr("192.0.2.9:5062");
	int ear = bed_listen(&at), fd = from(&local), conn;
	struct cv_gate_dial got;
	struct cv_gate *g;

	CU_ASSERT_EQUAL_FATAL(cv_gate_new(&g), 0);
	cv_gate_exit(g, &at);
	CU_ASSERT_EQUAL(cv_gate_aim(g, &dial), 0);
	CU_ASSERT_EQUAL(cv_gate_aim(g, &dial), 0);
	cv_gate_here(g);
	CU_ASSERT_EQUAL(go(fd, &elsewhere), ECONNREFUSED);
	CU_ASSERT_EQUAL(go(fd, &dial.to), 0);
	conn = bed_accept(ear, &peer);
	cv_gate_here(NULL);
	CU_ASSERT(cv_addr_eq(&peer, &local));
	CU_ASSERT_EQUAL(cv_gate_dialled(g, &peer, &got), 0);
	CU_ASSERT(cv_addr_eq(&got.to, &dial.to));
	CU_ASSERT_EQUAL(got.transport, CV_TRANSPORT_TLS);
	CU_ASSERT_EQUAL(got.point, 3);
	CU_ASSERT_STRING_EQUAL(got.name, "pbx.test");
	CU_ASSERT_EQUAL(cv_gate_dialled(g, &peer, &got), ENOENT);
	(void)close(conn);
	(void)close(fd);
	(void)close(ear);
	cv_mem_unref(g);
}

static void test_oom(void)
{
	struct cv_addr a = addr("127.0.0.1:9");
	struct cv_gate_dial dial = {.to = a};
	struct cv_gate *g = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_gate_new(&g);
		if (!err)
			err = cv_gate_enter(g, &a, &a);
		if (!err)
			err = cv_gate_aim(g, &dial);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		g = cv_mem_unref(g);
	}
	CU_ASSERT_EQUAL(err, 0);
}

static void test_failure_is_remembered_until_it_goes_well(void)
{
	struct cv_addr a = addr("192.0.2.1:5060"), b = addr("192.0.2.1:5061");
	struct cv_gate *g;

	CU_ASSERT_EQUAL_FATAL(cv_gate_new(&g), 0);
	CU_ASSERT_EQUAL(cv_gate_failure(g, &a), 0);
	cv_gate_went(g, &a, 0);
	cv_gate_went(g, &a, ECONNREFUSED);
	cv_gate_went(g, &b, ETIMEDOUT);
	cv_gate_went(g, &a, EPROTO);
	CU_ASSERT_EQUAL(cv_gate_failure(g, &a), EPROTO);
	CU_ASSERT_EQUAL(cv_gate_failure(g, &b), ETIMEDOUT);
	cv_gate_went(g, &a, 0);
	CU_ASSERT_EQUAL(cv_gate_failure(g, &a), 0);
	CU_ASSERT_EQUAL(cv_gate_failure(g, &b), ETIMEDOUT);
	for (uint16_t port = 1; port <= 64; ++port) {
		a.port = port;
		cv_gate_went(g, &a, ECONNREFUSED);
	}
	CU_ASSERT_EQUAL(cv_gate_failure(g, &a), ECONNREFUSED);
	CU_ASSERT_EQUAL(cv_gate_failure(g, &b), 0); /* it was the oldest */
	cv_mem_unref(g);
}

int cv_test_gate(void)
{
	CU_pSuite s = CU_add_suite("gate", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "an entered connection shows its peer",
			 test_entered_connection_shows_its_peer) ||
	    !CU_add_test(s, "a stranger is refused at the private listener only",
			 test_stranger_is_refused_at_private_listener_only) ||
	    !CU_add_test(s, "a left connection is refused",
			 test_left_connection_is_refused) ||
	    !CU_add_test(s, "an aimed connection is led to the door",
			 test_aimed_connection_is_led_to_the_door) ||
	    !CU_add_test(s, "a failure is remembered until it goes well",
			 test_failure_is_remembered_until_it_goes_well) ||
	    !CU_add_test(s, "out of memory", test_oom))
		return (int)CU_get_error();

	return 0;
}
