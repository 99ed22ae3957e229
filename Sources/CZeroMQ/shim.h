// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once
#include <linux/sched.h>  // SCHED_BATCH, which glibc's sched.h shows only with _GNU_SOURCE
#include <zmq.h>

// zmq.h shows it only to those who build with drafts; libzmq 4.3 has it in every build.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
