/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP in batches, on loopback. */
#include "config.h"

#include "net/udp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "suite_net.h"

enum { WAIT_MS = 2000 };

/* A socket on a free port of loopback */
static int open_any(struct cv_addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct cv_addr a = {0};
	int fd = -1;

	CU_ASSERT_EQUAL(cv_addr_parse(&a, CV_STR("127.0.0.1")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_udp_open(&fd, &a, 0), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(local, (struct sockaddr *)&ss), 0);

	return fd;
}

static bool is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, WAIT_MS) == 1;
}

static struct cv_pkt *pool(void)
{
	struct cv_pkt *v = cv_mem_zalloc(CV_UDP_BATCH, sizeof(*v));

	CU_ASSERT_PTR_NOT_NULL_FATAL(v);

	return v;
}

static void test_batch_arrives_in_order(void)
{
	struct cv_addr from, to;
	int a = open_any(&from), b = open_any(&to);
	struct cv_pkt *out = pool(), *in = pool(), *ptr[CV_UDP_BATCH];
	size_t sent = 0, got = 0;

	for (size_t i = 0; i < CV_UDP_BATCH; ++i) {
		out[i].data = out[i].buf + CV_PKT_HEADROOM;
		out[i].len = 20 + i;
		out[i].data[0] = (uint8_t)i;
		out[i].to = to;
		ptr[i] = &out[i];
	}
	CU_ASSERT_EQUAL(cv_udp_send(a, ptr, CV_UDP_BATCH, &sent), 0);
	CU_ASSERT_EQUAL(sent, CV_UDP_BATCH);
	CU_ASSERT(is_readable(b));
	CU_ASSERT_EQUAL(cv_udp_recv(b, in, CV_UDP_BATCH, &got), 0);
	CU_ASSERT_EQUAL(got, CV_UDP_BATCH);
	for (size_t i = 0; i < got; ++i) {
		CU_ASSERT_EQUAL(in[i].len, 20 + i);
		CU_ASSERT_EQUAL(in[i].data[0], i);
		CU_ASSERT(cv_addr_eq(&in[i].from, &from));
		CU_ASSERT_PTR_EQUAL(in[i].data, in[i].buf + CV_PKT_HEADROOM);
	}
	CU_ASSERT_EQUAL(cv_udp_recv(b, in, CV_UDP_BATCH, &got), EAGAIN);
	(void)close(a);
	(void)close(b);
	free(out);
	free(in);
}

static void test_cut_packet_has_no_length(void)
{
	struct cv_addr from, to;
	int a = open_any(&from), b = open_any(&to);
	struct cv_pkt *in = pool();
	struct sockaddr_storage ss;
	char big[CV_PKT_MAX + 1];
	size_t got = 0;

	memset(big, 'x', sizeof(big));
	CU_ASSERT_EQUAL(sendto(a, big, sizeof(big), 0, (struct sockaddr *)&ss,
			       cv_addr_to_sa(&to, &ss)),
			(ssize_t)sizeof(big));
	CU_ASSERT(is_readable(b));
	CU_ASSERT_EQUAL(cv_udp_recv(b, in, CV_UDP_BATCH, &got), 0);
	CU_ASSERT_EQUAL(got, 1);
	CU_ASSERT_EQUAL(in[0].len, 0);
	(void)close(a);
	(void)close(b);
	free(in);
}

static void test_one_refusal_does_not_stop_the_rest(void)
{
	struct cv_addr from, to, bad = {0};
	int a = open_any(&from), b = open_any(&to);
	struct cv_pkt *out = pool(), *ptr[3];
	size_t sent = 0, got = 0;

	for (size_t i = 0; i < 3; ++i) {
		out[i].data = out[i].buf + CV_PKT_HEADROOM;
		out[i].len = 12;
		out[i].to = to;
		ptr[i] = &out[i];
	}
	CU_ASSERT_EQUAL(cv_addr_parse(&bad, CV_STR("[2001:db8::1]:9")), 0);
	out[1].to = bad; /* not of this socket's family */
	CU_ASSERT(cv_udp_send(a, ptr, 3, &sent) != 0);
	CU_ASSERT_EQUAL(sent, 2);
	CU_ASSERT(is_readable(b));
	CU_ASSERT_EQUAL(cv_udp_recv(b, out, CV_UDP_BATCH, &got), 0);
	CU_ASSERT_EQUAL(got, 2);
	(void)close(a);
	(void)close(b);
	free(out);
}

static void test_open_names_the_error(void)
{
	struct cv_addr used, foreign = {0}, unset = {0};
	int fd = open_any(&used), other = -1;

	CU_ASSERT_EQUAL(cv_udp_open(&other, &used, 0), EADDRINUSE);
	CU_ASSERT_EQUAL(cv_addr_parse(&foreign, CV_STR("192.0.2.250")), 0);
	CU_ASSERT_EQUAL(cv_udp_open(&other, &foreign, 0), EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(cv_udp_open(&other, &unset, 0), EINVAL);
	CU_ASSERT_EQUAL(cv_udp_open(&other, &used, 64), EINVAL);
	CU_ASSERT_EQUAL(other, -1);
	(void)close(fd);
}

int cv_test_udp(void)
{
	CU_pSuite s = CU_add_suite("udp", NULL, NULL);

	if (!s || !CU_add_test(s, "batch", test_batch_arrives_in_order) ||
	    !CU_add_test(s, "cut", test_cut_packet_has_no_length) ||
	    !CU_add_test(s, "refusal", test_one_refusal_does_not_stop_the_rest) ||
	    !CU_add_test(s, "open", test_open_names_the_error))
		return (int)CU_get_error();

	return 0;
}
