// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Why what is stored cannot be read as it is.
package enum StoreError: Error, Equatable, CustomStringConvertible {
    case disk(DiskError)
    /// Records that were durable are not there any more.
    case damaged(JournalDamage)
    /// Both copies of a segment's header are destroyed.
    case damagedHeader(file: String)
    /// The file was written by another version of the program.
    case version(file: String, found: UInt32)
    /// The file belongs to another journal, or was given another name.
    case foreign(file: String)

    package var description: String {
        switch self {
        case .disk(let error): "\(error)"
        case .damaged(let damage): "\(damage)"
        case .damagedHeader(let file):
            """
            \(file): expected the header of a journal's segment, found none; restore the file, or move it away, which \
            gives up its records
            """
        case .version(let file, let found):
            """
            \(file): expected format version \(JournalFormat.version), found \(found); use the version of forecastd that \
            wrote it, or begin with an empty directory
            """
        case .foreign(let file):
            "\(file): does not belong to this journal, or has been renamed; move it away"
        }
    }

    /// Gives what `body` gives, and its error as one of the store's.
    static func wrapping<Result: ~Copyable>(
        _ body: () throws(DiskError) -> Result
    ) throws(StoreError) -> Result {
        do throws(DiskError) { return try body() } catch { throw .disk(error) }
    }
}

/// Records that were durable and are not there any more.
package struct JournalDamage: Equatable, Sendable, CustomStringConvertible {
    /// Their numbers.
    package var sequences: ClosedRange<UInt64>
    /// Where the first of them should stand; nil if there is no file of the journal.
    package var file: String?
    /// Bytes from the file's beginning.
    package var offset: Int

    package var description: String {
        let place = file.map { "\($0), byte \(offset)" } ?? "the journal"
        return
            "\(place): records \(sequences.lowerBound) to \(sequences.upperBound) were stored and are destroyed"
    }
}
