/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of net/stun.c: the vectors of RFC 5769, messages of our own read back,
 * and messages that are broken in one place each. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <openssl/evp.h>

#include "net/stun.h"
#include "suite_net.h"

enum { TEXT_MAX = 256 };

/* RFC 5769 2.1 */
static const char request_text[] = "000100582112a442b7e7a701bc34d686fa87dfae"
				   "802200105354554e207465737420636c69656e74"
				   "002400046e0001ff80290008932ff9b151263b36"
				   "000600096576746a3a68367659202020"
				   "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
				   "80280004e57a3bcf";
/* 2.2 */
static const char v4_text[] = "0101003c2112a442b7e7a701bc34d686fa87dfae"
			      "8022000b7465737420766563746f7220"
			      "002000080001a147e112a643"
			      "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
			      "80280004c07d4c96";
/* 2.3 */
static const char v6_text[] = "010100482112a442b7e7a701bc34d686fa87dfae"
			      "8022000b7465737420766563746f7220"
			      "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
			      "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
			      "80280004c8fb0b4c";
/* 2.4 */
static const char long_text[] =
	"000100602112a44278ad3433c6ad72c029da412e"
	"00060012e3839ee38388e383aae38383e382afe382b90000"
	"0015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341"
	"0014000b6578616d706c652e6f726700"
	"00080014f67024656dd64a3e02b8e0712e85c9a28ca89666";
/* MD5 of user:example.org:TheMatrIX, the long-term key of 2.4 */
static const char long_key[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82"
			       "\xaf\xe3\x82\xb9:example.org:TheMatrIX";

static const uint8_t tid[CV_STUN_TID] = "culvert-test";

static size_t unhex(uint8_t *dst, const char *text)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; ++i) {
		const char two[] = {text[2 * i], text[2 * i + 1], '\0'};

		dst[i] = (uint8_t)strtoul(two, NULL, 16);
	}

	return n;
}

static void test_vectors_are_read(void)
{
	static const struct {
		const char *text, *mapped;
		enum cv_stun_class class_;
		bool fingerprint;
	} rows[] = {
		{request_text, NULL, CV_STUN_REQUEST, true},
		{v4_text, "192.0.2.1:32853", CV_STUN_SUCCESS, true},
		{v6_text, "[2001:db8:1234:5678:11:2233:4455:6677]:32853", CV_STUN_SUCCESS,
		 true},
		{long_text, NULL, CV_STUN_REQUEST, false},
	};
	const struct cv_str key = CV_STR("VOkJxbRl1RmTxUk/WvJxBt");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		char text[CV_ADDR_STRLEN];
		uint8_t p[TEXT_MAX];
		size_t len = unhex(p, rows[i].text);
		struct cv_addr a = {0};
		struct cv_stun m;

		CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
		CU_ASSERT_EQUAL(m.class_, rows[i].class_);
		CU_ASSERT_EQUAL(m.method, CV_STUN_BINDING);
		CU_ASSERT_EQUAL(m.fingerprint, rows[i].fingerprint);
		CU_ASSERT_EQUAL(cv_stun_verify(&m, key), i < 3 ? 0 : EACCES);
		CU_ASSERT_EQUAL(cv_stun_mapped(&m, &a), rows[i].mapped ? 0 : ENOENT);
		if (rows[i].mapped)
			CU_ASSERT_STRING_EQUAL(cv_addr_print(&a, text), rows[i].mapped);
	}
}

static void test_attributes_are_found(void)
{
	uint8_t p[TEXT_MAX];
	size_t len = unhex(p, request_text);
	struct cv_str v = CV_STR_NULL;
	struct cv_stun m;

	CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
	CU_ASSERT_EQUAL(cv_stun_find(&m, CV_STUN_USERNAME, &v), 0);
	CU_ASSERT_TRUE(cv_str_eq(v, CV_STR("evtj:h6vY")));
	CU_ASSERT_EQUAL(cv_stun_find(&m, CV_STUN_SOFTWARE, &v), 0);
	CU_ASSERT_TRUE(cv_str_eq(v, CV_STR("STUN test client")));
	CU_ASSERT_EQUAL(cv_stun_find(&m, CV_STUN_REALM, &v), ENOENT);
	/* of ICE's attributes only PRIORITY must be understood */
	CU_ASSERT_EQUAL(m.unknownc, 1);
	CU_ASSERT_EQUAL(m.unknown[0], 0x0024);
}

