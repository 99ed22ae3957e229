// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Which of what an engine was told is kept: positions that someone counts -> records of the journal that these wait for.
///
/// Of all positions two are remembered, the one that is waited for and the newest, so that what is known is at most one
/// commit behind. What came while the disk was full is in no record, and is kept only once a snapshot has it.
package struct JournalMarks {
    private struct Mark {
        var position: UInt64 = 0
        var record: UInt64 = 0
    }

    private var (waiting, newest) = (Mark(), Mark())
    /// What was told up to this position is kept.
    package private(set) var kept: UInt64 = 0
    /// Whether something is in no record, and in no snapshot yet.
    package private(set) var hasHole = false
    /// While there is a hole: the snapshot that has it, by its number, and the position at which that began.
    private var snapshot: (number: Int, position: UInt64)?

    /// Nothing was told.
    package init() {}

    /// Up to a position all is in records up to this one, or was lost.
    package mutating func note(_ position: UInt64, record: UInt64) {
        newest = Mark(position: position, record: record)
        if !hasHole && waiting.position <= kept { waiting = newest }
    }

    /// Something was told that is in no record.
    package mutating func lose() { (hasHole, snapshot) = (true, nil) }

    /// A snapshot begins, of all that was told so far.
    package mutating func beginSnapshot(number: Int) {
        if hasHole { snapshot = (number, newest.position) }
    }

    /// Records up to this one are kept, and the snapshots up to this number are done or were given up, the last is done.
    package mutating func advance(through record: UInt64, snapshots: Int) {
        if waiting.position > kept && waiting.record <= record {
            kept = waiting.position
            if !hasHole { waiting = newest }
            if waiting.position > kept && waiting.record <= record { kept = waiting.position }
        }
        guard let snapshot, snapshots >= snapshot.number else { return }
        kept = max(kept, snapshot.position)
        (hasHole, self.snapshot) = (false, nil)
        waiting = newest
    }
}
