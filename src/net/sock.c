/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of media: made, marked, bound. Keeps no state; a socket is used by
 * one thread at a time.
 */
#include "config.h"

#include "net/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DSCP_SHIFT = 2, /* RFC 2474 3: the upper six bits of the TOS byte */
	BACKLOG = 4,    /* one connection is awaited; who knocks beside it is sent away */
};

static int set_options(int fd, int type, sa_family_t family, unsigned dscp)
{
	int tos = (int)(dscp << DSCP_SHIFT);
	int on = 1;

	/* connections of an old session that linger must not keep its port */
	if (type == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return errno;

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)) == -1 ? errno
										   : 0;

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return errno;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos)) == -1)
		return errno;

	return 0;
}

int cv_sock_open(int *fdp, int type, const struct cv_addr *local, unsigned dscp)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int err, fd;

	if (!fdp || !local || dscp > 63)
		return EINVAL;

	len = cv_addr_to_sa(local, &ss);
	if (len == 0)
		return EINVAL;

	fd = socket(local->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;

	err = set_options(fd, type, local->family, dscp);
	if (!err && bind(fd, (const struct sockaddr *)&ss, len) == -1)
		err = errno;
	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}

int cv_sock_listen(int *fdp, const struct cv_addr *local, unsigned dscp)
{
	int err, fd = -1;

	err = cv_sock_open(&fd, SOCK_STREAM, local, dscp);
	if (err)
		return err;

	if (listen(fd, BACKLOG) == -1) {
		err = errno;
		(void)close(fd);
		return err;
	}

	*fdp = fd;

	return 0;
}
