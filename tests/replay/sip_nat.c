/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NAT before a scripted SIP party: that of culvert-natbox, in the story's time.
 * What the party sends makes and refreshes its hole; what comes finds it open, or
 * is lost. Test's thread.
 */
#include "config.h"

#include "sip_party.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tools/natconf.h"
#include "tools/natcore.h"

enum { HEAD = 20, UDP = 8, VERSION_4 = 0x45, HOPS = 64, PROTO_UDP = 17 };

struct cv_snat {
	struct cv_nat *core; /* owned */
	struct cv_addr inside;
};

static void snat_fini(void *obj)
{
	struct cv_snat *n = obj;

	cv_mem_unref(n->core);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A datagram without content: the NAT looks at its ends. */
static int packet(struct cv_natpkt *k, uint8_t *p, const struct cv_addr *src,
		  const struct cv_addr *dst)
{
	memset(p, 0, HEAD + UDP);
	p[0] = VERSION_4;
	put16(p + 2, HEAD + UDP);
	p[8] = HOPS;
	p[9] = PROTO_UDP;
	memcpy(p + 12, &src->ip.v4, 4);
	memcpy(p + 16, &dst->ip.v4, 4);
	put16(p + HEAD, src->port);
	put16(p + HEAD + 2, dst->port);
	put16(p + HEAD + 4, UDP);

	return cv_natpkt_read(k, p, HEAD + UDP);
}

/* Its hole is at another port now. */
static int move(struct cv_sparty *p, const struct cv_addr *outside)
{
	if (cv_addr_eq(&p->addr, outside))
		return 0;

	if (p->fd != -1)
		(void)close(p->fd);
	p->fd = -1;
	p->addr = *outside;

	return cv_sparty_open(p);
}

int cv_snat_new(struct cv_sparty *p, const char *words)
{
	struct cv_buf line = {.p = NULL}, error = {.p = NULL};
	char host[CV_ADDR_STRLEN];
	struct cv_natconf c;
	struct cv_snat *n;
	int err;

	n = cv_mem_new(sizeof(*n), snat_fini);
	if (!n)
		return ENOMEM;

	cv_buf_printf(&line, "%s inside=a/in outside=b/out address=%s %s", p->name,
		      cv_addr_print_host(&p->addr, host), words);
	err = cv_buf_err(&line);
	if (!err)
		err = cv_natconf_read(&c, cv_buf_view(&line), &error);
	if (!err)
		err = cv_addr_parse(&n->inside, cv_str_of(p->shown));
	if (!err)
		err = cv_nat_new(&n->core, &c.traits);

	cv_buf_free(&line);
	cv_buf_free(&error);
	if (err) {
		cv_mem_unref(n);
		return err;
	}

	cv_mem_unref(p->nat);
	p->nat = n;

	return 0;
}

int cv_snat_out(struct cv_sparty *p)
{
	uint8_t bytes[HEAD + UDP];
	struct cv_natpkt k;
	int err;

	err = packet(&k, bytes, &p->nat->inside, &p->edge);
	if (err)
		return err;

	if (cv_nat_out(p->nat->core, &k, cv_clock_ms()) != CV_NAT_PASS)
		return EHOSTUNREACH;

	return move(p, &k.src);
}

bool cv_snat_lets_in(struct cv_sparty *p, const struct cv_addr *from)
{
	uint8_t bytes[HEAD + UDP];
	struct cv_natpkt k;

	return packet(&k, bytes, from, &p->addr) == 0 &&
	       cv_nat_in(p->nat->core, &k, cv_clock_ms()) == CV_NAT_PASS;
}
