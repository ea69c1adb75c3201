/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one table in which an errno becomes a SIP status, and the names of
 * methods. Pure.
 */
#include "config.h"

#include <errno.h>

#include "sip/sip_int.h"

struct status_row {
	int err, status;
};

static const struct status_row table[] = {
	{0, 200},
	{ENOENT, 404},       /* nobody routes it */
	{EHOSTUNREACH, 480}, /* known, not here now */
	{ESTALE, 480},       /* the binding its token names is gone */
	{ENOLINK, 430},      /* the same of the one a Path names (RFC 5626 5.3.1) */
	{EACCES, 403},
	{ENOSYS, 405},
	{EPERM, 403},
	{EDQUOT, 403},  /* 503 would make a phone think that nobody is served */
	{EBADMSG, 488}, /* SDP we can't read: never passed on unrewritten */
	{E2BIG, 488},
	{ENOTSUP, 488},
	{EBUSY, 503},
	{EAGAIN, 503}, /* the peer's name was not looked up yet */
	{ENOSPC, 503},
	{ENOBUFS, 503},
	{EADDRNOTAVAIL, 503},
	{ENETUNREACH, 503},
	{ENOTCONN, 503},
	{ECONNRESET, 503},
	{ENOMEM, 503},
	{EALREADY, 482},
	{ELOOP, 483},
	{EMLINK, 440}, /* RFC 5393 5.3.3.2 */
	{ETIMEDOUT, 408},
	{ECANCELED, 487},
	{EINVAL, 400},
	{EMSGSIZE, 413},
};

int cv_sip_status(int err)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); ++i) {
		if (table[i].err == err)
			return table[i].status;
	}

	return 500;
}

const char *cv_sip_phrase(int status)
{
	const char *phrase = sip_status_phrase(status);

	if (status == 440)
		return "Max-Breadth Exceeded"; /* the library is older */
	if (status == 430)
		return "Flow Failed";

	return phrase && *phrase > ' ' ? phrase : "Unknown"; /* the library says " " */
}

enum cv_method cv_sip_method(sip_method_t m)
{
	switch (m) {
	case sip_method_invite:
		return CV_METHOD_INVITE;
	case sip_method_ack:
		return CV_METHOD_ACK;
	case sip_method_bye:
		return CV_METHOD_BYE;
	case sip_method_cancel:
		return CV_METHOD_CANCEL;
	case sip_method_options:
		return CV_METHOD_OPTIONS;
	case sip_method_info:
		return CV_METHOD_INFO;
	case sip_method_update:
		return CV_METHOD_UPDATE;
	case sip_method_prack:
		return CV_METHOD_PRACK;
	case sip_method_refer:
		return CV_METHOD_REFER;
	case sip_method_notify:
		return CV_METHOD_NOTIFY;
	case sip_method_subscribe:
		return CV_METHOD_SUBSCRIBE;
	case sip_method_message:
		return CV_METHOD_MESSAGE;
	case sip_method_publish:
		return CV_METHOD_PUBLISH;
	case sip_method_register:
		return CV_METHOD_REGISTER;
	case sip_method_unknown:
	case sip_method_invalid:
		break;
	}

	return CV_METHOD_OTHER;
}
