/* SPDX-License-Identifier: BSD-3-Clause */
/* The media plane: opening, ending, many sessions, what it shows. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media.h"
#include "media_bed.h"
#include "suite_media.h"

enum { MANY = 1000, AT_ONCE = 20, LOAD_PACKETS = 2000, LOAD_CALLS = 4, GET_MS = 2000 };

static size_t count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL(d);
	if (!d)
		return 0;

	while (readdir(d))
		++n;
	(void)closedir(d);

	return n;
}

static int64_t gauge(struct bed *b, const char *name)
{
	struct cv_out *out = NULL;
	struct cv_buf buf = {0};
	char key[64];
	const char *at;
	long long n = -1;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_JSON), 0);
	CU_ASSERT_EQUAL(cv_cmd_run(b->cmds, CV_STR("show stats"), out), 0);
	CU_ASSERT_EQUAL(cv_out_finish(out, &buf), 0);
	(void)snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(buf.p, key);
	CU_ASSERT_PTR_NOT_NULL(at);
	if (at)
		n = strtoll(at + strlen(key), NULL, 10);
	cv_buf_free(&buf);
	cv_mem_unref(out);

	return n;
}

static bool is_empty(void *arg)
{
	struct bed *b = arg;

	return gauge(b, "streams") == 0;
}

static void test_open_refuses_bad_settings(void)
{
	struct cv_media_plane *p = NULL;
	struct bed *b = bed_new();
	struct cv_media_conf conf = b->conf;

	conf.net = NULL;
	CU_ASSERT_EQUAL(cv_media_plane_open(&p, &conf), EINVAL);
	conf = b->conf;
	conf.port_lo = 21001;
	CU_ASSERT_EQUAL(cv_media_plane_open(&p, &conf), EINVAL);
	conf.port_hi = conf.port_lo;
	CU_ASSERT_EQUAL(cv_media_plane_open(&p, &conf), EINVAL);
	CU_ASSERT_PTR_NULL(p);
	bed_free(b);
}

static void test_plane_ends_sessions_that_live(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr a = bed_addr("127.0.1.1:4000");
	struct cv_flow in = bed_flow(&a), out;
	struct cv_media_report r;
	struct cv_media *m = NULL;
	size_t fds = count_fds();
	struct bed *b = bed_new();

	bed_start(b);
	CU_ASSERT_EQUAL_FATAL(cv_media_open(&m, b->plane, &pa, &pb, 1), 0);
	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_A, 0, &in, &out, 1), 0);
	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_B, 0, &in, &out, 1), 0);
	bed_free(b);

	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_A, 0, &in, &out, 1), ESHUTDOWN);
	CU_ASSERT_EQUAL(cv_media_park(m, true), ESHUTDOWN);
	CU_ASSERT_EQUAL(cv_media_report(m, 0, CV_END_A, &r), ENOENT);
	cv_media_place(m, CV_END_A, CV_FORK_ALL, &pa);
	cv_media_close(m);
	CU_ASSERT_EQUAL(count_fds(), fds);
}

static void open_and_close(struct bed *b, size_t c)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr a = bed_addr("127.0.1.1:4000");
	struct cv_flow in = bed_flow(&a), out;
	struct cv_media *v[AT_ONCE] = {NULL};

	for (size_t k = 0; k < c && k < AT_ONCE; ++k) {
		CU_ASSERT_EQUAL(cv_media_open(&v[k], b->plane, &pa, &pb, 1), 0);
		CU_ASSERT_EQUAL(cv_media_set(v[k], CV_END_A, 0, &in, &out, 1), 0);
		CU_ASSERT_EQUAL(cv_media_set(v[k], CV_END_B, 0, &in, &out, 1), 0);
	}
	for (size_t k = 0; k < c && k < AT_ONCE; ++k)
		cv_media_close(v[k]);
}

static void test_thousand_sessions_leave_nothing(void)
{
	struct bed *b = bed_new();
	size_t fds, live;

	b->conf.port_lo = 22000;
	b->conf.port_hi = 24999; /* all 1000 pairs and more, for ports rest after use */
	bed_start(b);
	fds = count_fds();
	live = cv_mem_live();
	for (int i = 0; i < MANY / AT_ONCE; ++i) {
		open_and_close(b, AT_ONCE);
		CU_ASSERT(bed_wait(b, is_empty, b));
	}
	CU_ASSERT_EQUAL(count_fds(), fds);
	CU_ASSERT_EQUAL(cv_mem_live(), live);
	CU_ASSERT_EQUAL(gauge(b, "media_sessions"), 0);
	CU_ASSERT_EQUAL(gauge(b, "ports_used"), 0);
	CU_ASSERT(gauge(b, "ports_quarantined") > 0);
	bed_free(b);
}

