// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A copy of an engine's state as it was at one moment, taken little by little while the engine goes on.
///
/// Of the streams there were at that moment, each is copied when its turn comes, or else just before it changes.
struct StateCopy: ~Copyable {
    /// Streams that there were; 0 while no copy is being taken.
    private(set) var streamCount = 0
    /// Streams below have been copied.
    private(set) var next = 0
    /// By slot.
    private var isCopied: [Bool] = []
    var writer = StateWriter()
    /// Whether a copy is being taken.
    private(set) var isActive = false

    /// Begins a copy of so many streams.
    mutating func begin(streamCount: Int) {
        precondition(!isActive, "one copy is taken at a time")
        (self.streamCount, next, isActive) = (streamCount, 0, true)
        isCopied = [Bool](repeating: false, count: streamCount)
        writer = StateWriter()
    }

    /// Whether a stream is yet to be copied; it counts as copied from now on.
    mutating func claims(_ slot: Int) -> Bool {
        guard slot < streamCount, !isCopied[slot] else { return false }
        isCopied[slot] = true
        return true
    }

    /// The next stream to be copied, which counts as copied from now on; nil when there is none any more.
    mutating func claimNext() -> UInt32? {
        while next < streamCount {
            let slot = next
            next += 1
            if claims(slot) { return UInt32(slot) }
        }
        return nil
    }

    /// Ends the copy; what was written can still be taken.
    mutating func end() {
        (streamCount, isActive, isCopied) = (0, false, [])
    }
}
