/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of sdp/parse.c: what is read from a description and what is refused.
 * One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/addr.h"
#include "base/flow.h"
#include "base/mem.h"
#include "base/str.h"
#include "corpus.h"
#include "sdp/sdp.h"
#include "sdp/sdp_int.h"

int cv_test_parse(void);

#define HEAD  "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\n"
#define HEADC HEAD "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"

/** One m= section behind a head, and what must come of it. */
struct flow_case {
	const char *text;
	enum cv_carry carry;
	enum cv_profile profile;
	const char *rtp, *rtcp; /* "-": unset */
	enum cv_dir dir;
	bool mux;
	const char *codec;
};

#define UDP CV_CARRY_UDP
#define TCP CV_CARRY_TCP
#define AVP CV_PROFILE_AVP
#define OTH CV_PROFILE_OTHER
#define SR  CV_DIR_SENDRECV

static const struct flow_case flow_cases[] = {
	{HEADC "m=audio 4000 RTP/AVP 0 8", UDP, AVP, "192.0.2.1:4000", "192.0.2.1:4001",
	 SR, false, "PCMU/8000"},
	{HEADC
	 "m=audio 4000 RTP/AVP 96\na=rtpmap:97 opus/48000\na=rtpmap:96 G726-32/8000",
	 UDP, AVP, "192.0.2.1:4000", "192.0.2.1:4001", SR, false, "G726-32/8000"},
	{HEADC "m=audio 4000 RTP/AVP 96", UDP, AVP, "192.0.2.1:4000", "192.0.2.1:4001",
	 SR, false, ""},
	{HEADC "m=audio 4000/1 RTP/AVPF 8", UDP, CV_PROFILE_AVPF, "192.0.2.1:4000",
	 "192.0.2.1:4001", SR, false, "PCMA/8000"},
	{HEADC "m=audio 4001 rtp/savp 8", UDP, CV_PROFILE_SAVP, "192.0.2.1:4001",
	 "192.0.2.1:4002", SR, false, "PCMA/8000"},
	{HEADC "m=audio 9 RTP/SAVPF 8\na=rtcp-mux", UDP, CV_PROFILE_SAVPF, "192.0.2.1:9",
	 "192.0.2.1:9", SR, true, "PCMA/8000"},
	{HEADC "m=audio 9 UDP/TLS/RTP/SAVP 8", UDP, CV_PROFILE_SAVP, "192.0.2.1:9",
	 "192.0.2.1:10", SR, false, "PCMA/8000"},
	{HEADC "m=video 9 UDP/TLS/RTP/SAVPF 96", UDP, CV_PROFILE_SAVPF, "192.0.2.1:9",
	 "192.0.2.1:10", SR, false, ""},
	{HEADC "m=image 4000 udptl t38", UDP, CV_PROFILE_UDPTL, "192.0.2.1:4000", "-", SR,
	 false, "t38"},
	{HEADC "m=image 4000 UDPTL t38\na=rtcp:99999", UDP, CV_PROFILE_UDPTL,
	 "192.0.2.1:4000", "-", SR, false, "t38"},
	{HEADC "m=data 4000 udp x", UDP, OTH, "192.0.2.1:4000", "-", SR, false, "x"},
	{HEADC "m=data 4000 UDP/DTLS/SCTP x", UDP, OTH, "192.0.2.1:4000", "-", SR, false,
	 "x"},
	{HEADC "m=data 4000 DTLS/SCTP 5000", UDP, OTH, "192.0.2.1:4000", "-", SR, false,
	 "5000"},
	{HEADC "m=application 1503 tcp msdata\na=sendonly", TCP, CV_PROFILE_TCP,
	 "192.0.2.1:1503", "-", CV_DIR_SENDONLY, false, "msdata"},
	{HEADC "m=message 7654 TCP/TLS/MSRP *", TCP, CV_PROFILE_TCP, "192.0.2.1:7654",
	 "-", SR, false, "*"},
	{HEADC "m=audio 9 TCP/RTP/AVP 0", TCP, CV_PROFILE_TCP, "192.0.2.1:9", "-", SR,
	 false, "0"},
	{HEADC "m=x-ms-message 5060 sip null", CV_CARRY_NONE, OTH, "192.0.2.1:5060", "-",
	 SR, false, "null"},
	{HEADC "m=message 5060 sip sip:a@b.example", CV_CARRY_NONE, OTH, "192.0.2.1:5060",
	 "-", SR, false, "sip:a@b.example"},
	{HEAD "m=text 9 SCTP/DTLS 5000", CV_CARRY_NONE, OTH, "-", "-", SR, false, "5000"},
	/* a disabled stream needs no address */
	{HEAD "m=audio 0 RTP/AVP 0", UDP, AVP, "-", "-", SR, false, ""},
	/* the media's c= is nearer than the session's */
	{HEADC "m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::5\nc=IN IP4 192.0.2.6", UDP,
	 AVP, "[2001:db8::5]:4000", "[2001:db8::5]:4001", SR, false, "PCMU/8000"},
	{HEADC "m=audio 4000 RTP/AVP 0\na=rtcp:4010", UDP, AVP, "192.0.2.1:4000",
	 "192.0.2.1:4010", SR, false, "PCMU/8000"},
	{HEADC "m=audio 4000 RTP/AVP 0\na=rtcp:4010 IN IP4 192.0.2.7\na=rtcp:5", UDP, AVP,
	 "192.0.2.1:4000", "192.0.2.7:4010", SR, false, "PCMU/8000"},
	{HEADC "m=audio 65535 RTP/AVP 0", UDP, AVP, "192.0.2.1:65535", "-", SR, false,
	 "PCMU/8000"},
	/* directions: the section's word before the session's, the first of several */
	{HEADC "a=recvonly\nm=audio 4000 RTP/AVP 0", UDP, AVP, "192.0.2.1:4000",
	 "192.0.2.1:4001", CV_DIR_RECVONLY, false, "PCMU/8000"},
	{HEADC "a=recvonly\nm=audio 4000 RTP/AVP 0\na=inactive\na=sendrecv", UDP, AVP,
	 "192.0.2.1:4000", "192.0.2.1:4001", CV_DIR_INACTIVE, false, "PCMU/8000"},
	{HEADC "a=recvonly\nm=audio 4000 RTP/AVP 0\na=sendrecv", UDP, AVP,
	 "192.0.2.1:4000", "192.0.2.1:4001", SR, false, "PCMU/8000"},
	/* hold in the old way */
	{HEAD "c=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0", UDP, AVP, "0.0.0.0:4000",
	 "0.0.0.0:4001", CV_DIR_SENDONLY, false, "PCMU/8000"},
	{HEAD "c=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\na=recvonly", UDP, AVP,
	 "0.0.0.0:4000", "0.0.0.0:4001", CV_DIR_INACTIVE, false, "PCMU/8000"},
	{HEAD "c=IN IP6 ::\nm=audio 4000 RTP/AVP 0\na=inactive", UDP, AVP, "[::]:4000",
	 "[::]:4001", CV_DIR_INACTIVE, false, "PCMU/8000"},
	/* 0.0.0.0:9 of ICE is no hold */
	{HEAD "c=IN IP4 0.0.0.0\nm=audio 9 RTP/SAVPF 0\na=ice-ufrag:x\na=rtcp-mux", UDP,
	 CV_PROFILE_SAVPF, "0.0.0.0:9", "0.0.0.0:9", SR, true, "PCMU/8000"},
};

