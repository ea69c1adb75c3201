/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a DNS answer holds. The library that reads answers keeps that to
 * itself for some record types. Pure.
 */
#ifndef CV_NET_ANSWER_H
#define CV_NET_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/** Least time to live, in seconds, of the records in the answer section of the message @p
 * p (RFC 1035 4.1). EBADMSG: no such message; ENOENT: it has no answer. */
int cv_answer_ttl(uint32_t *ttl_s, const uint8_t *p, size_t len);

#endif
