/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a request of ours got no answer: the stack makes a 408 or 503 of all that
 * goes wrong here, and what it was is found beside them. Signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "sip/sent_int.h"

static bool is_from_there(nta_outgoing_t *orq)
{
	msg_t *m = nta_outgoing_getresponse(orq);
	bool is = m && !nta_is_internal_msg(m);

	if (m)
		msg_unref(m);

	return is;
}

/* What the stack's socket said of the request; 0: nothing. */
static int socket_error(nta_outgoing_t *orq)
{
	msg_t *m = nta_outgoing_getrequest(orq);
	int err = m ? msg_errno(m) : 0;

	if (m)
		msg_unref(m);

	return err;
}

int cv_sip_failure(struct cv_sip *s, nta_outgoing_t *orq, const struct cv_addr *to,
		   enum cv_transport t)
{
	int err = 0;

	if (is_from_there(orq))
		return 0;

	if (nta_outgoing_status(orq) == 408)
		return ETIMEDOUT;

	/* the stack's own sockets for streams end at the door */
	err = t == CV_TRANSPORT_UDP ? socket_error(orq) : cv_sip_stream_error(s, to, t);

	return err ? err : ECONNRESET;
}
