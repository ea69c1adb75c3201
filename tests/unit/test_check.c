/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/check.c: values that contradict each other. One thread.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"

int cv_test_check(void);

struct check_case {
	const char *text, *findings;
};

#define PEER(name, host) "[peer " name "]\ntarget = sip:" host "\n"

static const struct check_case cases[] = {
	{"[media]\nports = 30000-20001\n", "t:2: ports: 30000 is above 20001\n"},
	{"[media]\nports = 1000-2001\n", "t:2: ports must begin at 1024 or above\n"},
	{"[media]\nports = 20001-20010\n", "t:2: ports must begin with an even and end "
					   "with an odd port: RTP and RTCP go in "
					   "pairs\n"},
	{"[media]\nports = 20000-20001\n",
	 "t:2: ports must be at least 4: a call takes two pairs\n"},
	{"[media]\nports = 20000-20003\n", ""},
	{"[listen a]\nudp = 5060, 20000\n",
	 "t: ports 16384-32767 hold UDP port 20000 of [listen a] (t:1)\n"},
	{"[listen a]\naddress = auto\n[media]\nports = 5060-5069\n",
	 "t:4: ports 5060-5069 hold UDP port 5060 of [listen a] (t:2)\n"},
	{"[listen a]\ntcp = 20000\n", ""},
	{"[media]\ntcp-ports = 7100-7000\n", "t:2: tcp-ports: 7100 is above 7000\n"},
	{"[media]\ntcp-ports = 80-90\n", "t:2: tcp-ports must begin at 1024 or above\n"},
	{"[listen a]\ntcp = 7005\n",
	 "t: tcp-ports 7000-7099 hold TCP port 7005 of [listen a] (t:1)\n"},
	{"[listen a]\ntls = 5061\ntls-cert = /a.pem\n[media]\ntcp-ports = 5061-5070\n",
	 "t:5: tcp-ports 5061-5070 hold TCP port 5061 of [listen a] (t:1)\n"},
	{"[listen a]\nudp = off\ntcp = off\n",
	 "t:1: [listen a] has udp and tcp off: nothing is left\n"},
	{"[listen a]\nudp = off\ntcp = off\ntls = 5061\ntls-cert = /a.pem\n", ""},
	{"[listen a]\ntls = 5061\n", "t:1: [listen a] has tls, which needs tls-cert\n"},
	{"[listen a]\ntls-key = /a.pem\n",
	 "t:1: [listen a] has tls-key, which needs tls-cert\n"},
	{"[listen a]\ntls = 5060\ntls-cert = /a.pem\n",
	 "t:1: [listen a]: port 5060 is in both tcp and tls\n"},
	{"[listen a]\n[listen a]\n", "t:2: [listen a] is already at t:1\n"},
	{"[registration]\nmin-expires = 90s\n",
	 "t:2: phone-expires-udp (60s) is less than min-expires (90s)\n"},
	{"[registration]\nmin-expires = 90s\nphone-expires-udp = 80s\n",
	 "t:3: phone-expires-udp (80s) is less than min-expires (90s)\n"},
	{"[registration]\npeer-expires = 30s\n",
	 "t:2: peer-expires (30s) is less than min-expires (60s)\n"},
	{"[user u]\ndomain = d\n", "t:1: [user u] needs password or ha1\n"},
	{"[user u]\npassword = p\nha1 = 0123456789abcdef0123456789abcdef\ndomain = d\n",
	 "t:1: [user u] has both password and ha1\n"},
	{"[user u]\nha1 = 0123456789abcdef0123456789abcdef\n",
	 "t:1: [user u] has ha1, which needs its domain too\n"},
	{"[peer a]\nnat = yes\n", "t:1: [peer a] needs target\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\ntarget = sip:192.0.2.1:5060;transport=udp\n",
	 "t:3: target: sip:192.0.2.1:5060;transport=udp is there twice (t:2)\n"},
	{"[peer a]\ntarget = sip:pbx.example.com, sip:PBX.example.com\n",
	 "t:2: target: sip:PBX.example.com is there twice (t:2)\n"},
	{"[peer a]\ntarget = sip:192.0.2.1, sip:192.0.2.1;transport=tcp, "
	 "sip:192.0.2.1:5070, sip:pbx.example.com, sip:pbx.example.com;transport=udp\n",
	 ""},
	{"[route r]\nfrom = phones\n", "t:1: [route r] needs peer or user\n"},
	{PEER("a", "192.0.2.1") "[user u]\npassword = p\n[route r]\npeer = a\nuser = u\n",
	 "t:5: [route r] has both peer and user\n"},
	{"[route r]\nuser = u\n", "t:1: [route r]: there is no [user u]\n"},
	{"[user u]\npassword = p\n[route r]\nuser = u\n", ""},
	{PEER("a", "192.0.2.1") "register = yes\n",
	 "t:1: [peer a] has register = yes, which needs username and password\n"},
	{PEER("a", "192.0.2.1") "register = yes\nusername = u\n",
	 "t:1: [peer a] has register = yes, which needs username and password\n"},
	{PEER("a", "192.0.2.1") "register = yes\nusername = u\npassword = p\n", ""},
	{PEER("a", "192.0.2.1") "username = u\npassword = p\nrealm = r\n", ""},
	{PEER("a", "192.0.2.1") "username = u\n",
	 "t:1: [peer a] has username, which needs password\n"},
	{PEER("a", "192.0.2.1") "password = p\n",
	 "t:1: [peer a] has password, which needs username\n"},
	{PEER("a", "192.0.2.1") "realm = r\n",
	 "t:1: [peer a] has realm, which needs username and password\n"},
	{PEER("a", "192.0.2.1") "username = u\"\npassword = \"p\"\n",
	 "t:1: [peer a]: username and realm can't hold quotes or backslashes\n"},
	{PEER("a", "192.0.2.1") "mtu = 1300\n",
	 "t:1: [peer a] has mtu, which needs a target that is an address with "
	 "transport=tcp\n"},
	{PEER("a", "192.0.2.1, sip:pbx.test;transport=tcp") "mtu = 1300\n",
	 "t:1: [peer a] has mtu, which needs a target that is an address with "
	 "transport=tcp\n"},
	{PEER("a", "192.0.2.1, sip:192.0.2.1;transport=tcp") "mtu = 1300\n", ""},
	{PEER("a", "192.0.2.1") "[route r]\npeer = a, b\n",
	 "t:4: there is no [peer b]\n"},
	{PEER("a", "192.0.2.1") "[route r]\npeer = a\nfrom = peer:c\n",
	 "t:5: there is no [peer c]\n"},
	{PEER("a", "192.0.2.1") "[route r]\nfrom = peer:a\npeer = a\n", ""},
	{PEER("a", "192.0.2.1") "from = 192.0.2.1\n" PEER(
		 "b", "192.0.2.2") "from = 192.0.2.1\n",
	 "t:6: from: 192.0.2.1 is a source of [peer a] already (t:3)\n"},
	{PEER("a", "192.0.2.1") "from = 2001:DB8::1\n" PEER("b",
							    "192.0.2.2") "from = "
									 "2001:db8:0::"
									 "1\n",
	 "t:6: from: 2001:db8:0::1 is a source of [peer a] already (t:3)\n"},
	{PEER("a", "192.0.2.1") "from = 192.0.2.0/24\n" PEER("b",
							     "192.0.2.2") "from = "
									  "192.0.2.9\n",
	 ""},
	/* header rules may not touch what makes a message */
	{PEER("a", "192.0.2.1") "add-header = X-A: 1\nremove-header = Server\n", ""},
	{PEER("a", "192.0.2.1") "add-header = via: x\nadd-header = Call-ID : y\n",
	 "t:3: add-header: via: x is made by us for each message and can't be changed\n"
	 "t:4: add-header: Call-ID : y is made by us for each message and can't be "
	 "changed\n"},
	{PEER("a", "192.0.2.1") "remove-header = CSeq, m, X-A\n",
	 "t:3: remove-header: CSeq is made by us for each message and can't be changed\n"
	 "t:3: remove-header: m is made by us for each message and can't be changed\n"},
	{PEER("a", "192.0.2.1") "add-header = X-A\nadd-header = X A: 1\n"
				"add-header = X-A:\nadd-header = X-A: a\tb\n",
	 "t:3: add-header: X-A is not a header, as X-Name: value\n"
	 "t:4: add-header: X A: 1 is not the name of a header\n"
	 "t:5: add-header: X-A: is not a header, as X-Name: value\n"
	 "t:6: add-header: X-A: a\tb holds a control character\n"},
	{PEER("a", "192.0.2.1") "from-user = a@b\nfrom-host = a b\n",
	 "t:3: from-user must be the user of a SIP URI, as 4930123456, not \"a@b\"\n"
	 "t:4: from-host must be a host, as example.com or [2001:db8::1], not \"a b\"\n"},
	/* every finding is said, not just the first */
	{"[media]\nports = 9-8\ndscp = 99\n[route r]\npeer = x\nstrip = -1\n",
	 "t:6: strip must be a number from 0 to 64, not \"-1\"\n"
	 "t:3: dscp must be a number from 0 to 63, not \"99\"\n"
	 "t:2: ports: 9 is above 8\n"
	 "t:5: there is no [peer x]\n"},
};

