// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// With the crc32 instruction of SSE 4.2, 8 bytes at a time.
#if defined(__x86_64__)
#include "CChecksum.h"

#include <nmmintrin.h>
#include <string.h>

__attribute__((target("sse4.2"))) uint32_t crc32c_update_sse42(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint64_t sum = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        sum = _mm_crc32_u64(sum, word);
    }
    for (; count > 0; count--, next++) sum = _mm_crc32_u8((uint32_t)sum, *next);
    return ~(uint32_t)sum;
}
#endif
