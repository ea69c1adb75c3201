/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pool of media ports. Each local address has the whole range of its
 * own; the first take on an address makes its table. Signalling thread only.
 *
 * A pair is free, used, or resting. Resting pairs stand in a queue in the
 * order they were given back, so the oldest is always at its head and every
 * call only looks there.
 */
#include "config.h"

#include "net/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/sock.h"
#include "net/udp.h"

enum {
	HOSTS_MAX = 256, /* local addresses; more only after many reloads */
	TRIES_MAX = 128, /* pairs tried when other programs sit on our range */
	CHANCES = 64, /* getrandom() gives up to 256 bytes without a signal in between */
};

enum state { FREE = 0, USED, RESTING };

struct resting {
	uint32_t pair;
	uint64_t until_ms;
};

/* One local address; owned by the pool */
struct host {
	struct cv_addr addr;   /* port 0 */
	uint8_t *state;        /* enum state by pair; owned */
	struct resting *queue; /* as long as there are pairs; owned */
	size_t head, count;    /* of queue */
	size_t used;
};

struct cv_ports {
	uint32_t chance[CHANCES]; /* drawn ahead: a system call each would cost more */
	size_t chancec;           /* of them left */
	uint16_t lo;
	uint16_t width; /* ports a pair: 2, TCP 1 */
	size_t pairc;
	struct host hosts[HOSTS_MAX];
	size_t hostc;
};

static void ports_fini(void *obj)
{
	struct cv_ports *p = obj;

	for (size_t i = 0; i < p->hostc; ++i) {
		free(p->hosts[i].state);
		free(p->hosts[i].queue);
	}
}

static int pool_new(struct cv_ports **pp, uint16_t lo, uint16_t hi, uint16_t width)
{
	struct cv_ports *p;

	p = cv_mem_new(sizeof(*p), ports_fini);
	if (!p)
		return ENOMEM;

	p->lo = lo;
	p->width = width;
	p->pairc = ((size_t)hi - lo + 1) / width;
	*pp = p;

	return 0;
}

int cv_ports_new(struct cv_ports **pp, uint16_t lo, uint16_t hi)
{
	if (!pp || lo == 0 || lo % 2 != 0 || hi <= lo)
		return EINVAL;

	return pool_new(pp, lo, hi, 2);
}

int cv_ports_tcp_new(struct cv_ports **pp, uint16_t lo, uint16_t hi)
{
	if (!pp || lo == 0 || hi < lo)
		return EINVAL;

	return pool_new(pp, lo, hi, 1);
}

static struct host *find_host(struct cv_ports *p, const struct cv_addr *a)
{
	for (size_t i = 0; i < p->hostc; ++i) {
		if (cv_addr_host_eq(&p->hosts[i].addr, a))
			return &p->hosts[i];
	}

	return NULL;
}

static int add_host(struct host **hp, struct cv_ports *p, const struct cv_addr *a)
{
	struct host *h;

	if (p->hostc == HOSTS_MAX)
		return ENOSPC;

	h = &p->hosts[p->hostc];
	memset(h, 0, sizeof(*h));
	h->addr = *a;
	h->addr.port = 0;
	h->state = cv_mem_zalloc(p->pairc, sizeof(*h->state));
	h->queue = cv_mem_zalloc(p->pairc, sizeof(*h->queue));
	if (!h->state || !h->queue) {
		free(h->state);
		free(h->queue);
		return ENOMEM;
	}

	++p->hostc;
	*hp = h;

	return 0;
}

static void wake_rested(const struct cv_ports *p, struct host *h)
{
	uint64_t now = cv_clock_ms();

	while (h->count > 0 && h->queue[h->head].until_ms <= now) {
		h->state[h->queue[h->head].pair] = FREE;
		h->head = (h->head + 1) % p->pairc;
		--h->count;
	}
}

