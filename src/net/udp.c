/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP sockets: bind, batches in, batches out. Keeps no state; a socket is
 * used by one thread at a time.
 */
#include "config.h"

#include "net/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "net/sock.h"

int cv_udp_open(int *fdp, const struct cv_addr *local, unsigned dscp)
{
	return cv_sock_open(fdp, SOCK_DGRAM, local, dscp);
}

static void take(struct cv_pkt *pkt, const struct mmsghdr *m, uint64_t now_ms)
{
	bool is_whole = !(m->msg_hdr.msg_flags & MSG_TRUNC);

	pkt->at_ms = now_ms;
	pkt->tos = 0;
	pkt->len = m->msg_len;
	if (!is_whole || cv_addr_from_sa(&pkt->from, m->msg_hdr.msg_name))
		pkt->len = 0;
}

int cv_udp_recv(int fd, struct cv_pkt *v, size_t max, size_t *c)
{
	struct sockaddr_storage names[CV_UDP_BATCH];
	struct mmsghdr msgs[CV_UDP_BATCH];
	struct iovec iov[CV_UDP_BATCH];
	uint64_t now_ms;
	int n;

	if (max > CV_UDP_BATCH)
		max = CV_UDP_BATCH;

	memset(msgs, 0, max * sizeof(msgs[0]));
	for (size_t i = 0; i < max; ++i) {
		v[i].data = v[i].buf + CV_PKT_HEADROOM;
		iov[i].iov_base = v[i].data;
		iov[i].iov_len = CV_PKT_MAX;
		msgs[i].msg_hdr.msg_name = &names[i];
		msgs[i].msg_hdr.msg_namelen = sizeof(names[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}

	do {
		n = recvmmsg(fd, msgs, (unsigned)max, MSG_DONTWAIT, NULL);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno;

	now_ms = cv_clock_ms();
	for (size_t i = 0; i < (size_t)n; ++i)
		take(&v[i], &msgs[i], now_ms);
	*c = (size_t)n;

	return 0;
}

int cv_udp_send(int fd, struct cv_pkt *const *v, size_t n, size_t *c)
{
	struct sockaddr_storage names[CV_UDP_BATCH];
	struct mmsghdr msgs[CV_UDP_BATCH];
	struct iovec iov[CV_UDP_BATCH];
	size_t sent = 0, at = 0;
	int err = 0;

	if (n > CV_UDP_BATCH)
		return EMSGSIZE;

	memset(msgs, 0, n * sizeof(msgs[0]));
	for (size_t i = 0; i < n; ++i) {
		iov[i].iov_base = v[i]->data;
		iov[i].iov_len = v[i]->len;
		msgs[i].msg_hdr.msg_namelen = cv_addr_to_sa(&v[i]->to, &names[i]);
		msgs[i].msg_hdr.msg_name = &names[i];
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}

	while (at < n) {
		int res = sendmmsg(fd, msgs + at, (unsigned)(n - at), MSG_DONTWAIT);

		if (res > 0) {
			at += (size_t)res;
			sent += (size_t)res;
			continue;
		}
		if (res == -1 && errno == EINTR)
			continue;

		err = err ? err : errno;
		++at; /* this one the kernel refused; the others may go elsewhere */
	}
	*c = sent;

	return err;
}
