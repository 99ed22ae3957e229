// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sodium/crypto_hash_sha256.h>
