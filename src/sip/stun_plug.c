/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN on the SIP ports, taken away from the stack: it would answer RFC 3489
 * style, or with an error even when switched off, from code that nobody
 * fuzzes. In this version nothing is answered. The same plug hands over the
 * UDP sockets, which the stack hides otherwise: raw keepalives leave by them.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>

#include "sip/sip_int.h"

/* after the types of su and msg: the header relies on them */
#include <sofia-sip/tport_plugins.h>

enum { SOCKETS = CV_NET_POINTS * CV_CONF_PORTS };

/** The sockets of this process. */
struct sockets {
	int fds[SOCKETS];
	size_t c;
	bool taken; /* the library has our plug and refuses a second */
};

static struct sockets
	plugged; /* the library takes one plug a process and gives it no argument */

static tport_stun_server_t *create(su_root_t *root, tagi_t const *tags)
{
	(void)root;
	(void)tags;

	plugged.c = 0;

	return (tport_stun_server_t *)&plugged;
}

static void destroy(tport_stun_server_t *server)
{
	(void)server;

	plugged.c = 0;
}

static int add_socket(tport_stun_server_t *server, su_socket_t fd)
{
	(void)server;

	if (plugged.c == SOCKETS)
		return -1;

	plugged.fds[plugged.c++] = fd;

	return 0;
}

static int remove_socket(tport_stun_server_t *server, su_socket_t fd)
{
	(void)server;

	for (size_t i = 0; i < plugged.c; ++i) {
		if (plugged.fds[i] == fd)
			plugged.fds[i] = plugged.fds[--plugged.c];
	}

	return 0;
}

static void on_request(tport_stun_server_t *server, su_socket_t fd, void *msg,
		       ssize_t len, void *addr, socklen_t addrlen)
{
	(void)server;
	(void)fd;
	(void)msg;
	(void)len;
	(void)addr;
	(void)addrlen;
}

int cv_sip_stun_plug(void)
{
	/* the library asks for a size above its own: <= is refused */
	static const tport_stun_server_vtable_t table = {
		.vst_size = sizeof(table) + 1,
		.vst_create = create,
		.vst_destroy = destroy,
		.vst_add_socket = add_socket,
		.vst_remove_socket = remove_socket,
		.vst_request = on_request,
	};

	if (!plugged.taken && tport_plug_in_stun_server(&table) != 0)
		return EALREADY;

	plugged.taken = true;

	return 0;
}

int cv_sip_udp_fd(const tport_t *tp)
{
	const su_addrinfo_t *ai = tport_get_address(tport_parent(tp));
	struct cv_addr want, have;

	if (!ai || cv_addr_from_sa(&want, ai->ai_addr))
		return -1;

	for (size_t i = 0; i < plugged.c; ++i) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);

		if (getsockname(plugged.fds[i], (struct sockaddr *)&ss, &len) == 0 &&
		    cv_addr_from_sa(&have, (struct sockaddr *)&ss) == 0 &&
		    cv_addr_eq(&want, &have))
			return plugged.fds[i];
	}

	return -1;
}
