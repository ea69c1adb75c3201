/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Identities: the contract's table, row by row.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

/** One request and what becomes of it. */
struct row {
	const char *ruri, *from, *to, *extra; /* as received; extra header lines */
	const char *want_ruri, *want_from, *want_to;
};

static msg_t *request(const struct row *r)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
		       "INVITE %s SIP/2.0\n"
		       "Via: SIP/2.0/UDP 10.1.1.11:5060;branch=z9hG4bK1\n"
		       "From: \"A\" <%s>;tag=t\nTo: <%s>\nCall-ID: c\nCSeq: 1 INVITE\n"
		       "Contact: <sip:alice@10.1.1.11>\n%sContent-Length: 0\n\n",
		       r->ruri, r->from, r->to, r->extra ? r->extra : "");

	return cv_sip_kit_msg(text);
}

static void check(struct cv_sip_kit *k, const struct row *r, const struct cv_target *to,
		  const char *from_peer, const struct cv_binding *b)
{
	msg_t *m = request(r);
	struct cv_sip_ident id = {0};
	struct cv_sip_ident_in in = {.to = to, .binding = b, .listen = b ? 1 : 0};
	su_home_t *home;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	home = msg_home(m);
	in.sip = sip_object(m);
	in.from_peer =
		from_peer ? cv_conf_peer_find(k->conf, cv_str_of(from_peer)) : NULL;
	CU_ASSERT_EQUAL_FATAL(cv_sip_ident(&k->sip, home, &in, &id, NULL), 0);
	CU_ASSERT_STRING_EQUAL(url_as_string(home, id.ruri), r->want_ruri);
	CU_ASSERT_STRING_EQUAL(url_as_string(home, id.from->a_url), r->want_from);
	CU_ASSERT_STRING_EQUAL(url_as_string(home, id.to->a_url), r->want_to);
	CU_ASSERT_STRING_EQUAL(id.from->a_display, "\"A\"");
	CU_ASSERT_PTR_NULL(id.from->a_tag);
	CU_ASSERT_PTR_NULL(msg_params_find(id.from->a_params, "tag="));
	msg_destroy(m);
}

static void test_phone_to_peer(void)
{
	static const struct row rows[] = {
		/* a name passes */
		{"sip:bob@example.test", "sip:alice@example.test", "sip:bob@example.test",
		 NULL, "sip:bob@example.test", "sip:alice@example.test",
		 "sip:bob@example.test"},
		/* an address of ours becomes the first domain, parameters of the user
		   stay */
		{"sip:bob@198.51.100.10:5060;user=phone", "sip:alice@198.51.100.10",
		 "sip:bob@198.51.100.10", NULL, "sip:bob@example.test;user=phone",
		 "sip:alice@example.test", "sip:bob@example.test"},
		{"sip:bob@edge.example", "sip:alice@EDGE.example", "sip:bob@edge.example",
		 NULL, "sip:bob@example.test", "sip:alice@example.test",
		 "sip:bob@example.test"},
		{"sip:bob@192.168.50.1;transport=tcp", "sip:alice@192.168.50.21",
		 "sip:bob@192.168.50.1", NULL, "sip:bob@example.test",
		 "sip:alice@example.test", "sip:bob@example.test"},
		/* the phone's own private address is nobody's business */
		{"sip:bob@example.test", "sip:alice@10.1.1.11", "sip:bob@example.test",
		 NULL, "sip:bob@example.test", "sip:alice@example.test",
		 "sip:bob@example.test"},
		/* the peer's own address stays, so does a public one of others */
		{"sip:bob@198.51.100.5", "sip:alice@8.8.8.8", "sip:bob@198.51.100.5",
		 NULL, "sip:bob@198.51.100.5", "sip:alice@8.8.8.8",
		 "sip:bob@198.51.100.5"},
		/* a digest for a foreign realm covers the Request-URI: byte for byte */
		{"sip:bob@198.51.100.10;x=1", "sip:alice@198.51.100.10",
		 "sip:bob@198.51.100.10",
		 "Proxy-Authorization: Digest realm=\"example.test\", username=\"a\"\n",
		 "sip:bob@198.51.100.10;x=1", "sip:alice@example.test",
		 "sip:bob@example.test"},
	};
	const struct cv_target to = {.kind = CV_TARGET_PEER, .peer = "pbx"};
	struct cv_sip_kit k;

	cv_sip_kit_open(&k);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		check(&k, &rows[i], &to, NULL, NULL);
	cv_sip_kit_close(&k);
}

static void test_peer_without_domain_is_named_by_target(void)
{
	static const struct row row = {
		"sip:9001@198.51.100.10",      "sip:alice@10.1.1.11",
		"sip:9001@198.51.100.10",      NULL,
		"sip:001@198.51.100.60:5070",  "sip:alice@198.51.100.60:5070",
		"sip:9001@198.51.100.60:5070",
	};
	struct cv_target to = {
		.kind = CV_TARGET_PEER, .peer = "trunk", .user_changed = true};
	struct cv_sip_kit k;

	(void)snprintf(to.user, sizeof(to.user), "001");
	cv_sip_kit_open(&k);
	check(&k, &row, &to, NULL, NULL);
	cv_sip_kit_close(&k);
}

