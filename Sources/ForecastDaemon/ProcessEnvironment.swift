// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The variables of this process.
package enum ProcessEnvironment {
    /// A variable's value; nil if it is not set.
    @Sendable package static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
