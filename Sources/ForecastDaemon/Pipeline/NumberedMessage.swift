// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat

/// A message that its producer has numbered.
package struct NumberedMessage {
    /// The producer's slot in its input's table.
    var producer = 0
    /// Its number.
    var number: UInt64 = 0
    /// Whether engines that had their part of it before a restart are not to apply it again.
    var isResumed = false
    /// Why nothing of it can be taken in but its number; nil where it was understood.
    var error: DecodeError?

    package init(producer: Int = 0, number: UInt64 = 0, isResumed: Bool = false) {
        (self.producer, self.number, self.isResumed) = (producer, number, isResumed)
    }
}