static void test_clash_gives_its_sentence(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
		struct cv_conf *c = NULL;
		struct cv_buf error = {0};
		const char *got;
		int err = cv_conf_parse(&c, "t", cv_str_of(cases[i].text), &error);

		got = error.p ? error.p : "";
		CU_ASSERT_EQUAL(err != 0, cases[i].findings[0] != '\0');
		CU_ASSERT_STRING_EQUAL(got, cases[i].findings);
		if (strcmp(got, cases[i].findings) != 0)
			printf("\nexpected: %sgot: %s", cases[i].findings, got);

		cv_buf_free(&error);
		cv_mem_unref(c);
	}
}

static void line_count(enum cv_log_level level, const char *line, void *arg)
{
	size_t *n = arg;

	*n += level == CV_LOG_WARN && strstr(line, "ambiguous") != NULL;
}

/* Texts that serve, but of which an administrator must hear. */
static void test_ambiguous_peers_are_a_warning(void)
{
	static const struct {
		const char *text;
		size_t warnings;
	} rows[] = {
		{PEER("a", "192.0.2.1") PEER("b", "192.0.2.1:5070"), 1},
		{PEER("a", "192.0.2.1") PEER("b", "192.0.2.2"), 0},
		{PEER("a", "192.0.2.1") "domains = x.test, Y.test\n" PEER(
			 "b", "192.0.2.2") "domains = y.TEST, z.test\n",
		 1},
		{PEER("a", "192.0.2.1") "domains = x.test, x.test\n" PEER(
			 "b", "192.0.2.2") "domains = xx.test\n",
		 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_conf *c = NULL;
		struct cv_buf error = {0};
		size_t warnings = 0;

		cv_log_sink(line_count, &warnings);
		CU_ASSERT_EQUAL(cv_conf_parse(&c, "t", cv_str_of(rows[i].text), &error),
				0);
		cv_log_sink(NULL, NULL);
		CU_ASSERT_EQUAL(warnings, rows[i].warnings);
		CU_ASSERT_EQUAL(error.len, 0);
		cv_buf_free(&error);
		cv_mem_unref(c);
	}
}

int cv_test_check(void)
{
	CU_pSuite s = CU_add_suite("conf/check", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "each clash its sentence", test_clash_gives_its_sentence);
	CU_add_test(s, "ambiguous peers", test_ambiguous_peers_are_a_warning);

	return (int)CU_get_error();
}