static void test_long_term_key(void)
{
	uint8_t p[TEXT_MAX], key[16];
	size_t len = unhex(p, long_text);
	struct cv_stun m;
	unsigned n = 0;

	CU_ASSERT_EQUAL(EVP_Digest(long_key, strlen(long_key), key, &n, EVP_md5(), NULL),
			1);
	CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
	CU_ASSERT_EQUAL(cv_stun_verify(&m, cv_str_make((const char *)key, sizeof(key))),
			0);
}

static size_t make(uint8_t *p, const struct cv_addr *a, struct cv_str key)
{
	struct cv_stun_out o;
	size_t len = 0;

	cv_stun_begin(&o, p, CV_STUN_MAX);
	cv_stun_head(&o, CV_STUN_SUCCESS, CV_STUN_BINDING, tid);
	cv_stun_put_addr(&o, CV_STUN_XOR_MAPPED_ADDRESS, a);
	cv_stun_put(&o, CV_STUN_SOFTWARE, CV_STR("a b c"));
	if (key.len > 0)
		cv_stun_sign(&o, key);
	CU_ASSERT_EQUAL(cv_stun_end(&o, &len), 0);

	return len;
}

static void test_what_is_written_is_read(void)
{
	static const char *const hosts[] = {"203.0.113.9:5060", "[2001:db8::9]:65535",
					    "0.0.0.0", "[::]:1"};
	const struct cv_str key = CV_STR("secret");

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); ++i) {
		uint8_t p[CV_STUN_MAX];
		struct cv_addr a = {0}, b = {0};
		struct cv_str v = CV_STR_NULL;
		struct cv_stun m;
		size_t len;

		CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(hosts[i])), 0);
		len = make(p, &a, key);
		CU_ASSERT_TRUE(cv_stun_is(p, len));
		CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
		CU_ASSERT_EQUAL(m.class_, CV_STUN_SUCCESS);
		CU_ASSERT_EQUAL(memcmp(m.tid, tid, sizeof(tid)), 0);
		CU_ASSERT_EQUAL(cv_stun_mapped(&m, &b), 0);
		CU_ASSERT_TRUE(cv_addr_eq(&a, &b));
		CU_ASSERT_EQUAL(cv_stun_find(&m, CV_STUN_SOFTWARE, &v), 0);
		CU_ASSERT_TRUE(cv_str_eq(v, CV_STR("a b c")));
		CU_ASSERT_EQUAL(cv_stun_verify(&m, key), 0);
		CU_ASSERT_EQUAL(cv_stun_verify(&m, CV_STR("Secret")), EACCES);
		CU_ASSERT_EQUAL(cv_stun_verify(&m, CV_STR("")), EACCES);
	}
}

static void test_a_mapped_v4_is_v4(void)
{
	uint8_t p[CV_STUN_MAX];
	struct cv_addr a = {.family = AF_INET6, .port = 9}, b = {0};
	char text[CV_ADDR_STRLEN];
	struct cv_stun m;
	size_t len;

	a.ip.bytes[10] = a.ip.bytes[11] = 0xff;
	a.ip.bytes[12] = 192;
	a.ip.bytes[15] = 7;
	len = make(p, &a, CV_STR_NULL);
	CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
	CU_ASSERT_EQUAL(cv_stun_mapped(&m, &b), 0);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&b, text), "192.0.0.7:9");
	CU_ASSERT_EQUAL(cv_stun_verify(&m, CV_STR("secret")), ENOENT);
}

