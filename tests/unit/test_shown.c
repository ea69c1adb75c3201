/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening points that show other addresses in the course of time. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/evid.h"
#include "base/mem.h"
#include "fake_loop.h"
#include "net/place.h"
#include "suite_net.h"

enum { FOLLOWED = 0, LITERAL, APART };

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static struct cv_point *add_point(struct cv_net *net, const char *name, const char *bind)
{
	struct cv_point *p = &net->points[net->pointc++];

	strcpy(p->name, name);
	p->bind = p->advertise = p->media = p->media_adv = addr(bind);
	p->side = CV_SIDE_WAN;

	return p;
}

static struct cv_net *make_net(void)
{
	struct cv_net *net = NULL;
	struct cv_point *p;

	CU_ASSERT_EQUAL_FATAL(cv_net_new(&net), 0);
	CU_ASSERT_EQUAL(cv_alist_add(net->lan, CV_STR("10.1.0.0/16"), NULL), 0);
	net->lan_group = cv_mem_zalloc(1, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(net->lan_group);
	net->lan_group[0] = 7;
	p = add_point(net, "followed", "10.0.0.1");
	p->follows = true;
	p->source = "stun:192.0.2.9";
	p = add_point(net, "literal", "10.0.0.2");
	p->source = "203.0.113.2";
	p->advertise = p->media_adv = addr("203.0.113.2");
	p = add_point(net, "apart", "10.0.0.3");
	p->media = p->media_adv = addr("10.0.0.4");
	p->is_apart = true;

	return net;
}

static void test_copy_shows_the_new_and_knows_the_old(void)
{
	struct cv_addr one = addr("203.0.113.7"), two = addr("203.0.113.8");
	struct cv_net *first = make_net(), *net = NULL;
	struct cv_loop *loop;

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&loop), 0);
	cv_fake_loop_advance(loop, 5000);
	CU_ASSERT_EQUAL_FATAL(cv_net_copy(&net, first), 0);
	cv_net_advertise(net, FOLLOWED, &one);
	CU_ASSERT_EQUAL(cv_net_changed(first, net), 1);
	CU_ASSERT_EQUAL(net->points[FOLLOWED].since_ms, cv_fake_loop_now());
	cv_mem_unref(first); /* the copy stands on its own */

	cv_net_advertise(net, FOLLOWED, &two);
	CU_ASSERT(cv_addr_eq(&net->points[FOLLOWED].advertise, &two));
	CU_ASSERT(cv_addr_eq(&net->points[FOLLOWED].media_adv, &two));
	CU_ASSERT_TRUE(cv_net_is_ours(net, &two));
	CU_ASSERT_TRUE(cv_net_is_ours(net, &one));
	CU_ASSERT_EQUAL(net->lan_group[0], 7);
	CU_ASSERT_EQUAL(cv_alist_count(net->lan), 1);
	cv_fake_loop_advance(loop, CV_NET_WAS_MS - 1);
	CU_ASSERT_TRUE(cv_net_is_ours(net, &one));
	cv_fake_loop_advance(loop, 1);
	CU_ASSERT_FALSE(cv_net_is_ours(net, &one));
	cv_mem_unref(net);
	cv_mem_unref(loop);
}

static void test_media_address_stays_apart(void)
{
	struct cv_addr a = addr("203.0.113.7"), media = addr("10.0.0.4");
	struct cv_net *net = make_net();

	cv_net_advertise(net, APART, &a);
	CU_ASSERT(cv_addr_eq(&net->points[APART].advertise, &a));
	CU_ASSERT(cv_addr_eq(&net->points[APART].media_adv, &media));
	cv_mem_unref(net);
}

static void test_many_changes_forget_the_oldest(void)
{
	struct cv_net *net = make_net();
	struct cv_loop *loop;
	struct cv_addr a = addr("203.0.113.100"), b;

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&loop), 0);
	for (unsigned i = 0; i < CV_NET_WAS + 2; ++i) {
		cv_fake_loop_advance(loop, 1000);
		a.ip.bytes[3] = (uint8_t)(100 + i);
		cv_net_advertise(net, FOLLOWED, &a);
	}

	b = addr("203.0.113.100"); /* first of CV_NET_WAS + 1 earlier ones */
	CU_ASSERT_FALSE(cv_net_is_ours(net, &b));
	b = addr("203.0.113.101");
	CU_ASSERT_TRUE(cv_net_is_ours(net, &b));
	CU_ASSERT_TRUE(cv_net_is_ours(net, &a));
	cv_mem_unref(net);
	cv_mem_unref(loop);
}

