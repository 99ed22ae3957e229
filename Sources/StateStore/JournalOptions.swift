// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The sizes of a journal.
package struct JournalOptions: Sendable {
    /// Bytes of a segment.
    package var segmentSize: Int
    /// The most bytes of a record's payload, at most 1 MiB.
    package var maximumPayload: Int

    package init(segmentSize: Int = 64 << 20, maximumPayload: Int = 1 << 20) {
        precondition(
            (1...JournalFormat.maximumPayload).contains(maximumPayload),
            "a record of the journal has 1 byte to 1 MiB")
        precondition(
            segmentSize >= JournalFormat.headerSize + JournalFormat.recordSize(maximumPayload),
            "a segment holds at least its header and a record")
        (self.segmentSize, self.maximumPayload) = (segmentSize, maximumPayload)
    }
}
