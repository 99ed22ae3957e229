// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // for memmem

#include "message.h"

#include <string.h>

static char *write_digits(char *at, uint64_t number, int width) {
    for (int digit = width - 1; digit >= 0; digit--) {
        at[digit] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + width;
}

static char *write_text(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

void write_identifier(uint32_t stream, char identifier[IDENTIFIER_LENGTH]) {
    identifier[0] = 's';
    write_digits(identifier + 1, stream, IDENTIFIER_LENGTH - 1);
}

size_t write_payload(int64_t microseconds, double value, char payload[PAYLOAD_SIZE]) {
    uint64_t scaled = (uint64_t)(value * 10000);
    char *at = write_text(payload, "{\"ts\":");
    at = write_digits(at, (uint64_t)microseconds / 1000000, 10);
    *at++ = '.';
    at = write_digits(at, (uint64_t)microseconds % 1000000, 6);
    at = write_text(at, ",\"value\":");
    at = write_digits(at, scaled / 10000, 2);
    *at++ = '.';
    at = write_digits(at, scaled % 10000, 4);
    *at++ = '}';
    return (size_t)(at - payload);
}

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool read_time(const char *answer, size_t size, int64_t *microseconds) {
    const char *end = answer + size;
    const char *at = memmem(answer, size, "\"ts\":", 5);
    if (!at) return false;
    at += 5;
    while (at < end && *at == ' ') at++;
    if (at == end || !is_digit(*at)) return false;
    int64_t time = 0;
    for (; at < end && is_digit(*at); at++) time = time * 10 + (*at - '0');
    bool has_fraction = at < end && *at == '.';
    if (has_fraction) at++;
    for (int digit = 0; digit < 6; digit++) {
        time *= 10;
        if (has_fraction && at < end && is_digit(*at)) time += *at++ - '0';
    }
    *microseconds = time;
    return true;
}
