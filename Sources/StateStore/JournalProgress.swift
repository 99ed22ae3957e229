// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far a journal has come, for all threads to see.
final class JournalProgress: Sendable {
    private let writtenSequence: Atomic<UInt64>
    // On a cache line of its own, because another thread moves it.
    private let padding: InlineArray<8, UInt64> = .init(repeating: 0)
    private let durableSequence: Atomic<UInt64>

    /// Begins where record `last` and all before it are durable.
    init(after last: UInt64) {
        writtenSequence = Atomic(last)
        durableSequence = Atomic(last)
    }

    /// The last record that the kernel has; the writer moves it once it has named the file.
    var written: UInt64 {
        get { writtenSequence.load(ordering: .acquiring) }
        set { writtenSequence.store(newValue, ordering: .releasing) }
    }

    /// The last record that is certain to outlast a power cut; the synchroniser moves it.
    var durable: UInt64 {
        get { durableSequence.load(ordering: .acquiring) }
        set { durableSequence.store(newValue, ordering: .releasing) }
    }
}
