/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/build.c: defaults, and each kind of field as written.
 * One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"

int cv_test_build(void);

static struct cv_conf *conf_open(const char *text)
{
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};

	CU_ASSERT_EQUAL(cv_conf_parse(&c, "t", cv_str_of(text), &error), 0);
	CU_ASSERT_STRING_EQUAL(error.p ? error.p : "", "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	cv_buf_free(&error);

	return c;
}

static void list_check(const struct cv_conf_list *list, const char *const *want, size_t c)
{
	CU_ASSERT_EQUAL_FATAL(list->c, c);
	for (size_t i = 0; i < c; ++i)
		CU_ASSERT_STRING_EQUAL(list->v[i].text, want[i]);
}

static void test_defaults_are_those_of_the_contract(void)
{
	static const char *const nated[] = {
		"10.0.0.0/8",   "172.16.0.0/12",  "192.168.0.0/16", "100.64.0.0/10",
		"192.0.0.0/29", "169.254.0.0/16", "fc00::/7"};
	static const char *const lan[] = {"auto"}, *const routes[] = {"all"};
	struct cv_conf *c = conf_open("");
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	CU_ASSERT_STRING_EQUAL(c->general.name, host);
	CU_ASSERT_STRING_EQUAL(c->general.user, "culvert");
	CU_ASSERT_STRING_EQUAL(c->general.state_dir, "/var/lib/culvert");
	CU_ASSERT_STRING_EQUAL(c->general.run_dir, "/run/culvert");
	CU_ASSERT_STRING_EQUAL(c->admin_socket, "/run/culvert/culvert.sock");
	CU_ASSERT_EQUAL(c->general.media_threads, 0);
	CU_ASSERT_EQUAL(c->general.modules.c, 0);
	CU_ASSERT_EQUAL(c->general.strangers, CV_STRANGERS_REFUSE);
	CU_ASSERT_EQUAL(c->general.log_level, CV_LOG_INFO);
	CU_ASSERT_EQUAL(c->general.log_format, CV_LOG_TEXT);
	list_check(&c->network.lan, lan, 1);
	list_check(&c->network.lan_routes, routes, 1);
	list_check(&c->network.nated, nated, 7);
	CU_ASSERT_EQUAL(c->network.nat_systems.c, 0);
	CU_ASSERT_TRUE(c->network.same_nat_direct);
	CU_ASSERT_EQUAL(c->listenc + c->peerc + c->routec, 0);
	CU_ASSERT_EQUAL(c->registration.min_expires_s, 60);
	CU_ASSERT_EQUAL(c->registration.phone_expires_udp_s, 60);
	CU_ASSERT_EQUAL(c->registration.phone_expires_stream_s, 600);
	CU_ASSERT_EQUAL(c->registration.peer_expires_s, 3600);
	CU_ASSERT_EQUAL(c->ping.method, CV_PING_OPTIONS);
	CU_ASSERT_EQUAL(c->ping.interval_ms, 25000);
	CU_ASSERT_EQUAL(c->ping.stream_interval_ms, 110000);
	CU_ASSERT_EQUAL(c->ping.lost, 3);
	CU_ASSERT_EQUAL(c->ping.who, CV_PING_NATED);
	CU_ASSERT_EQUAL(c->media.port_lo, 16384);
	CU_ASSERT_EQUAL(c->media.port_hi, 32767);
	CU_ASSERT_EQUAL(c->media.tcp_lo, 7000);
	CU_ASSERT_EQUAL(c->media.tcp_hi, 7099);
	CU_ASSERT_EQUAL(c->media.relay, CV_RELAY_AUTO);
	CU_ASSERT_EQUAL(c->media.latch, CV_LATCH_SIGNALLING);
	CU_ASSERT_EQUAL(c->media.idle_ms, 60000);
	CU_ASSERT_EQUAL(c->media.hold_ms, 300000);
	CU_ASSERT_EQUAL(c->media.dscp, 46);
	CU_ASSERT_EQUAL(c->limits.max_calls + c->limits.max_cps, 0);
	CU_ASSERT_EQUAL(c->limits.max_registrations, 0);
	CU_ASSERT_EQUAL(c->limits.max_message, 16384);
	cv_mem_unref(c);
}

