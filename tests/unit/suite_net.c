/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_net. */
#include "config.h"

#include "suite_net.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"alist", cv_test_alist},   {"frame", cv_test_frame},
	{"gate", cv_test_gate},     {"iface", cv_test_iface},
	{"name", cv_test_name},     {"own", cv_test_own},
	{"place", cv_test_place},   {"ports", cv_test_ports},
	{"shown", cv_test_shown},   {"tls", cv_test_tls},
	{"stream", cv_test_stream}, {"stream_outer", cv_test_stream_outer},
	{"stun", cv_test_stun},     {"stun_ask", cv_test_stun_ask},
	{"udp", cv_test_udp},       {0},
};
