// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What became of records on their way to the kernel.
package enum JournalOutcome: Equatable {
    case done
    /// The disk has no room: nothing is lost, and it may be tried again.
    case full
    /// The disk failed: it stays so, and the process had better end.
    case failed(DiskError)
}
