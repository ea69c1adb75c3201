/* SPDX-License-Identifier: BSD-3-Clause */
/* What legs exchange: names, and the end of a transaction. Signalling thread. */
#include "config.h"

#include "call/leg.h"

#include "base/mem.h"

void cv_txn_forget(struct cv_txn *t)
{
	if (t)
		t->arg = NULL;

	cv_mem_unref(t);
}

const char *cv_method_name(enum cv_method m)
{
	switch (m) {
	case CV_METHOD_INVITE:
		return "INVITE";
	case CV_METHOD_ACK:
		return "ACK";
	case CV_METHOD_BYE:
		return "BYE";
	case CV_METHOD_CANCEL:
		return "CANCEL";
	case CV_METHOD_OPTIONS:
		return "OPTIONS";
	case CV_METHOD_INFO:
		return "INFO";
	case CV_METHOD_UPDATE:
		return "UPDATE";
	case CV_METHOD_PRACK:
		return "PRACK";
	case CV_METHOD_REFER:
		return "REFER";
	case CV_METHOD_NOTIFY:
		return "NOTIFY";
	case CV_METHOD_SUBSCRIBE:
		return "SUBSCRIBE";
	case CV_METHOD_MESSAGE:
		return "MESSAGE";
	case CV_METHOD_PUBLISH:
		return "PUBLISH";
	case CV_METHOD_REGISTER:
		return "REGISTER";
	case CV_METHOD_OTHER:
		break;
	}

	return "request";
}
