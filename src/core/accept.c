/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accept() and connect() of the whole program: the agent's library calls these
 * in place of the C library's, so that its private connections to and from the
 * door bear the real peer's address (net/gate.h). Linked into the program
 * itself, which is what makes the library find them. Any thread.
 */
#include "config.h"

#include <sys/socket.h>

#include "net/gate.h"

/* The C library declares its own with a transparent union of address types; same call. */
#undef accept
#undef connect

int accept(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	return cv_gate_accept(fd, addr, len);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return cv_gate_connect(fd, addr, len);
}
