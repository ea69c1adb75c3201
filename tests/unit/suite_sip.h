/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suites of src/sip's own rules, and the agent without sockets they share.
 */
#ifndef CV_TESTS_UNIT_SUITE_SIP_H
#define CV_TESTS_UNIT_SUITE_SIP_H

#include "sip/sip_int.h"

int cv_test_early(void);
int cv_test_hdr(void);
int cv_test_ident(void);
int cv_test_dlginfo(void);
int cv_test_named(void);
int cv_test_reg_route(void);
int cv_test_nat(void);
int cv_test_digest_client(void);
int cv_test_auth(void);
int cv_test_status(void);

/** An agent that was never opened: configuration, network and homes only. */
struct cv_sip_kit {
	struct cv_sip sip;
	struct cv_conf *conf;
	struct cv_net *net;
	struct cv_loop *loop;
};

/** Two points, 198.51.100.10 (wan) and 192.168.50.1 (lan); peers "pbx" (198.51.100.5,
 * example.test) and "trunk" (198.51.100.60, a register trunk). */
void cv_sip_kit_open(struct cv_sip_kit *k);
void cv_sip_kit_close(struct cv_sip_kit *k);
/** A parsed message from text with LF line ends. NULL: it can't be parsed. */
msg_t *cv_sip_kit_msg(const char *text);
/** The message as it would be sent, in its own home. */
char *cv_sip_kit_text(msg_t *m);

#endif
