// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Finds by the publishers' numbers which messages did not arrive.
package struct SequenceLosses {
    private var newest: [[UInt8]: UInt64] = [:]
    /// Messages that did not arrive, over all streams.
    package private(set) var count: UInt64 = 0

    /// Makes an empty record.
    package init() {}

    /// Streams seen.
    package var streamCount: Int { newest.count }

    /// Notes a message; gives how many of its stream are missing just before it.
    ///
    /// A number below the newest is a publisher that began anew, and nothing is known of what it sent before.
    package mutating func note(_ message: TapMessage) -> UInt64 {
        let before = newest.updateValue(message.sequence ?? 0, forKey: message.stream)
        guard let sequence = message.sequence, let before, before > 0, sequence > before else { return 0 }
        let lost = sequence - before - 1
        // A number can be anything: it comes from outside.
        count = count.addingReportingOverflow(lost).overflow ? .max : count + lost
        return lost
    }
}