static void test_error_and_unknown(void)
{
	uint8_t p[CV_STUN_MAX], back[CV_STUN_MAX];
	struct cv_str v = CV_STR_NULL;
	struct cv_stun_out o;
	struct cv_stun m, answer;
	unsigned code = 0;
	size_t len = 0;

	cv_stun_begin(&o, p, sizeof(p));
	cv_stun_head(&o, CV_STUN_REQUEST, 0xabc, tid);
	for (unsigned i = 0; i < CV_STUN_UNKNOWN + 4; ++i)
		cv_stun_put(&o, (enum cv_stun_attr)(0x7f00 + i), CV_STR("x"));
	CU_ASSERT_EQUAL_FATAL(cv_stun_end(&o, &len), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
	CU_ASSERT_EQUAL(m.method, 0xabc);
	CU_ASSERT_EQUAL(m.unknownc, CV_STUN_UNKNOWN);

	cv_stun_begin(&o, back, sizeof(back));
	cv_stun_head(&o, CV_STUN_ERROR, m.method, m.tid);
	cv_stun_put_error(&o, 420, "Unknown Attribute");
	cv_stun_put_unknown(&o, &m);
	CU_ASSERT_EQUAL_FATAL(cv_stun_end(&o, &len), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&answer, back, len), 0);
	CU_ASSERT_EQUAL(answer.class_, CV_STUN_ERROR);
	CU_ASSERT_EQUAL(cv_stun_error(&answer, &code), 0);
	CU_ASSERT_EQUAL(code, 420);
	CU_ASSERT_EQUAL(cv_stun_find(&answer, CV_STUN_UNKNOWN_ATTRS, &v), 0);
	CU_ASSERT_EQUAL(v.len, 2 * CV_STUN_UNKNOWN);
	CU_ASSERT_EQUAL(cv_stun_error(&m, &code), ENOENT);
	CU_ASSERT_EQUAL(cv_stun_mapped(&answer, &(struct cv_addr){0}), ENOENT);
}

/* Every message with one bit turned is refused or shown to be nobody's. */
static void test_one_bit_is_noticed(void)
{
	const struct cv_str key = CV_STR("VOkJxbRl1RmTxUk/WvJxBt");
	uint8_t good[TEXT_MAX], p[TEXT_MAX];
	size_t len = unhex(good, v4_text);
	unsigned passed = 0;

	for (size_t bit = 0; bit < len * 8; ++bit) {
		struct cv_stun m;

		memcpy(p, good, len);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		passed += cv_stun_parse(&m, p, len) == 0 && m.fingerprint &&
			  cv_stun_verify(&m, key) == 0;
	}

	CU_ASSERT_EQUAL(passed, 0);
}

static void test_every_cut_is_refused(void)
{
	uint8_t p[TEXT_MAX];
	size_t len = unhex(p, v4_text);
	struct cv_stun m;

	for (size_t n = 0; n < len; ++n) {
		uint8_t *exact = malloc(n + 1); /* so that a read behind it is seen */

		CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
		memcpy(exact, p, n);
		CU_ASSERT_EQUAL(cv_stun_parse(&m, exact, n), EBADMSG);
		free(exact);
	}

	CU_ASSERT_EQUAL(cv_stun_parse(&m, p, len), 0);
}

static void test_broken_messages(void)
{
	static const char *const rows[] = {
		/* not STUN: head bits, cookie, length no multiple of four */
		"400100002112a442000000000000000000000000",
		"000100002112a443000000000000000000000000",
		"000100022112a4420000000000000000000000000000",
		/* an attribute longer than the message; half a head */
		"000100042112a442000000000000000000000000"
		"00060004",
		"000100082112a442000000000000000000000000"
		"0006000561626364",
		/* a fingerprint too short, a wrong one, and one that isn't the last */
		"000100042112a442000000000000000000000000"
		"80280000",
		"000100082112a442000000000000000000000000"
		"8028000400000000",
		/* an integrity too short; a SHA-256 one that is */
		"000100142112a442000000000000000000000000"
		"0008001000000000000000000000000000000000",
		"000100102112a442000000000000000000000000"
		"001c000c000000000000000000000000",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		uint8_t p[TEXT_MAX];
		size_t len = unhex(p, rows[i]);
		struct cv_stun m;

		CU_ASSERT_EQUAL(cv_stun_parse(&m, p, len), EBADMSG);
	}
}

