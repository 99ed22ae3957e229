// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The messages of the measurement. Input: two frames, `s00042` and
//
//     {"ts":1700000000.123456,"value":20.1234}
//
// The time of message n is the generator's start plus n microseconds, so times never repeat, and the `ts` that
// comes back in an answer says which message it answers.

enum { IDENTIFIER_LENGTH = 6, PAYLOAD_SIZE = 64 };

/// Writes the id of stream number `stream`, below 100 000, without an end mark.
void write_identifier(uint32_t stream, char identifier[IDENTIFIER_LENGTH]);

/// Writes the payload of a value at `microseconds` since 1970; its length.
size_t write_payload(int64_t microseconds, double value, char payload[PAYLOAD_SIZE]);

/// Finds `"ts":SECONDS` in an answer, to the microsecond; false if there is none.
bool read_time(const char *answer, size_t size, int64_t *microseconds);
