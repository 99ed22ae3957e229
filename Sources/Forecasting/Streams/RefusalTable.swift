// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How many observations of each stream were not taken, by reason.
struct RefusalTable: ~Copyable {
    private static let reasonCount = Refusal.allCases.count
    /// Memory that a stream takes, once an observation of it was refused.
    static let bytesPerStream = reasonCount * MemoryLayout<UInt64>.stride

    private var counts: SlotTable<UInt64>

    /// Makes a table of zeros for slots below `capacity`.
    init(capacity: Int) { counts = SlotTable(count: capacity * Self.reasonCount) }

    /// Counts one observation.
    mutating func count(_ refusal: Refusal, slot: UInt32) { counts[Self.index(refusal, slot)] += 1 }

    /// Observations of the stream that were not taken for this reason.
    func count(of refusal: Refusal, slot: UInt32) -> UInt64 { counts[Self.index(refusal, slot)] }

    /// The memory of a stream's counts.
    func bytes(of slot: Int) -> UnsafeMutableRawBufferPointer {
        counts.bytes(of: slot * Self.reasonCount..<(slot + 1) * Self.reasonCount)
    }

    private static func index(_ refusal: Refusal, _ slot: UInt32) -> Int {
        Int(slot) * reasonCount + Int(refusal.rawValue)
    }
}
