/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_net. */
#ifndef CV_TESTS_UNIT_SUITE_NET_H
#define CV_TESTS_UNIT_SUITE_NET_H

int cv_test_alist(void);
int cv_test_frame(void);
int cv_test_gate(void);
int cv_test_iface(void);
int cv_test_name(void);
int cv_test_own(void);
int cv_test_place(void);
int cv_test_ports(void);
int cv_test_shown(void);
int cv_test_stream(void);
int cv_test_stream_outer(void);
int cv_test_stun(void);
int cv_test_stun_ask(void);
int cv_test_tls(void);
int cv_test_udp(void);

#endif