static void test_single_sections_are_read(void)
{
	static const char *const modules[] = {"registrar", "route_peer", "x"};
	static const char *const nat[] = {"198.51.100.0/24", "!198.51.100.7"};
	struct cv_conf *c = conf_open(
		"[general]\nname=edge1\nuser = root\nrun-dir = /tmp/r\n"
		"strangers = pass\nlog-level = debug\nlog-format = json\n"
		"media-threads = 2\nmodules = registrar , route_peer\nmodules = x\n"
		"[network]\nnat-systems = 198.51.100.0/24, !198.51.100.7\n"
		"same-nat-direct = no\n"
		"[registration]\nmin-expires = 1m\npeer-expires = 2h\n"
		"[ping]\nmethod = zero\ninterval = 20s\nwho = all\nlost = 5\n"
		"[media]\nports = 20000-20099\nrelay = always\nlatch = any\n"
		"idle-timeout = 2m\nhold-timeout = 24h\ndscp = 0\n"
		"[limits]\nmax-calls = 10\nmax-cps = 5\nmax-registrations = 7\n");

	CU_ASSERT_STRING_EQUAL(c->general.name, "edge1");
	CU_ASSERT_STRING_EQUAL(c->general.user, "root");
	CU_ASSERT_STRING_EQUAL(c->admin_socket, "/tmp/r/culvert.sock");
	CU_ASSERT_EQUAL(c->general.strangers, CV_STRANGERS_PASS);
	CU_ASSERT_EQUAL(c->general.log_level, CV_LOG_DEBUG);
	CU_ASSERT_EQUAL(c->general.log_format, CV_LOG_JSON);
	CU_ASSERT_EQUAL(c->general.media_threads, 2);
	list_check(&c->general.modules, modules, 3);
	CU_ASSERT_EQUAL(c->general.modules.v[1].pos.line, 9);
	CU_ASSERT_EQUAL(c->general.modules.v[2].pos.line, 10);
	list_check(&c->network.nat_systems, nat, 2);
	CU_ASSERT_FALSE(c->network.same_nat_direct);
	CU_ASSERT_EQUAL(c->registration.peer_expires_s, 7200);
	CU_ASSERT_EQUAL(c->ping.method, CV_PING_ZERO);
	CU_ASSERT_EQUAL(c->ping.interval_ms, 20000);
	CU_ASSERT_EQUAL(c->ping.who, CV_PING_ALL);
	CU_ASSERT_EQUAL(c->ping.lost, 5);
	CU_ASSERT_EQUAL(c->media.port_lo, 20000);
	CU_ASSERT_EQUAL(c->media.port_hi, 20099);
	CU_ASSERT_EQUAL(c->media.pos.line, 23);
	CU_ASSERT_STRING_EQUAL(c->media.pos.file, "t");
	CU_ASSERT_EQUAL(c->media.relay, CV_RELAY_ALWAYS);
	CU_ASSERT_EQUAL(c->media.latch, CV_LATCH_ANY);
	CU_ASSERT_EQUAL(c->media.idle_ms, 120000);
	CU_ASSERT_EQUAL(c->media.hold_ms, 86400000);
	CU_ASSERT_EQUAL(c->media.dscp, 0);
	CU_ASSERT_EQUAL(c->limits.max_calls, 10);
	CU_ASSERT_EQUAL(c->limits.max_cps, 5);
	CU_ASSERT_EQUAL(c->limits.max_registrations, 7);
	cv_mem_unref(c);
}

static void test_listens_are_read(void)
{
	struct cv_conf *c =
		conf_open("[listen a]\n"
			  "[listen b]\nside = lan\naddress = eth0\nudp = 5060, 5080\n"
			  "udp = 5090\ntcp = off\nadvertise = 203.0.113.1\n"
			  "media-address = 2001:db8::1\n");
	const struct cv_conf_listen *a = &c->listens[0], *b = &c->listens[1];

	CU_ASSERT_EQUAL_FATAL(c->listenc, 2);
	CU_ASSERT_STRING_EQUAL(a->name, "a");
	CU_ASSERT_STRING_EQUAL(a->address, "auto");
	CU_ASSERT_EQUAL(a->pos.line, 1);
	CU_ASSERT_TRUE(a->udpc == 1 && a->udp[0] == 5060);
	CU_ASSERT_TRUE(a->tcpc == 1 && a->tcp[0] == 5060);
	CU_ASSERT_FALSE(a->side_given);
	CU_ASSERT_EQUAL(a->advertise.by, CV_SHOWN_SELF);
	CU_ASSERT_PTR_NULL(a->advertise.text);
	CU_ASSERT_PTR_NULL(a->media_address);

	CU_ASSERT_STRING_EQUAL(b->address, "eth0");
	CU_ASSERT_EQUAL(b->pos.line, 4);
	CU_ASSERT_TRUE(b->side_given && b->side == CV_SIDE_LAN);
	CU_ASSERT_EQUAL(b->udpc, 3);
	CU_ASSERT_TRUE(b->udp[0] == 5060 && b->udp[1] == 5080 && b->udp[2] == 5090);
	CU_ASSERT_EQUAL(b->tcpc, 0);
	CU_ASSERT_EQUAL(b->advertise.by, CV_SHOWN_LITERAL);
	CU_ASSERT_STRING_EQUAL(b->advertise.text, "203.0.113.1");
	CU_ASSERT_EQUAL(b->advertise.pos.line, 8);
	CU_ASSERT_STRING_EQUAL(b->media_address, "2001:db8::1");
	cv_mem_unref(c);
}

