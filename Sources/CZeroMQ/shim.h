// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once
#include <linux/sched.h>  // SCHED_BATCH, which glibc's sched.h shows only with _GNU_SOURCE
#include <zmq.h>
