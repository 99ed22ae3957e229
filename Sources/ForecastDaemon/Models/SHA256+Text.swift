// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Crypto

extension SHA256.Digest {
    /// The digest as 64 hexadecimal digits.
    var text: String {
        map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
