/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interfaces of this host, asked of the kernel. No state but what the
 * caller keeps; any thread. Meant for start and reload, since both calls enter
 * the kernel; who asks for every call remembers the answers (cv_toward_find).
 */
#include "config.h"

#include "net/iface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	DISCARD_PORT = 9, /* any port: connect() of a datagram socket sends nothing */
	TOWARD_MS = 1000, /* a route that changes counts for new calls after this */
};

static unsigned mask_bits(const struct sockaddr *mask)
{
	const uint8_t *p;
	unsigned bits = 0;
	size_t len;

	if (!mask)
		return 0;

	if (mask->sa_family == AF_INET) {
		p = (const uint8_t *)&((const struct sockaddr_in *)(const void *)mask)
			    ->sin_addr;
		len = 4;
	} else {
		p = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)mask)
			    ->sin6_addr;
		len = 16;
	}

	for (size_t i = 0; i < len; ++i)
		bits += (unsigned)__builtin_popcount(p[i]);

	return bits;
}

int cv_iface_list(struct cv_iface *v, size_t max, size_t *c)
{
	struct ifaddrs *all = NULL;
	size_t n = 0;

	if (!v || !c)
		return EINVAL;

	if (getifaddrs(&all) == -1)
		return errno;

	for (struct ifaddrs *i = all; i && n < max; i = i->ifa_next) {
		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
			continue;

		memset(&v[n], 0, sizeof(v[n]));
		if (cv_addr_from_sa(&v[n].addr, i->ifa_addr))
			continue;

		v[n].addr.port = 0;
		v[n].bits = mask_bits(i->ifa_netmask);
		(void)snprintf(v[n].name, sizeof(v[n].name), "%s", i->ifa_name);
		++n;
	}

	freeifaddrs(all);
	*c = n;

	return 0;
}

int cv_iface_toward(struct cv_addr *source, const struct cv_addr *to)
{
	struct sockaddr_storage ss;
	struct cv_addr dest;
	socklen_t len;
	int err = 0;
	int fd;

	if (!source || !to || !cv_addr_is_set(to))
		return EINVAL;

	dest = *to;
	if (dest.port == 0)
		dest.port = DISCARD_PORT;
	len = cv_addr_to_sa(&dest, &ss);

	fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;

	if (connect(fd, (const struct sockaddr *)&ss, len) == -1) {
		err = errno;
		goto out;
	}

	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1) {
		err = errno;
		goto out;
	}

	err = cv_addr_from_sa(&dest, (const struct sockaddr *)&ss);
	if (err)
		goto out;

	dest.port = 0;
	*source = dest;

out:
	(void)close(fd);

	return err;
}

int cv_toward_find(struct cv_toward *t, struct cv_addr *source, const struct cv_addr *to)
{
	uint64_t now = cv_clock_ms();
	size_t at = t->next;
	int err;

	for (size_t i = 0; i < CV_TOWARD; ++i) {
		if (!cv_addr_is_set(&t->v[i].to) || !cv_addr_host_eq(&t->v[i].to, to))
			continue;
		if (now < t->v[i].until_ms) {
			*source = t->v[i].source;
			return 0;
		}
		at = i;
		break;
	}

	err = cv_iface_toward(source, to);
	if (err)
		return err;

	if (at == t->next)
		t->next = (t->next + 1) % CV_TOWARD;
	t->v[at].to = *to;
	t->v[at].source = *source;
	t->v[at].until_ms = now + TOWARD_MS;

	return 0;
}