/* Where to begin: not to be guessed by who sprays packets (threats 1) */
static size_t random_pair(struct cv_ports *p)
{
	if (p->chancec == 0) {
		if (getrandom(p->chance, sizeof(p->chance), GRND_NONBLOCK) !=
		    (ssize_t)sizeof(p->chance))
			return cv_clock_ms() % p->pairc;
		p->chancec = CHANCES;
	}

	return p->chance[--p->chancec] % p->pairc;
}

int cv_ports_reopen(struct cv_pair *pair, unsigned dscp)
{
	struct cv_addr rtcp;
	int err;

	if (!pair || pair->local.port == 0)
		return EINVAL;

	if (pair->tcp) {
		err = cv_sock_listen(&pair->rtp, &pair->local, dscp);
		if (err)
			pair->rtp = -1;
		return err;
	}

	rtcp = pair->local;
	++rtcp.port;
	err = cv_udp_open(&pair->rtp, &pair->local, dscp);
	if (err) {
		pair->rtp = -1;
		return err;
	}

	err = cv_udp_open(&pair->rtcp, &rtcp, dscp);
	if (err) {
		pair->rtcp = -1;
		cv_ports_shut(pair);
	}

	return err;
}

void cv_ports_shut(struct cv_pair *pair)
{
	if (pair->rtp != -1)
		(void)close(pair->rtp);
	if (pair->rtcp != -1)
		(void)close(pair->rtcp);
	pair->rtp = pair->rtcp = -1;
}

int cv_ports_take(struct cv_ports *p, struct cv_pair *pair, const struct cv_addr *host,
		  unsigned dscp)
{
	struct cv_pair found = {.rtp = -1, .rtcp = -1, .tcp = p && p->width == 1};
	struct host *h;
	unsigned tries = 0;
	size_t first;
	int err;

	if (!p || !pair || !host || !cv_addr_is_set(host))
		return EINVAL;

	h = find_host(p, host);
	if (!h) {
		err = add_host(&h, p, host);
		if (err)
			return err;
	}

	wake_rested(p, h);
	first = random_pair(p);
	for (size_t i = 0; i < p->pairc && tries < TRIES_MAX; ++i) {
		size_t n = (first + i) % p->pairc;

		if (h->state[n] != FREE)
			continue;

		found.local = h->addr;
		found.local.port = (uint16_t)(p->lo + n * p->width);
		err = cv_ports_reopen(&found, dscp);
		++tries;
		if (err == EADDRINUSE)
			continue;
		if (err)
			return err;

		h->state[n] = USED;
		++h->used;
		*pair = found;
		return 0;
	}

	return ENOSPC;
}

void cv_ports_give(struct cv_ports *p, const struct cv_addr *local)
{
	struct host *h;
	size_t n, tail;

	if (!p || !local || local->port < p->lo)
		return;

	h = find_host(p, local);
	n = (size_t)(local->port - p->lo) / p->width;
	if (!h || n >= p->pairc || h->state[n] != USED)
		return;

	wake_rested(p, h);
	tail = (h->head + h->count) % p->pairc;
	h->queue[tail].pair = (uint32_t)n;
	h->queue[tail].until_ms = cv_clock_ms() + CV_PORTS_QUARANTINE_MS;
	h->state[n] = RESTING;
	++h->count;
	--h->used;
}

size_t cv_ports_used(const struct cv_ports *p)
{
	size_t n = 0;

	for (size_t i = 0; p && i < p->hostc; ++i)
		n += p->hosts[i].used;

	return n;
}

size_t cv_ports_quarantined(const struct cv_ports *p)
{
	uint64_t now = cv_clock_ms();
	size_t n = 0;

	for (size_t i = 0; p && i < p->hostc; ++i) {
		const struct host *h = &p->hosts[i];

		for (size_t k = 0; k < h->count; ++k)
			n += h->queue[(h->head + k) % p->pairc].until_ms > now;
	}

	return n;
}
