// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// Holds all variants of the checksum against the check value and each other, on processors that the tests do not see.
#include <stdio.h>
#include <string.h>

#include "CChecksum.h"

int main(void) {
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 151 + i / 7);
    int variants = 0;
    for (crc32c_update_function update; (update = crc32c_variant(variants)); variants++) {
        if (update(0, "123456789", 9) != 0xE3069283) return printf("variant %d: wrong check value\n", variants), 1;
        for (size_t start = 0; start < 16; start++) {
            for (size_t count = 0; count + start <= sizeof bytes; count++) {
                const uint32_t expected = crc32c_update_portable(7, bytes + start, count);
                if (update(7, bytes + start, count) != expected) {
                    return printf("variant %d: %zu bytes from %zu on are wrong\n", variants, count, start), 1;
                }
            }
        }
    }
    printf("%d variants agree\n", variants);
    return variants == 2 ? 0 : 1;
}