static void test_reload_keeps_what_is_followed(void)
{
	struct cv_net *old = make_net(), *fresh = make_net(), *other = make_net();
	struct cv_addr one = addr("203.0.113.7"), lit = addr("203.0.113.2");
	struct cv_loop *loop;

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&loop), 0);
	cv_fake_loop_advance(loop, 1000);
	cv_net_advertise(old, FOLLOWED, &one);
	cv_net_inherit(fresh, old);
	CU_ASSERT(cv_addr_eq(&fresh->points[FOLLOWED].advertise, &one));
	CU_ASSERT_EQUAL(fresh->points[FOLLOWED].since_ms, cv_fake_loop_now());
	CU_ASSERT_EQUAL(cv_net_changed(old, fresh), 0);

	/* another source: the address stays until that has answered */
	other->points[FOLLOWED].source = "dns:edge.test";
	other->points[LITERAL].advertise = addr("203.0.113.3");
	cv_net_inherit(other, old);
	CU_ASSERT(cv_addr_eq(&other->points[FOLLOWED].advertise, &one));
	CU_ASSERT_EQUAL(other->points[FOLLOWED].since_ms, 0);
	CU_ASSERT_EQUAL(cv_net_changed(old, other), 1 << LITERAL);
	CU_ASSERT_TRUE(cv_net_is_ours(other, &lit));
	cv_mem_unref(old);
	cv_mem_unref(fresh);
	cv_mem_unref(other);
	cv_mem_unref(loop);
}

/* What show networks and explain print, in one line. */
static void shown(const struct cv_net *net, const struct cv_evid *ev, struct cv_buf *text)
{
	struct cv_out *out;

	cv_buf_reset(text);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_JSON), 0);
	if (net)
		cv_net_show(net, out);
	else
		cv_evid_show(ev, out);
	CU_ASSERT_EQUAL_FATAL(cv_out_finish(out, text), 0);
	cv_mem_unref(out);
}

static void has(const struct cv_buf *text, const char *what)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(text->p, what));
	if (!strstr(text->p, what))
		(void)fprintf(stderr, "no %s in %s\n", what, text->p);
}

static void test_source_is_shown(void)
{
	struct cv_addr one = addr("203.0.113.7"), two = addr("203.0.113.8");
	struct cv_net *net = make_net();
	struct cv_evid *ev = NULL;
	struct cv_buf text = {0};
	struct cv_loop *loop;

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&loop), 0);
	cv_fake_loop_advance(loop, 1000);
	CU_ASSERT_EQUAL_FATAL(cv_evid_new(&ev), 0);
	cv_net_tell_shown(net, FOLLOWED, ev);
	shown(net, NULL, &text);
	has(&text, "not answered yet");
	cv_net_advertise(net, FOLLOWED, &one);
	cv_fake_loop_advance(loop, 60000);
	cv_net_advertise(net, FOLLOWED, &two);
	cv_fake_loop_advance(loop, 12000);
	net->points[FOLLOWED].source_err = ETIMEDOUT;
	shown(net, NULL, &text);
	has(&text, "stun:192.0.2.9");
	has(&text, "203.0.113.8");
	has(&text, "203.0.113.7"); /* among the earlier ones */
	has(&text, "12");
	has(&text, strerror(ETIMEDOUT));
	cv_net_tell_shown(net, FOLLOWED, ev);
	cv_net_tell_shown(net, LITERAL, ev);
	cv_net_tell_shown(net, APART, ev); /* its own: nothing to say */
	cv_net_tell_shown(net, CV_LISTEN_NONE, ev);
	shown(NULL, ev, &text);
	has(&text, "[listen followed] advertise = stun:192.0.2.9, which has not answered "
		   "yet");
	has(&text,
	    "[listen followed] advertise = stun:192.0.2.9, which says so for 12 s; "
	    "its own is 10.0.0.1");
	has(&text, "[listen literal] advertise = 203.0.113.2; its own is 10.0.0.2");
	CU_ASSERT_PTR_NULL(strstr(text.p, "apart"));
	cv_buf_free(&text);
	cv_mem_unref(ev);
	cv_mem_unref(net);
	cv_mem_unref(loop);
}

static void test_copy_oom(void)
{
	struct cv_net *net = make_net(), *copy = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_net_copy(&copy, net);
		CU_ASSERT(err == 0 || (err == ENOMEM && !copy));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(copy);
	cv_mem_unref(net);
}

int cv_test_shown(void)
{
	CU_pSuite s = CU_add_suite("net/shown", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "new and old", test_copy_shows_the_new_and_knows_the_old);
	CU_add_test(s, "media-address", test_media_address_stays_apart);
	CU_add_test(s, "many changes", test_many_changes_forget_the_oldest);
	CU_add_test(s, "reload", test_reload_keeps_what_is_followed);
	CU_add_test(s, "shown and explained", test_source_is_shown);
	CU_add_test(s, "memory runs out", test_copy_oom);

	return (int)CU_get_error();
}
