/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words for sides, transports and directions that logs, JSON and the
 * configuration share. Runs on any thread.
 */
#include "config.h"

#include "base/flow.h"

const char *cv_side_name(enum cv_side side)
{
	switch (side) {
	case CV_SIDE_LAN:
		return "lan";
	case CV_SIDE_WAN:
		return "wan";
	case CV_SIDE_FAR:
		return "far";
	}

	return "?";
}

const char *cv_transport_name(enum cv_transport t)
{
	switch (t) {
	case CV_TRANSPORT_UDP:
		return "udp";
	case CV_TRANSPORT_TCP:
		return "tcp";
	case CV_TRANSPORT_TLS:
		return "tls";
	}

	return "?";
}

const char *cv_setup_name(enum cv_setup setup)
{
	switch (setup) {
	case CV_SETUP_UNSAID:
		break;
	case CV_SETUP_ACTIVE:
		return "active";
	case CV_SETUP_PASSIVE:
		return "passive";
	case CV_SETUP_ACTPASS:
		return "actpass";
	case CV_SETUP_HOLDCONN:
		return "holdconn";
	}

	return "";
}

const char *cv_dir_name(enum cv_dir dir)
{
	switch (dir) {
	case CV_DIR_SENDRECV:
		return "sendrecv";
	case CV_DIR_SENDONLY:
		return "sendonly";
	case CV_DIR_RECVONLY:
		return "recvonly";
	case CV_DIR_INACTIVE:
		return "inactive";
	}

	return "?";
}
