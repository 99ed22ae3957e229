// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import TestSupport
import Testing

/// What is said to be kept is kept, at any moment, and all is said to be in the end.
@Suite struct JournalMarksTests {
    /// A journal that becomes full, and snapshots, told slowly: each position with its record, nil if it was lost.
    struct SlowMarks {
        var records: [UInt64?] = []
        var snapshots: [Int] = []
        var lastDone = 0

        func isKept(_ position: Int, through record: UInt64) -> Bool {
            let isInSnapshot = snapshots.prefix(lastDone).last.map { position <= $0 } ?? false
            return isInSnapshot || records[position - 1].map { $0 <= record } ?? false
        }

        /// All positions up to this one are kept.
        func kept(through record: UInt64) -> UInt64 {
            UInt64(
                (1...max(1, records.count)).prefix { $0 <= records.count && isKept($0, through: record) }
                    .count)
        }
    }

    @Test(arguments: 1...200) func nothingIsSaidToBeKeptThatIsNot(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var (marks, slow) = (JournalMarks(), SlowMarks())
        var (appended, durable, isFull) = (UInt64(0), UInt64(0), false)
        func step(_ choice: Int) {
            switch choice {
            case 0..<5:
                if isFull { marks.lose() } else { appended += 1 }
                slow.records.append(isFull ? nil : appended)
                marks.note(UInt64(slow.records.count), record: appended)
            case 5: durable = appended
            case 6: isFull.toggle()
            case 7:
                slow.snapshots.append(slow.records.count)
                marks.beginSnapshot(number: slow.snapshots.count)
            default: slow.lastDone = slow.snapshots.count
            }
            marks.advance(through: durable, snapshots: slow.lastDone)
            #expect(marks.kept <= slow.kept(through: durable), "seed \(seed)")
        }
        for _ in 0..<300 { step(Int.random(in: 0..<9, using: &generator)) }
        isFull = false
        for choice in [7, 8, 0, 5, 5] { step(choice) }
        #expect(marks.kept == UInt64(slow.records.count) && !marks.hasHole, "seed \(seed)")
    }
}