static const char peers_text[] =
	"[peer pbx]\ntarget = sip:192.0.2.1, sip:[2001:db8::1]:5070;transport=tcp\n"
	"domains = a.example, b.example\nfrom = 192.0.2.0/28\nnat = no\nrelay = never\n"
	"latch = any\nregister = yes\nusername = us\npassword = pw\nrealm = "
	"rm\ntrust-identity = yes\ndscp = 10\n"
	"add-header = X-A: 1, 2\nadd-header = X-B: <sip:a;b>\nremove-header = X-C, Date\n"
	"remove-header = Subject\nfrom-user = 49+1%20\nfrom-host = a.example\n"
	"to-host = [2001:db8::1]\nmtu = 1400\n"
	"[peer plain]\ntarget = sip:192.0.2.99\n"
	"[route r1]\nfrom = peer:pbx\nto = ^0[0-9]+$\nmethod = INVITE\n"
	"peer = plain, pbx\nstrip = 1\nprefix = +49\n"
	"[route r2]\npeer = pbx\n";

static void test_peers_are_read(void)
{
	static const char *const domains[] = {"a.example", "b.example"};
	static const char *const from[] = {"192.0.2.0/28"};
	struct cv_conf *c = conf_open(peers_text);
	const struct cv_conf_peer *a = &c->peers[0], *b = &c->peers[1];
	char text[CV_ADDR_STRLEN];

	CU_ASSERT_EQUAL_FATAL(c->peerc, 2);
	CU_ASSERT_STRING_EQUAL(a->name, "pbx");
	CU_ASSERT_EQUAL_FATAL(a->targetc, 2);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&a->targets[0].addr, text),
			       "192.0.2.1:5060");
	CU_ASSERT_EQUAL(a->targets[0].transport, CV_TRANSPORT_UDP);
	CU_ASSERT_STRING_EQUAL(a->targets[0].uri, "sip:192.0.2.1");
	CU_ASSERT_EQUAL(a->targets[0].pos.line, 2);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&a->targets[1].addr, text),
			       "[2001:db8::1]:5070");
	CU_ASSERT_EQUAL(a->targets[1].transport, CV_TRANSPORT_TCP);
	list_check(&a->domains, domains, 2);
	list_check(&a->from, from, 1);
	CU_ASSERT_EQUAL(a->nat, CV_NAT_NO);
	CU_ASSERT_EQUAL(a->relay, CV_RELAY_NEVER);
	CU_ASSERT_EQUAL(a->latch, CV_LATCH_ANY);
	CU_ASSERT_TRUE(a->register_ && a->trust_identity);
	CU_ASSERT_STRING_EQUAL(a->username, "us");
	CU_ASSERT_STRING_EQUAL(a->password, "pw");
	CU_ASSERT_STRING_EQUAL(a->realm, "rm");
	CU_ASSERT_EQUAL(a->dscp, 10);
	CU_ASSERT_EQUAL_FATAL(a->add_headers.c, 2);
	CU_ASSERT_STRING_EQUAL(a->add_headers.v[0].text, "X-A: 1, 2");
	CU_ASSERT_STRING_EQUAL(a->add_headers.v[1].text, "X-B: <sip:a;b>");
	CU_ASSERT_EQUAL_FATAL(a->remove_headers.c, 3);
	CU_ASSERT_STRING_EQUAL(a->remove_headers.v[1].text, "Date");
	CU_ASSERT_STRING_EQUAL(a->remove_headers.v[2].text, "Subject");
	CU_ASSERT_STRING_EQUAL(a->from_user, "49+1%20");
	CU_ASSERT_STRING_EQUAL(a->from_host, "a.example");
	CU_ASSERT_STRING_EQUAL(a->to_host, "[2001:db8::1]");

	CU_ASSERT_EQUAL(a->mtu, 1400);
	CU_ASSERT_EQUAL(b->mtu, 0);
	CU_ASSERT_EQUAL(b->dscp, -1);
	CU_ASSERT_EQUAL(b->add_headers.c + b->remove_headers.c, 0);
	CU_ASSERT_TRUE(!b->from_user && !b->from_host && !b->to_host);
	CU_ASSERT_EQUAL(b->nat, CV_NAT_AUTO);
	CU_ASSERT_EQUAL(b->relay, CV_RELAY_AUTO);
	CU_ASSERT_FALSE(b->register_ || b->trust_identity);
	CU_ASSERT_TRUE(!b->username && !b->password && !b->realm);
	CU_ASSERT_EQUAL(b->pos.line, 22);
	cv_mem_unref(c);
}

