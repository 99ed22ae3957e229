// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// With the CRC32 instructions of ARMv8, 8 bytes at a time.
#if defined(__aarch64__)
#include "CChecksum.h"

#include <arm_acle.h>
#include <string.h>

__attribute__((target("crc"))) uint32_t crc32c_update_armv8(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __crc32cd(crc, word);
    }
    for (; count > 0; count--, next++) crc = __crc32cb(crc, *next);
    return ~crc;
}
#endif