/* More sessions closed in one go than a thread's mailbox has room for */
static void test_close_waits_for_room(void)
{
	enum { FLOWS = 16, SESSIONS = 90 }; /* 1440 streams, mailbox 1024 */
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr a = bed_addr("127.0.1.1:4000");
	struct cv_flow in[FLOWS], out[FLOWS];
	struct cv_media *v[SESSIONS] = {NULL};
	struct bed *b = bed_new();
	size_t c = 0;
	int err = 0;

	b->conf.threads = 1;
	b->conf.port_lo = 22000;
	b->conf.port_hi = 24999;
	bed_start(b);
	for (size_t i = 0; i < FLOWS; ++i)
		in[i] = bed_flow(&a);
	while (c < SESSIONS && !err) {
		CU_ASSERT_EQUAL_FATAL(cv_media_open(&v[c], b->plane, &pa, &pb, FLOWS), 0);
		err = cv_media_set(v[c++], CV_END_A, 0, in, out, FLOWS);
		if (err == ENOBUFS) { /* the thread has to get on first */
			bed_turn(b, 5);
			err = cv_media_set(v[c - 1], CV_END_A, 0, in, out, FLOWS);
		}
	}
	/* few files or ports may end it early; what there is must still go */
	CU_ASSERT(err == 0 || err == EMFILE || err == ENOBUFS || err == ENOSPC);
	for (size_t i = 0; i < c; ++i)
		cv_media_close(v[i]);
	CU_ASSERT(bed_wait(b, is_empty, b));
	CU_ASSERT_EQUAL(gauge(b, "ports_used"), 0);
	bed_free(b);
}

static void test_show_media_names_addresses(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr a = bed_addr("127.0.1.1:4000"),
		       b_addr = bed_addr("127.0.1.2:4000");
	struct cv_flow in = bed_flow(&a), back = bed_flow(&b_addr), to_a, to_b;
	char text[CV_ADDR_STRLEN];
	struct cv_out *out = NULL;
	struct cv_buf buf = {0};
	struct cv_media *m = NULL;
	struct bed *b = bed_new();

	bed_start(b);
	CU_ASSERT_EQUAL_FATAL(cv_media_open(&m, b->plane, &pa, &pb, 1), 0);
	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_A, 0, &in, &to_b, 1), 0);
	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_B, 0, &back, &to_a, 1), 0);

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_JSON), 0);
	CU_ASSERT_EQUAL(cv_cmd_run(b->cmds, CV_STR("show media"), out), 0);
	CU_ASSERT_EQUAL(cv_out_finish(out, &buf), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf.p, cv_addr_print(&to_a.rtp, text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf.p, cv_addr_print(&to_b.rtp, text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf.p, "\"latched\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf.p, "\"streams\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf.p, "\"count\": 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf.p, "\"parked\": 0"));
	CU_ASSERT_EQUAL(gauge(b, "media_sessions"), 1);
	CU_ASSERT_EQUAL(gauge(b, "media_parked"), 0);
	CU_ASSERT_EQUAL(gauge(b, "streams"), 1);
	CU_ASSERT_EQUAL(gauge(b, "ports_used"), 2);
	CU_ASSERT_EQUAL(cv_media_park(m, true), 0);
	CU_ASSERT_EQUAL(gauge(b, "media_sessions"), 1);
	CU_ASSERT_EQUAL(gauge(b, "media_parked"), 1);
	CU_ASSERT_EQUAL(gauge(b, "ports_used"), 2);
	CU_ASSERT_EQUAL(cv_cmd_run(b->cmds, CV_STR("show media x"), out), EINVAL);
	cv_buf_free(&buf);
	cv_mem_unref(out);
	cv_media_close(m);
	bed_free(b);
}