static const char *addr_text(const struct cv_addr *a, char *dst)
{
	return cv_addr_is_set(a) ? cv_addr_print(a, dst) : "-";
}

static void flow_check(const struct cv_sdp *s, const struct flow_case *c)
{
	const struct cv_flow *f = cv_sdp_flow(s, 0);
	char text[CV_ADDR_STRLEN];

	CU_ASSERT_EQUAL_FATAL(cv_sdp_count(s), 1);
	CU_ASSERT_EQUAL(f->carry, c->carry);
	CU_ASSERT_EQUAL(f->profile, c->profile);
	CU_ASSERT_EQUAL(f->dir, c->dir);
	CU_ASSERT_EQUAL(f->mux, c->mux);
	CU_ASSERT_EQUAL(f->idle_ms, 0);
	CU_ASSERT_STRING_EQUAL(addr_text(&f->rtp, text), c->rtp);
	CU_ASSERT_STRING_EQUAL(addr_text(&f->rtcp, text), c->rtcp);
	if (f->rtp.port != 0)
		CU_ASSERT_TRUE(cv_str_eq(cv_sdp_codec(s, 0), cv_str_of(c->codec)));
}

static void test_flow_is_read_from_m_section(void)
{
	for (size_t i = 0; i < sizeof(flow_cases) / sizeof(flow_cases[0]); ++i) {
		const struct flow_case *c = &flow_cases[i];
		struct cv_sdp *s = NULL;
		int err = cv_sdp_parse(&s, cv_str_of(c->text));

		CU_ASSERT_EQUAL(err, 0);
		if (err == 0)
			flow_check(s, c);
		cv_mem_unref(s);
	}
}

