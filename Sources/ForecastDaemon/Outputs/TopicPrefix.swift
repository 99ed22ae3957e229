// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// A topic, or the beginning of topics.
package struct TopicPrefix {
    private let storage: ShortBytes<138>

    /// Copies `bytes`; nil if no topic begins with them.
    package init?(_ bytes: RawSpan) {
        guard let storage = ShortBytes<138>(bytes) else { return nil }
        let isTopic = bytes.withUnsafeBytes {
            $0.allSatisfy { StreamIdentifier.isAllowed($0) || $0 == UInt8(ascii: "@") }
        }
        guard isTopic else { return nil }
        self.storage = storage
    }

    /// The bytes.
    package var bytes: RawSpan {
        @_lifetime(borrow self) get { storage.bytes }
    }
}
