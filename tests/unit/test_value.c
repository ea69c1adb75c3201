/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/value.c and conf/check.c share this form: a text, and the
 * findings it must give, word for word; "" means that it is accepted.
 * One thread.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"

int cv_test_value(void);

struct value_case {
	const char *text, *findings;
};

static const struct value_case cases[] = {
	{"[general]\nname =\n", "t:2: name has no value\n"},
	{"[general]\nstate-dir = var\n",
	 "t:2: state-dir must be a path that begins with /, not \"var\"\n"},
	{"[general]\nmedia-threads = 256\n", ""},
	{"[general]\nmedia-threads = 257\n",
	 "t:2: media-threads must be a number from 0 to 256, not \"257\"\n"},
	{"[general]\nmedia-threads = 2k\n",
	 "t:2: media-threads must be a number from 0 to 256, not \"2k\"\n"},
	{"[general]\nstrangers = maybe\n",
	 "t:2: strangers must be refuse, challenge or pass, not \"maybe\"\n"},
	{"[general]\nlog-format = Text\n",
	 "t:2: log-format must be text or json, not \"Text\"\n"},
	{"[general]\nmodules = a,, b\n",
	 "t:2: modules: there is nothing between two commas\n"},
	{"[general]\nmodules = a,\n",
	 "t:2: modules: there is nothing between two commas\n"},
	{"[general]\nmodules =\n", ""},
	{"[network]\nsame-nat-direct = true\n",
	 "t:2: same-nat-direct must be yes or no, not \"true\"\n"},
	{"[limits]\nmax-message = 1499\n",
	 "t:2: max-message must be a number from 1500 to 65535, not \"1499\"\n"},
	{"[ping]\ninterval = 25\n", "t:2: interval must be a number with a unit (ms, s, "
				    "m or h), as 30s, not \"25\"\n"},
	{"[ping]\ninterval = s\n", "t:2: interval must be a number with a unit (ms, s, m "
				   "or h), as 30s, not \"s\"\n"},
	{"[ping]\ninterval = 1.5s\n", "t:2: interval must be a number with a unit (ms, "
				      "s, m or h), as 30s, not \"1.5s\"\n"},
	{"[ping]\ninterval = 999ms\n",
	 "t:2: interval must be from 1000ms to 3600000ms, not \"999ms\"\n"},
	{"[ping]\ninterval = 1000ms\n", ""},
	{"[ping]\ninterval = 1h\n", ""},
	{"[ping]\ninterval = 61m\n",
	 "t:2: interval must be from 1000ms to 3600000ms, not \"61m\"\n"},
	{"[ping]\ninterval = 4294967295h\n",
	 "t:2: interval must be from 1000ms to 3600000ms, not \"4294967295h\"\n"},
	{"[ping]\ninterval = 99999999999999999999s\n",
	 "t:2: interval must be from 1000ms to 3600000ms, not "
	 "\"99999999999999999999s\"\n"},
	{"[registration]\nmin-expires = 1500ms\n",
	 "t:2: min-expires must be from 1s to 86400s in whole seconds, not \"1500ms\"\n"},
	{"[registration]\nmin-expires = 2000ms\n", ""},
	{"[media]\nports = 20000\n",
	 "t:2: ports must be two ports, as 16384-32767, not \"20000\"\n"},
	{"[media]\nports = 0-9\n",
	 "t:2: ports must be two ports, as 16384-32767, not \"0-9\"\n"},
	{"[media]\nports = 20000-65536\n",
	 "t:2: ports must be two ports, as 16384-32767, not \"20000-65536\"\n"},
	{"[media]\nports = 20000 - 20999\n", ""},
	{"[media]\ndscp = 64\n", "t:2: dscp must be a number from 0 to 63, not \"64\"\n"},
	{"[listen a]\nudp = off\n", ""},
	{"[listen a]\nudp = off, 5060\n",
	 "t:2: udp: off is not a port (1 to 65535, or off alone)\n"},
	{"[listen a]\nudp = 5060, 5060\n", "t:2: udp: 5060 is there twice\n"},
	{"[listen a]\ntcp =\n", "t:2: tcp must be off or 1 to 8 ports, not 0\n"},
	{"[listen a]\ntcp = 1,2,3,4,5,6,7,8\n", ""},
	{"[listen a]\ntcp = 1,2,3,4,5,6,7,8,9\n",
	 "t:2: tcp must be off or 1 to 8 ports, not 9\n"},
	{"[listen a]\nside = far\n", "t:2: side must be lan or wan, not \"far\"\n"},
	{"[listen a]\nadvertise = edge.example.com\n",
	 "t:2: advertise must be an IPv4 or IPv6 address without port, dns:NAME or "
	 "stun:HOST[:PORT], not \"edge.example.com\"\n"},
	{"[listen a]\nadvertise = 192.0.2.1:5060\n",
	 "t:2: advertise must be an IPv4 or IPv6 address without port, dns:NAME or "
	 "stun:HOST[:PORT], not \"192.0.2.1:5060\"\n"},
	{"[listen a]\nadvertise = 0.0.0.0\n",
	 "t:2: advertise must be an IPv4 or IPv6 address without port, dns:NAME or "
	 "stun:HOST[:PORT], not \"0.0.0.0\"\n"},
	{"[listen a]\nadvertise = dns:192.0.2.1\n",
	 "t:2: advertise must be dns: and a name, as dns:edge.example.com, not "
	 "\"dns:192.0.2.1\"\n"},
	{"[listen a]\nadvertise = dns:\n", "t:2: advertise must be dns: and a name, as "
					   "dns:edge.example.com, not \"dns:\"\n"},
	{"[listen a]\nadvertise = dns:edge..example.com\n",
	 "t:2: advertise must be dns: and a name, as dns:edge.example.com, not "
	 "\"dns:edge..example.com\"\n"},
	{"[listen a]\nadvertise = dns:edge.example.com:5060\n",
	 "t:2: advertise must be dns: and a name, as dns:edge.example.com, not "
	 "\"dns:edge.example.com:5060\"\n"},
	{"[listen a]\nadvertise = stun:\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:\"\n"},
	{"[listen a]\nadvertise = stun:192.0.2.1:0\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:192.0.2.1:0\"\n"},
	{"[listen a]\nadvertise = stun:stun.example.com:0\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:stun.example.com:0\"\n"},
	{"[listen a]\nadvertise = stun:stun.example.com:65536\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:stun.example.com:65536\"\n"},
	{"[listen a]\nadvertise = stun:[2001:db8::1]:0\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:[2001:db8::1]:0\"\n"},
	{"[listen a]\nadvertise = stun:0.0.0.0\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:0.0.0.0\"\n"},
	{"[listen a]\nadvertise = stun:a b\n",
	 "t:2: advertise must be stun: and an address or a name, with a port or "
	 "without, as stun:stun.example.com:3478, not \"stun:a b\"\n"},
	{"[listen a]\nadvertise = dns:edge.example.com\n", ""},
	{"[listen a]\nadvertise = stun:192.0.2.1\n", ""},
	{"[listen a]\nadvertise = stun:stun.example.com\n", ""},
	{"[listen a]\nadvertise = stun:[2001:db8::1]:3479\n", ""},
	{"[listen a]\nadvertise = stun:stun.example.com:3479\n", ""},
	{"[listen a]\nadvertise = STUN:2001:db8::1\n", ""},
	{"[listen a]\nadvertise = 2001:db8::1\n", ""},
	{"[peer a]\ntarget = sip:pbx.example.com\n", ""},
	{"[peer a]\ntarget = sip:_x.pbx-1.example.com.:5070;transport=tls;weight=9\n",
	 ""},
	{"[peer a]\ntarget = sip:pbx.example.com:0\n",
	 "t:2: sip:pbx.example.com:0: the host is neither an address nor a name, with a "
	 "port or without\n"},
	{"[peer a]\ntarget = sip:192.0.2.1:0\n",
	 "t:2: sip:192.0.2.1:0: there is no port 0\n"},
	{"[peer a]\ntarget = sip:[2001:db8::1]:0\n",
	 "t:2: sip:[2001:db8::1]:0: there is no port 0\n"},
	{"[peer a]\ntarget = sip:192.0.2.1;weight=1;weight=2\n",
	 "t:2: sip:192.0.2.1;weight=1;weight=2: weight is there twice\n"},
	{"[peer a]\ntarget = sip:192.0.2.1;transport=udp;transport=tcp\n",
	 "t:2: sip:192.0.2.1;transport=udp;transport=tcp: transport is there twice\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\nto-host = 2001:db8::1\n",
	 "t:3: to-host must be a host, as example.com or [2001:db8::1], not "
	 "\"2001:db8::1\"\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\nfrom-host = [2001:db8::1\n",
	 "t:3: from-host must be a host, as example.com or [2001:db8::1], not "
	 "\"[2001:db8::1\"\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\nfrom-host = [2001:db8::1]\n", ""},
	{"[peer a]\ntarget = sip:192.0.2.1\nfrom-host = example.com:5070\n", ""},
	{"[network]\ndns = 192.0.2.53:0\n",
	 "t:2: dns: 192.0.2.53:0: there is no port 0\n"},
	{"[network]\ndns = 2001:db8::0\n", ""},
	{"[peer a]\ntarget = sip:192.0.2.256\n",
	 "t:2: sip:192.0.2.256: the host is neither an address nor a name, with a port "
	 "or "
	 "without\n"},
	{"[peer a]\ntarget = sip:pbx..example.com\n",
	 "t:2: sip:pbx..example.com: the host is neither an address nor a name, with a "
	 "port or without\n"},
	{"[peer a]\ntarget = sip:pbx.example.com;weight=0\n",
	 "t:2: sip:pbx.example.com;weight=0: weight is a number from 1 to 65535\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\noptions-ping = off\n", ""},
	{"[peer a]\ntarget = sip:192.0.2.1\noptions-ping = on\n",
	 "t:3: options-ping must be a number with a unit (ms, s, m or h), as 30s, or "
	 "off, "
	 "not \"on\"\n"},
	{"[network]\ndns = 192.0.2.53, [2001:db8::53]:5353\n", ""},
	{"[network]\ndns = dns.example.com\n",
	 "t:2: dns: dns.example.com is not an address with or without a port\n"},
	{"[peer a]\ntarget = 192.0.2.1\n",
	 "t:2: 192.0.2.1 is not a SIP URI, as sip:192.0.2.1:5060\n"},
	{"[peer a]\ntarget = sips:192.0.2.1\n",
	 "t:2: sips:192.0.2.1: write sip: and ;transport=tls in place of sips:\n"},
	{"[peer a]\ntarget = sip:192.0.2.1;transport=tls\n", ""},
	{"[peer a]\ntarget = sip:192.0.2.1;maddr=10.0.0.1\n",
	 "t:2: sip:192.0.2.1;maddr=10.0.0.1: only the parameters transport=udp, "
	 "transport=tcp, transport=tls, weight and lr are known\n"},
	{"[peer a]\ntarget = sip:bob@192.0.2.1\n",
	 "t:2: sip:bob@192.0.2.1: a target is a host, without user and headers\n"},
	{"[peer a]\ntarget = sip:2001:db8::1\n",
	 "t:2: sip:2001:db8::1: an IPv6 address stands in brackets\n"},
	{"[peer a]\ntarget = sip:0.0.0.0\n",
	 "t:2: sip:0.0.0.0: nobody can be reached at this address\n"},
	{"[peer a]\ntarget = sip:224.0.0.1\n",
	 "t:2: sip:224.0.0.1: nobody can be reached at this address\n"},
	{"[peer a]\ntarget = sip:\n", "t:2: sip:: the host is neither an address nor a "
				      "name, with a port or without\n"},
	{"[peer a]\ntarget =\n", "t:2: target has no value\n"},
	{"[peer a]\ntarget = SIP:[2001:db8::1]:5070;Transport=TCP;lr\n", ""},
	{"[peer a]\ntarget = sip:192.0.2.1\n[route r]\npeer = a\nto = ^(9\n",
	 "t:5: to must be a regular expression (Unmatched ( or \\(), not \"^(9\"\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\n[route r]\npeer = a\nmethod = invite\n",
	 "t:5: method must be a SIP method in capitals, as INVITE, not \"invite\"\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\n[route r]\npeer = a\nfrom = lan\n",
	 "t:5: from must be phones, peer:NAME or any, not \"lan\"\n"},
	{"[peer a]\ntarget = sip:192.0.2.1\n[route r]\npeer = a\nfrom = peer:\n",
	 "t:5: from must be phones, peer:NAME or any, not \"peer:\"\n"},
	/* 59 bytes, and one character that would be cut in two */
	{"[media]\nports = "
	 "12345678901234567890123456789012345678901234567890123456789\xc3\xa9\n",
	 "t:2: ports must be two ports, as 16384-32767, not "
	 "\"123456789012345678901234567890"
	 "12345678901234567890123456789...\"\n"},
	/* a secret is not shown */
	{"[user u]\nha1 = abc\ndomain = d\n",
	 "t:2: ha1 must be 32 (MD5) or 64 (SHA-256) hexadecimal digits\n"},
	{"[user u]\npassword =\n", "t:2: password has no value\n"},
	{"[user u]\npassword = x\nmax-contacts = 0\n",
	 "t:3: max-contacts must be a number from 1 to 100, not \"0\"\n"},
};

static void test_value_gives_its_sentence(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
		struct cv_conf *c = NULL;
		struct cv_buf error = {0};
		const char *got;
		int err = cv_conf_parse(&c, "t", cv_str_of(cases[i].text), &error);

		got = error.p ? error.p : "";
		CU_ASSERT_EQUAL(err != 0, cases[i].findings[0] != '\0');
		CU_ASSERT_EQUAL(err != 0, !c);
		CU_ASSERT_STRING_EQUAL(got, cases[i].findings);
		if (strcmp(got, cases[i].findings) != 0)
			printf("\nexpected: %sgot: %s", cases[i].findings, got);

		cv_buf_free(&error);
		cv_mem_unref(c);
	}
}

int cv_test_value(void)
{
	CU_pSuite s = CU_add_suite("conf/value", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "each value its sentence", test_value_gives_its_sentence);

	return (int)CU_get_error();
}