static void test_refused_stream_keeps_port_0(void)
{
	struct cv_sdp *s = NULL;

	CU_ASSERT_EQUAL_FATAL(
		cv_sdp_parse(&s, CV_STR(HEADC "m=audio 0 RTP/AVP 0\na=rtcp:99999")), 0);
	CU_ASSERT_EQUAL(cv_sdp_flow(s, 0)->rtp.port, 0);
	CU_ASSERT_FALSE(cv_addr_is_set(&cv_sdp_flow(s, 0)->rtcp));
	CU_ASSERT_PTR_NULL(cv_sdp_flow(s, 1));
	cv_mem_unref(s);
}

struct error_case {
	const char *text;
	int err;
};

static const struct error_case error_cases[] = {
	{"", EBADMSG},
	{"hello", EBADMSG},
	{"\r\nv=0\r\n", EBADMSG},
	{"v=1\r\nm=audio 4000 RTP/AVP 0", EBADMSG},
	{HEAD "m=audio 4000 RTP/AVP 0", EBADMSG},
	{HEAD "m=audio 0 RTP/AVP 0\nm=video 4000 RTP/AVP 0", EBADMSG},
	{HEAD "m=application 4000 TCP/BFCP *", EBADMSG},
	{HEAD "c=IN IP4 a.example\nm=audio 4000 RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\nc=IN IP4 a.example", EBADMSG},
	{HEAD "c=IN IP4 224.1.1.1/127\nm=audio 4000 RTP/AVP 0", EBADMSG},
	{HEAD "c=IN IP4 224.1.1.1\nm=audio 4000 RTP/AVP 0", EBADMSG},
	{HEAD "c=IN IP4 255.255.255.255\nm=audio 4000 RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 65536 RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 18446744073709551617 RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 4000/2 RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 4000/ RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 4000", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\na=rtcp:0", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\na=rtcp:65536", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\na=rtcp:5 IN IP4 a.example", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\na=rtcp:5 IN IP4 239.0.0.1", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\no=- 1 2 IN IP4 192.0.2.9", EBADMSG},
	{HEADC "o=- 1 2 IN IP4 192.0.2.9\nm=audio 4000 RTP/AVP 0", EBADMSG},
	{"v=0\no=- 1 2\nm=audio 0 RTP/AVP 0", EBADMSG},
	{HEADC "m=audio 4000 RTP/AVP 0\na=x\rc=IN IP4 10.0.0.1\n", EBADMSG},
};

static void test_bad_text_is_refused(void)
{
	for (size_t i = 0; i < sizeof(error_cases) / sizeof(error_cases[0]); ++i) {
		struct cv_sdp *s = NULL;
		int err = cv_sdp_parse(&s, cv_str_of(error_cases[i].text));

		CU_ASSERT_EQUAL(err, error_cases[i].err);
		CU_ASSERT_PTR_NULL(s);
		cv_mem_unref(s);
	}
}

static void test_nul_byte_is_refused(void)
{
	struct cv_sdp *s = NULL;

	CU_ASSERT_EQUAL(cv_sdp_parse(&s, CV_STR("v=0\na=x\0y\n")), EBADMSG);
	CU_ASSERT_PTR_NULL(s);
}

static int repeat_parse(const char *line, size_t n, struct cv_sdp **sp)
{
	struct cv_buf text = {0};
	int err;

	cv_buf_str(&text, CV_STR(HEADC)); /* 5 lines */
	for (size_t i = 0; i < n; ++i)
		cv_buf_str(&text, cv_str_of(line));

	err = cv_sdp_parse(sp, cv_buf_view(&text));
	if (err == 0)
		*sp = cv_mem_unref(*sp); /* its text goes now */
	cv_buf_free(&text);

	return err;
}

static void test_limits_are_exact(void)
{
	struct cv_sdp *s = NULL;

	CU_ASSERT_EQUAL(repeat_parse("m=audio 4 RTP/AVP 0\n", 32, &s), 0);
	CU_ASSERT_EQUAL(repeat_parse("m=audio 4 RTP/AVP 0\n", 33, &s), E2BIG);
	CU_ASSERT_EQUAL(repeat_parse("a=x\n", 1019, &s), 0);
	CU_ASSERT_EQUAL(repeat_parse("a=x\n", 1020, &s), E2BIG);
	CU_ASSERT_EQUAL(repeat_parse("a=setup:x\n", 64, &s), 0);
	CU_ASSERT_EQUAL(repeat_parse("a=setup:x\n", 65, &s), E2BIG);
	CU_ASSERT_EQUAL(repeat_parse("x", 65535 - (sizeof(HEADC) - 1), &s), 0);
	CU_ASSERT_EQUAL(repeat_parse("x", 65536 - (sizeof(HEADC) - 1), &s), E2BIG);
}

static void list_check(const struct cv_attrs *list, const char *const *want, size_t c)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_EQUAL_FATAL(list->c, c);
	for (size_t i = 0; i < c; ++i)
		CU_ASSERT_TRUE(cv_str_eq(list->v[i], cv_str_of(want[i])));
}

