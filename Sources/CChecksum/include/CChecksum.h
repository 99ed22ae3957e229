// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// CRC-32C (Castagnoli; RFC 3720, appendix B.4), built for several instruction sets; the caller picks one.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The checksum of bytes that begin with those whose checksum is `crc` (0 for none), and go on with `bytes`.
typedef uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t count);

typedef crc32c_update *crc32c_update_function;

/// For any processor.
crc32c_update crc32c_update_portable;
#if defined(__x86_64__)
/// Needs SSE 4.2.
crc32c_update crc32c_update_sse42;
#elif defined(__aarch64__)
/// Needs the CRC32 instructions of ARMv8.
crc32c_update crc32c_update_armv8;
#endif

/// The fastest variant that this machine can run.
crc32c_update_function crc32c_best(void);

/// Variant number `index` of those that this machine can run, from 0, slowest first; null behind the last.
crc32c_update_function crc32c_variant(int32_t index);
