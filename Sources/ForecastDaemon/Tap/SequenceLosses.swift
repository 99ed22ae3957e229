// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Finds by the publishers' numbers which messages did not arrive.
struct SequenceLosses {
    private var newest: [[UInt8]: UInt64] = [:]
    /// Messages that did not arrive, over all streams.
    private(set) var count: UInt64 = 0

    /// Streams seen.
    var streamCount: Int { newest.count }

    /// Notes a message; gives how many of its stream are missing just before it.
    ///
    /// A number below the newest is a publisher that began anew, and nothing is known of what it sent before.
    mutating func note(_ message: TapMessage) -> UInt64 {
        let before = newest.updateValue(message.sequence ?? 0, forKey: message.stream)
        guard let sequence = message.sequence, let before, before > 0, sequence > before else { return 0 }
        let lost = sequence - before - 1
        count += lost
        return lost
    }
}
