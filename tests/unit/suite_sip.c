/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sip program's table, and the agent without sockets its suites share.
 */
#include "config.h"

#include "suite_sip.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"hdr", cv_test_hdr},
	{"ident", cv_test_ident},
	{"dlginfo", cv_test_dlginfo},
	{"named", cv_test_named},
	{"nat", cv_test_nat},
	{"status", cv_test_status},
	{"digest client", cv_test_digest_client},
	{"auth", cv_test_auth},
	{"early", cv_test_early},
	{"reg_route", cv_test_reg_route},
	{NULL, NULL},
};

static const char conf_text[] = "[general]\n"
				"name = edge.example\n"
				"[listen wan]\n"
				"address = 198.51.100.10\n"
				"[listen lan]\n"
				"address = 192.168.50.1\n"
				"[peer pbx]\n"
				"target = sip:198.51.100.5\n"
				"domains = example.test, other.test\n"
				"[peer trunk]\n"
				"target = sip:198.51.100.60:5070\n"
				"register = yes\n"
				"username = account\n"
				"password = secret\n";

static void add_point(struct cv_net *net, const char *addr, enum cv_side side)
{
	struct cv_point *p = &net->points[net->pointc];

	CU_ASSERT_EQUAL_FATAL(cv_addr_parse(&p->bind, cv_str_of(addr)), 0);
	p->advertise = p->media = p->media_adv = p->bind;
	p->side = side;
	p->conf = net->pointc++;
}

void cv_sip_kit_open(struct cv_sip_kit *k)
{
	struct cv_buf error = {0};
	const char *why;

	memset(k, 0, sizeof(*k));
	CU_ASSERT_EQUAL_FATAL(
		cv_conf_parse(&k->conf, "test", cv_str_of(conf_text), &error), 0);
	CU_ASSERT_EQUAL_FATAL(cv_net_new(&k->net), 0);
	add_point(k->net, "198.51.100.10", CV_SIDE_WAN);
	add_point(k->net, "192.168.50.1", CV_SIDE_LAN);
	CU_ASSERT_EQUAL(cv_alist_add(k->net->lan, CV_STR("192.168.50.0/24"), &why), 0);
	CU_ASSERT_EQUAL(cv_alist_add(k->net->nated, CV_STR("10.0.0.0/8"), &why), 0);
	CU_ASSERT_EQUAL(cv_alist_add(k->net->nated, CV_STR("192.168.0.0/16"), &why), 0);
	k->sip.conf = k->conf;
	k->sip.net = k->net;
	cv_list_init(&k->sip.trunks);
	CU_ASSERT_EQUAL_FATAL(cv_loop_ev_open(&k->loop), 0);
	CU_ASSERT_EQUAL_FATAL(
		cv_peers_new(&k->sip.peers,
			     &(struct cv_peers_env){.conf = k->conf, .loop = k->loop}),
		0);
	CU_ASSERT_EQUAL_FATAL(cv_homes_new(&k->sip.homes), 0);
	cv_buf_free(&error);
}

void cv_sip_kit_close(struct cv_sip_kit *k)
{
	cv_mem_unref(k->sip.homes);
	cv_mem_unref(k->sip.peers);
	cv_mem_unref(k->loop);
	cv_mem_unref(k->net);
	cv_mem_unref(k->conf);
}

msg_t *cv_sip_kit_msg(const char *text)
{
	char wire[8192];
	size_t n = 0;
	msg_t *m;

	for (const char *p = text; *p && n + 2 < sizeof(wire); ++p) {
		if (*p == '\n')
			wire[n++] = '\r';
		wire[n++] = *p;
	}

	m = msg_make(sip_default_mclass(), 0, wire, (ssize_t)n);
	if (m && !sip_object(m)->sip_request && !sip_object(m)->sip_status) {
		msg_destroy(m);
		m = NULL;
	}

	return m;
}

char *cv_sip_kit_text(msg_t *m)
{
	size_t len = 0;

	CU_ASSERT_FATAL(msg_serialize(m, (msg_pub_t *)sip_object(m)) >= 0);

	return msg_as_string(msg_home(m), m, NULL, 0, &len);
}