static void test_peer_to_phone(void)
{
	static const struct row rows[] = {
		/* the peer's literal address becomes ours on the phone's side */
		{"sip:cvtoken@198.51.100.10", "sip:5551@198.51.100.5",
		 "sip:bob@198.51.100.10", NULL, "sip:bob-0x1@10.2.2.11:5062;ob",
		 "sip:5551@192.168.50.1", "sip:bob@192.168.50.1"},
		{"sip:cvtoken@198.51.100.10", "sip:5551@example.test",
		 "sip:bob@example.test", NULL, "sip:bob-0x1@10.2.2.11:5062;ob",
		 "sip:5551@example.test", "sip:bob@example.test"},
	};
	const struct cv_target to = {.kind = CV_TARGET_BINDING, .binding = 1};
	char contact[] = "sip:bob-0x1@10.2.2.11:5062;ob";
	struct cv_binding b = {.contact = contact};
	struct cv_sip_kit k;

	cv_sip_kit_open(&k);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		check(&k, &rows[i], &to, "pbx", &b);
	cv_sip_kit_close(&k);
}

static void test_registrar_by_domain(void)
{
	static const struct {
		const char *host, *peer;
	} rows[] = {
		{"example.test", "pbx"}, {"OTHER.test", "pbx"},
		{"198.51.100.5", "pbx"}, {"198.51.100.10", "pbx"},
		{"edge.example", "pbx"}, {"unknown.test", NULL},
		{"198.51.100.60", NULL}, /* a trunk that registers us is nobody's
					    registrar */
	};
	struct cv_sip_kit k;

	cv_sip_kit_open(&k);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		const struct cv_conf_peer *p = cv_sip_registrar(&k.sip, rows[i].host);

		CU_ASSERT_EQUAL(!p, !rows[i].peer);
		if (p && rows[i].peer)
			CU_ASSERT_STRING_EQUAL(p->name, rows[i].peer);
	}
	cv_sip_kit_close(&k);
}

static void test_unknown_peer_is_refused(void)
{
	static const struct row row = {"sip:b@x", "sip:a@x", "sip:b@x", NULL, "", "", ""};
	const struct cv_target to = {.kind = CV_TARGET_PEER, .peer = "gone"};
	struct cv_sip_ident_in in = {.to = &to};
	struct cv_sip_ident id;
	struct cv_sip_kit k;
	msg_t *m = request(&row);

	cv_sip_kit_open(&k);
	in.sip = sip_object(m);
	CU_ASSERT_EQUAL(cv_sip_ident(&k.sip, msg_home(m), &in, &id, NULL), ENOENT);
	msg_destroy(m);
	cv_sip_kit_close(&k);
}

static void test_own_credentials_keep_every_parameter(void)
{
	/* a phone whose last parameter was lost could not register */
	static const struct row row = {
		"sip:b@x",
		"sip:a@x",
		"sip:b@x",
		"Authorization: Digest realm=\"far\", nc=00000002\n"
		"Authorization: Digest username=\"a\", realm=\"edge.example\", qop=auth, "
		"nc=00000001\n",
		"",
		"",
		"",
	};
	struct cv_sip_kit k;
	msg_t *m = request(&row);
	struct cv_str text;

	cv_sip_kit_open(&k);
	text = cv_sip_own_auth(&k.sip, msg_home(m), sip_object(m));
	CU_ASSERT(cv_str_eq(text, CV_STR("Digest username=\"a\", realm=\"edge.example\", "
					 "qop=auth, nc=00000001")));
	CU_ASSERT(cv_sip_has_foreign_auth(&k.sip, sip_object(m)));
	msg_destroy(m);
	cv_sip_kit_close(&k);
}

static void test_called_number_stands_for_our_contact_at_a_trunk(void)
{
	static const struct row row = {
		"sip:ct0123@198.51.100.10",
		"sip:0800@198.51.100.60",
		"sip:4930@itsp.example",
		"",
		"",
		"",
		"",
	};
	struct cv_target to = {.kind = CV_TARGET_PEER, .peer = "pbx"};
	struct cv_sip_trunk trunk = {.token = "ct0123"};
	struct cv_sip_ident id = {0};
	struct cv_sip_kit k;
	msg_t *m = request(&row);
	const struct cv_sip_ident_in in = {.sip = sip_object(m), .to = &to, .listen = 1};

	cv_sip_kit_open(&k);
	trunk.peer = cv_conf_peer_find(k.conf, CV_STR("trunk"));
	cv_list_add(&k.sip.trunks, &trunk.node);
	CU_ASSERT_EQUAL(cv_sip_ident(&k.sip, msg_home(m), &in, &id, NULL), 0);
	CU_ASSERT_STRING_EQUAL(url_as_string(msg_home(m), id.ruri),
			       "sip:4930@example.test");
	cv_list_del(&trunk.node);
	CU_ASSERT_EQUAL(cv_sip_ident(&k.sip, msg_home(m), &in, &id, NULL), 0);
	CU_ASSERT_STRING_EQUAL(url_as_string(msg_home(m), id.ruri),
			       "sip:ct0123@example.test");
	msg_destroy(m);
	cv_sip_kit_close(&k);
}

int cv_test_ident(void)
{
	CU_pSuite s = CU_add_suite("ident", NULL, NULL);

	CU_add_test(s, "phone to peer", test_phone_to_peer);
	CU_add_test(s, "peer without domain",
		    test_peer_without_domain_is_named_by_target);
	CU_add_test(s, "peer to phone", test_peer_to_phone);
	CU_add_test(s, "registrar by domain", test_registrar_by_domain);
	CU_add_test(s, "own credentials", test_own_credentials_keep_every_parameter);
	CU_add_test(s, "called number",
		    test_called_number_stands_for_our_contact_at_a_trunk);
	CU_add_test(s, "unknown peer", test_unknown_peer_is_refused);

	return (int)CU_get_error();
}