/* RFC 8489 14.5: what stands behind the integrity was not signed by anybody. */
static void test_what_follows_integrity_counts_for_nothing(void)
{
	const struct cv_addr a = {.family = AF_INET, .port = 5};
	const struct cv_str key = CV_STR("k");
	uint8_t p[CV_STUN_MAX];
	struct cv_stun_out o;
	struct cv_stun m;
	size_t len = 0;

	cv_stun_begin(&o, p, sizeof(p));
	cv_stun_head(&o, CV_STUN_SUCCESS, CV_STUN_BINDING, tid);
	cv_stun_sign(&o, key);
	cv_stun_put_addr(&o, CV_STUN_XOR_MAPPED_ADDRESS, &a);
	cv_stun_put(&o, (enum cv_stun_attr)0x7f00, CV_STR_NULL);
	CU_ASSERT_EQUAL_FATAL(cv_stun_end(&o, &len), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
	CU_ASSERT_EQUAL(cv_stun_verify(&m, key), 0);
	CU_ASSERT_EQUAL(cv_stun_mapped(&m, &(struct cv_addr){0}), ENOENT);
	CU_ASSERT_EQUAL(m.unknownc, 0);
}

static void test_addresses_that_are_none(void)
{
	static const struct {
		const char *value;
		size_t len;
	} rows[] = {
		{"", 0},
		{"\0\1\0\1\1\1\1", 7},
		{"\0\2\0\1\1\1\1\1", 8},
		{"\0\3\0\1\1\1\1\1", 8},
		{"\0\1\0\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 20},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		uint8_t p[CV_STUN_MAX];
		struct cv_stun_out o;
		struct cv_stun m;
		size_t len = 0;

		cv_stun_begin(&o, p, sizeof(p));
		cv_stun_head(&o, CV_STUN_SUCCESS, CV_STUN_BINDING, tid);
		cv_stun_put(&o, CV_STUN_MAPPED_ADDRESS,
			    cv_str_make(rows[i].value, rows[i].len));
		CU_ASSERT_EQUAL_FATAL(cv_stun_end(&o, &len), 0);
		CU_ASSERT_EQUAL_FATAL(cv_stun_parse(&m, p, len), 0);
		CU_ASSERT_EQUAL(cv_stun_mapped(&m, &(struct cv_addr){0}), EBADMSG);
	}
}

static void test_room_runs_out(void)
{
	const struct cv_addr a = {.family = AF_INET, .port = 5}, unset = {0};
	uint8_t p[CV_STUN_MAX];
	struct cv_stun_out o;
	size_t full = make(p, &a, CV_STR("k")), len = 0;

	for (size_t n = 0; n < full; ++n) {
		uint8_t *exact = malloc(n + 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
		cv_stun_begin(&o, exact, n);
		cv_stun_head(&o, CV_STUN_SUCCESS, CV_STUN_BINDING, tid);
		cv_stun_put_addr(&o, CV_STUN_XOR_MAPPED_ADDRESS, &a);
		cv_stun_put(&o, CV_STUN_SOFTWARE, CV_STR("a b c"));
		cv_stun_sign(&o, CV_STR("k"));
		CU_ASSERT_EQUAL(cv_stun_end(&o, &len), ENOBUFS);
		free(exact);
	}

	CU_ASSERT_EQUAL(len, 0);
	cv_stun_begin(&o, p, sizeof(p));
	cv_stun_put(&o, CV_STUN_SOFTWARE, CV_STR("before the head"));
	CU_ASSERT_EQUAL(cv_stun_end(&o, &len), EINVAL);
	cv_stun_begin(&o, p, sizeof(p));
	cv_stun_head(&o, CV_STUN_REQUEST, CV_STUN_BINDING, tid);
	cv_stun_put_addr(&o, CV_STUN_MAPPED_ADDRESS, &unset);
	CU_ASSERT_EQUAL(cv_stun_end(&o, &len), EAFNOSUPPORT);
}

int cv_test_stun(void)
{
	CU_pSuite s = CU_add_suite("net/stun", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "vectors", test_vectors_are_read);
	CU_add_test(s, "attributes", test_attributes_are_found);
	CU_add_test(s, "long-term key", test_long_term_key);
	CU_add_test(s, "written and read", test_what_is_written_is_read);
	CU_add_test(s, "mapped IPv4", test_a_mapped_v4_is_v4);
	CU_add_test(s, "error and unknown", test_error_and_unknown);
	CU_add_test(s, "one bit", test_one_bit_is_noticed);
	CU_add_test(s, "cuts", test_every_cut_is_refused);
	CU_add_test(s, "broken", test_broken_messages);
	CU_add_test(s, "behind integrity",
		    test_what_follows_integrity_counts_for_nothing);
	CU_add_test(s, "no addresses", test_addresses_that_are_none);
	CU_add_test(s, "room", test_room_runs_out);

	return (int)CU_get_error();
}
