// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How far the drops of a daemon were told: the epoch, then the last number of the messages, and of each engine.
struct DropCursor: CustomStringConvertible {
    var epoch: UInt64
    var messages: UInt64 = 0
    var engines: [UInt64]

    /// Nothing was told.
    init(epoch: UInt64, engineCount: Int) {
        self.epoch = epoch
        engines = Array(repeating: 0, count: engineCount)
    }

    /// Reads one; nil if the text is none.
    ///
    /// That of another life of the daemon says nothing of this one.
    init?(_ text: String, epoch: UInt64, engineCount: Int) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { UInt64($0, radix: 16) }
        guard numbers.count == parts.count, numbers.count >= 3 else { return nil }
        self.init(epoch: epoch, engineCount: engineCount)
        guard numbers[0] == epoch, numbers.count == 2 + engineCount else { return }
        messages = numbers[1]
        engines = Array(numbers[2...])
    }

    var description: String {
        ([epoch, messages] + engines).map { String($0, radix: 16) }.joined(separator: "-")
    }
}
