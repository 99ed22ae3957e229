// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#include "CChecksum.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

crc32c_update_function crc32c_variant(int32_t index) {
    if (index == 0) return crc32c_update_portable;
#if defined(__x86_64__)
    if (index == 1 && __builtin_cpu_supports("sse4.2")) return crc32c_update_sse42;
#elif defined(__aarch64__)
    if (index == 1 && getauxval(AT_HWCAP) & HWCAP_CRC32) return crc32c_update_armv8;
#endif
    return NULL;
}

crc32c_update_function crc32c_best(void) {
    const crc32c_update_function fast = crc32c_variant(1);
    return fast ? fast : crc32c_update_portable;
}
