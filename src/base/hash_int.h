/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keyed function under cv_hash_bytes(); private to src/base and its test,
 * which checks it against published vectors.
 */
#ifndef CV_BASE_HASH_INT_H
#define CV_BASE_HASH_INT_H

#include <stddef.h>
#include <stdint.h>

/** SipHash-2-4 under @p key (two words, little-endian halves of the 16-byte key). */
uint64_t cv_hash_keyed(const uint64_t key[2], const void *data, size_t len);

#endif
