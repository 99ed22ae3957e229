// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#include "process.h"

#include <stdio.h>
#include <time.h>

double processor_seconds(int pid) {
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return -1;
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

long resident_kibibytes(int pid) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    long kibibytes = -1;
    while (fgets(line, sizeof line, file) && sscanf(line, "VmRSS: %ld", &kibibytes) != 1) {}
    fclose(file);
    return kibibytes;
}