static void test_attribute_lists_join_session_and_media(void)
{
	static const char *const crypt0[] = {"a=setup:actpass", "k=clear:a",
					     "a=crypto:1 AES"};
	static const char *const crypt1[] = {"a=setup:actpass"};
	static const char *const ice1[] = {"a=ice-ufrag:u", "a=candidate:1"};
	struct cv_sdp *s = NULL;

	CU_ASSERT_EQUAL_FATAL(
		cv_sdp_parse(&s, CV_STR(HEADC "a=setup:actpass\r\n"
					      "m=audio 4000 RTP/SAVP 0\r\nk=clear:a\r\n"
					      "a=ptime:20\r\na=crypto:1 AES\r\n"
					      "m=video 4002 RTP/SAVP 31\r\n"
					      "a=ice-ufrag:u\r\na=candidate:1\r\n")),
		0);
	list_check(cv_sdp_flow(s, 0)->crypt, crypt0, 3);
	CU_ASSERT_PTR_NULL(cv_sdp_flow(s, 0)->ice);
	list_check(cv_sdp_flow(s, 1)->crypt, crypt1, 1);
	list_check(cv_sdp_flow(s, 1)->ice, ice1, 2);
	CU_ASSERT_TRUE(cv_str_eq(cv_sdp_media_name(s, 1), CV_STR("video")));
	cv_mem_unref(s);
}

struct origin_case {
	const char *line, *host, *session, *version;
};

static const struct origin_case origin_cases[] = {
	{"o=- 1 2 IN IP4 192.0.2.9", "192.0.2.9", "- 1", "2"},
	{"o=Front Desk 7 abc IN IP6 2001:db8::1 ", "[2001:db8::1]", "Front Desk 7",
	 "abc"},
	{"o=- 1 2 IN IP4 pbx.example", "-", "- 1", "2"},
	{"o=1 2 IN IP4 192.0.2.9", "192.0.2.9", "1", "2"},
};

static void test_origin_is_counted_from_the_right(void)
{
	for (size_t i = 0; i < sizeof(origin_cases) / sizeof(origin_cases[0]); ++i) {
		const struct origin_case *c = &origin_cases[i];
		char host[CV_ADDR_STRLEN];
		struct cv_buf text = {0};
		struct cv_sdp *s = NULL;

		cv_buf_printf(&text, "v=0\n%s\n", c->line);
		CU_ASSERT_EQUAL_FATAL(cv_sdp_parse(&s, cv_buf_view(&text)), 0);
		CU_ASSERT_STRING_EQUAL(addr_text(&s->origin, host), c->host);
		CU_ASSERT_TRUE(cv_str_eq(cv_sdp_session(s), cv_str_of(c->session)));
		CU_ASSERT_TRUE(cv_str_eq(cv_sdp_version(s), cv_str_of(c->version)));
		cv_mem_unref(s);
		cv_buf_free(&text);
	}
}

static void test_parse_oom(void)
{
	struct cv_sdp *s = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_sdp_parse(
			&s, CV_STR(HEADC "m=audio 4000 RTP/AVP 0\na=crypto:1 AES\n"));
		CU_ASSERT(err == 0 || (err == ENOMEM && !s));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(s);
}

/* Files named bad-* are those that must be refused. */
static void corpus_file(const char *file, struct cv_str text, void *arg)
{
	size_t *wrong = arg;
	struct cv_sdp *s = NULL;
	bool refused = cv_sdp_parse(&s, text) != 0;

	if (refused != (strncmp(file, "bad-", 4) == 0))
		++*wrong;
	cv_mem_unref(s);
}

static void test_corpus_parses_as_its_names_say(void)
{
	size_t wrong = 0;

	CU_ASSERT_TRUE(cv_corpus_walk("sdp", corpus_file, &wrong) >= 60);
	CU_ASSERT_EQUAL(wrong, 0);
}

int cv_test_parse(void)
{
	CU_pSuite s = CU_add_suite("sdp/parse", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "flow is read", test_flow_is_read_from_m_section);
	CU_add_test(s, "refused stream keeps port 0", test_refused_stream_keeps_port_0);
	CU_add_test(s, "bad text is refused", test_bad_text_is_refused);
	CU_add_test(s, "NUL is refused", test_nul_byte_is_refused);
	CU_add_test(s, "limits are exact", test_limits_are_exact);
	CU_add_test(s, "lists join session and media",
		    test_attribute_lists_join_session_and_media);
	CU_add_test(s, "origin", test_origin_is_counted_from_the_right);
	CU_add_test(s, "out of memory", test_parse_oom);
	CU_add_test(s, "corpus", test_corpus_parses_as_its_names_say);

	return (int)CU_get_error();
}