/* Traffic, offers and reports at once: what ThreadSanitizer is to see */
static void test_threads_under_load(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct party a[LOAD_CALLS], z[LOAD_CALLS];
	struct cv_flow to_a[LOAD_CALLS], to_b[LOAD_CALLS];
	struct cv_media *m[LOAD_CALLS];
	struct bed *b = bed_new();
	size_t got = 0;

	bed_start(b);
	for (int i = 0; i < LOAD_CALLS; ++i) {
		struct cv_flow in;

		party_open(&a[i], "127.0.1.1");
		party_open(&z[i], "127.0.1.2");
		CU_ASSERT_EQUAL_FATAL(cv_media_open(&m[i], b->plane, &pa, &pb, 1), 0);
		in = bed_flow(&a[i].addr);
		CU_ASSERT_EQUAL(cv_media_set(m[i], CV_END_A, 0, &in, &to_b[i], 1), 0);
		in = bed_flow(&z[i].addr);
		CU_ASSERT_EQUAL(cv_media_set(m[i], CV_END_B, 0, &in, &to_a[i], 1), 0);
	}

	for (int n = 0; n < LOAD_PACKETS; ++n) {
		int i = n % LOAD_CALLS;
		struct cv_flow again = bed_flow(&z[i].addr), said;
		struct cv_media_report r;

		party_rtp(&a[i], &to_a[i].rtp, (uint8_t)n);
		party_rtp(&z[i], &to_b[i].rtp, (uint8_t)n);
		if (n % 32 == 0)
			CU_ASSERT_EQUAL(cv_media_set(m[i], CV_END_B, 0, &again, &said, 1),
					0);
		CU_ASSERT_EQUAL(cv_media_report(m[i], 0, CV_END_A, &r), 0);
		got += party_get(z[i].rtp, NULL, GET_MS) == (uint8_t)n;
	}
	CU_ASSERT_EQUAL(got, LOAD_PACKETS);
	CU_ASSERT_PTR_NOT_NULL(bed_event(b, CV_MEDIA_LATCHED));
	for (int i = 0; i < LOAD_CALLS; ++i) {
		cv_media_close(m[i]);
		party_close(&a[i]);
		party_close(&z[i]);
	}
	bed_free(b);
}

static void test_plane_oom(void)
{
	struct cv_media_plane *p = NULL;
	struct bed *b = bed_new();
	size_t fds = count_fds();
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 128; ++n) {
		cv_mem_budget(n);
		err = cv_media_plane_open(&p, &b->conf);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || (err == ENOMEM && !p));
		if (err)
			CU_ASSERT_EQUAL(count_fds(), fds);
	}
	CU_ASSERT_EQUAL(err, 0);
	cv_media_plane_close(p);
	cv_media_plane_close(p);
	cv_mem_unref(p);
	cv_media_plane_close(NULL);
	bed_free(b);
}

int cv_test_media(void)
{
	CU_pSuite s = CU_add_suite("media", NULL, NULL);

	if (!s || !CU_add_test(s, "bad settings", test_open_refuses_bad_settings) ||
	    !CU_add_test(s, "plane ends", test_plane_ends_sessions_that_live) ||
	    !CU_add_test(s, "thousand", test_thousand_sessions_leave_nothing) ||
	    !CU_add_test(s, "room", test_close_waits_for_room) ||
	    !CU_add_test(s, "show", test_show_media_names_addresses) ||
	    !CU_add_test(s, "load", test_threads_under_load) ||
	    !CU_add_test(s, "oom", test_plane_oom))
		return (int)CU_get_error();

	return 0;
}