static void test_routes_are_read(void)
{
	static const char *const peers[] = {"plain", "pbx"};
	struct cv_conf *c = conf_open(peers_text);
	const struct cv_conf_route *a = &c->routes[0], *b = &c->routes[1];

	CU_ASSERT_EQUAL_FATAL(c->routec, 2);
	CU_ASSERT_STRING_EQUAL(a->name, "r1");
	CU_ASSERT_STRING_EQUAL(a->from, "peer:pbx");
	CU_ASSERT_STRING_EQUAL(a->to, "^0[0-9]+$");
	CU_ASSERT_STRING_EQUAL(a->method, "INVITE");
	list_check(&a->peers, peers, 2);
	CU_ASSERT_EQUAL(a->strip, 1);
	CU_ASSERT_STRING_EQUAL(a->prefix, "+49");
	CU_ASSERT_STRING_EQUAL(b->from, "any");
	CU_ASSERT_PTR_NULL(b->to);
	CU_ASSERT_PTR_NULL(b->method);
	CU_ASSERT_PTR_NULL(b->prefix);
	cv_mem_unref(c);
}

static void test_unknown_words_are_refused(void)
{
	static const char text[] = "[listen a]\naddresx = auto\ncolour = 1\nfoo = 1\n"
				   "udp = off\nudp = 5060\naddress = a\naddress = b\n"
				   "[general]\nstore = sqlite\n";
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};

	CU_ASSERT_EQUAL(cv_conf_parse(&c, "t", CV_STR(text), &error), EINVAL);
	CU_ASSERT_PTR_NULL(c);
	CU_ASSERT_STRING_EQUAL(
		error.p, "t:2: there is no key addresx in [listen]; is it address?\n"
			 "t:3: there is no key colour in [listen]\n"
			 "t:4: there is no key foo in [listen]\n"
			 "t:8: address is already set at t:7\n"
			 "t:5: udp: off is not a port (1 to 65535, or off alone)\n"
			 "t:10: store is not served by this version\n");
	cv_buf_free(&error);
}

static void test_findings_have_an_end(void)
{
	struct cv_conf *c = NULL;
	struct cv_buf text = {0}, error = {0};
	size_t lines = 0;

	cv_buf_str(&text, CV_STR("[ping]\n"));
	for (int i = 0; i < 1000; ++i)
		cv_buf_str(&text, CV_STR("x = 1\n"));

	CU_ASSERT_EQUAL(cv_conf_parse(&c, "t", cv_buf_view(&text), &error), EINVAL);
	for (size_t i = 0; i < error.len; ++i)
		lines += error.p[i] == '\n';

	CU_ASSERT_EQUAL(lines, 101);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, "t:101: further findings are left out\n"));
	cv_buf_free(&error);
	cv_buf_free(&text);
}

static void test_too_many_listens(void)
{
	struct cv_conf *c = NULL;
	struct cv_buf text = {0}, error = {0};

	for (int i = 0; i < 33; ++i)
		cv_buf_printf(&text, "[listen n%d]\n", i);

	CU_ASSERT_EQUAL(cv_conf_parse(&c, "t", cv_buf_view(&text), &error), EINVAL);
	CU_ASSERT_STRING_EQUAL(error.p,
			       "t:33: there are more than 32 [listen] sections\n");
	cv_buf_free(&error);
	cv_buf_free(&text);
}

static void test_parse_oom(void)
{
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 2000; ++n) {
		cv_mem_budget(n);
		err = cv_conf_parse(&c, "t", CV_STR(peers_text), &error);
		CU_ASSERT(err == 0 || (err == ENOMEM && !c));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(error.len, 0);
	cv_buf_free(&error);
	cv_mem_unref(c);
}

int cv_test_build(void)
{
	CU_pSuite s = CU_add_suite("conf/build", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "defaults", test_defaults_are_those_of_the_contract);
	CU_add_test(s, "single sections", test_single_sections_are_read);
	CU_add_test(s, "listens", test_listens_are_read);
	CU_add_test(s, "peers", test_peers_are_read);
	CU_add_test(s, "routes", test_routes_are_read);
	CU_add_test(s, "unknown words", test_unknown_words_are_refused);
	CU_add_test(s, "findings have an end", test_findings_have_an_end);
	CU_add_test(s, "too many listens", test_too_many_listens);
	CU_add_test(s, "out of memory", test_parse_oom);

	return (int)CU_get_error();
}
