// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The records of a journal in order, from a given one on.
///
/// Where a record should stand and none does, what follows decides. Some record or mark that is whole may say that the
/// missing one was durable: then it was destroyed. If none does, it was among the last ones, that the disk was not yet
/// asked to keep; sectors of these may have reached it in any order, so that whole ones behind the missing one count for
/// nothing.
package struct JournalReader<D: Disk> {
    /// The number of the record that `next` gave.
    package private(set) var sequence: UInt64 = 0
    /// What was destroyed and passed over, because that was allowed.
    package private(set) var losses: [JournalDamage] = []

    private let disk: D
    private let acceptsLoss: Bool
    private let memory = FileWindowMemory(capacity: 4 << 20)
    private var current = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The segment that is open, and which it is; nil if there is none at all.
    private var segment: SegmentReader<D.File>?
    private var openIndex = -1
    /// How the journal ended, once it has.
    private(set) var ending: JournalStep?
    /// All segments, in order.
    private(set) var segments: [JournalSegment]
    /// The place behind the last record that was read: in which segment, and where in it.
    private(set) var (segmentIndex, offset) = (0, JournalFormat.headerSize)
    /// The number of the record that should come next.
    private(set) var expected: UInt64
    /// The last record that is known to have been durable.
    private(set) var durable: UInt64
    private(set) var identity: UInt64?

    /// Opens the journal on `disk`.
    ///
    /// - Parameters:
    ///   - first: The number of the first record that is wanted.
    ///   - durable: A record up to which all were durable, as others say.
    ///   - acceptsLoss: Whether to pass over what is destroyed.
    package init(
        _ disk: D, from first: UInt64, durable: UInt64 = 0, acceptsLoss: Bool = false
    ) throws(StoreError) {
        (self.disk, self.acceptsLoss, self.durable, expected) = (disk, acceptsLoss, durable, first)
        let names = try StoreError.wrapping { () throws(DiskError) in try disk.list() }
        segments = []
        for ordinal in names.compactMap(JournalFormat.ordinal(ofName:)).sorted() {
            var segment = try Self.open(disk, ordinal, memory)
            guard identity == nil || identity == segment.header.identity else {
                throw .foreign(file: segment.file.name)
            }
            identity = segment.header.identity
            // Where there is none, or it is destroyed, the segment is taken for one that nothing is known of.
            let first = try segment.record(at: JournalFormat.headerSize).map {
                $0.isMark ? $0.header.sequence + 1 : $0.header.sequence
            }
            segments.append(.init(ordinal: ordinal, first: first ?? .max))
        }
        guard let oldest = segments.first else { return }
        // Segments before it were removed because a snapshot contained them, even if that is gone.
        if oldest.ordinal > 1 && oldest.first < .max { self.durable = max(durable, oldest.first - 1) }
        segmentIndex = segments.lastIndex { $0.first <= first } ?? 0
        try open(segmentIndex)
    }

    private mutating func open(_ index: Int) throws(StoreError) {
        guard index != openIndex else { return }
        segment = try Self.open(disk, segments[index].ordinal, memory)
        openIndex = index
    }

    private static func open(
        _ disk: D, _ ordinal: UInt64, _ memory: FileWindowMemory
    ) throws(StoreError) -> SegmentReader<D.File> {
        let name = JournalFormat.name(ofSegment: ordinal)
        let file = try StoreError.wrapping { () throws(DiskError) in try disk.open(name) }
        return try SegmentReader(file, memory)
    }

    /// The bytes of the record that `next` gave, until it is called again.
    package var payload: RawSpan {
        @_lifetime(borrow self) get {
            _overrideLifetime(RawSpan(_unsafeBytes: current), borrowing: self)
        }
    }

    /// Goes on to the next record, if there is one.
    package mutating func next() throws(StoreError) -> JournalStep {
        if let ending { return ending }
        while let record = try segment?.record(at: offset) {
            durable = max(durable, record.header.durable)
            if record.isMark || record.header.sequence < expected {
                offset = record.end
                continue
            }
            guard record.header.sequence == expected else { break }
            (sequence, expected, offset) = (expected, expected + 1, record.end)
            current = record.payload
            return .record
        }
        return try pass()
    }

    /// Goes on where no record stands that should: to the next segment, or to the journal's end.
    private mutating func pass() throws(StoreError) -> JournalStep {
        let search = try search()
        if let next = search.next, next.sequence == expected { return try goOn(at: next) }
        guard expected <= durable else {
            let isClean = search.next == nil && search.rubbishIndex == nil
            return end(isClean ? .end : .torn(file: fileName(segmentIndex), offset: offset))
        }
        // Where the segment was full, the missing record stood in another one.
        let isElsewhere = search.rubbishIndex.map { $0 > segmentIndex } ?? false
        let damage = JournalDamage(
            sequences: expected...(search.next.map { $0.sequence - 1 } ?? durable),
            file: fileName(isElsewhere ? search.rubbishIndex! : segmentIndex),
            offset: isElsewhere ? JournalFormat.headerSize : offset)
        guard acceptsLoss else { return end(.damaged(damage)) }
        losses.append(damage)
        expected = damage.sequences.upperBound + 1
        return try search.next.map { next throws(StoreError) in try goOn(at: next) } ?? end(.end)
    }

    private mutating func goOn(at next: Search.Place) throws(StoreError) -> JournalStep {
        (segmentIndex, offset) = (next.segmentIndex, next.offset)
        try open(segmentIndex)
        return try self.next()
    }

    private mutating func end(_ step: JournalStep) -> JournalStep {
        ending = step
        return step
    }

    private func fileName(_ index: Int) -> String? {
        segments.isEmpty ? nil : JournalFormat.name(ofSegment: segments[index].ordinal)
    }

    /// What stands behind the last record that was read.
    private struct Search {
        struct Place {
            var sequence: UInt64
            var (segmentIndex, offset): (Int, Int)
        }

        /// The first record from the expected one on.
        var next: Place?
        /// The segment of the first bytes that are neither zeros nor a record nor a mark.
        var rubbishIndex: Int?
    }

    /// Looks for the first record from the expected one on; where that is a later one, goes on looking for what says that
    /// the expected one was durable.
    private mutating func search() throws(StoreError) -> Search {
        var search = Search()
        var (index, position) = (segmentIndex, offset)
        while index < segments.count {
            var rubbish: Int?
            while let record = try segment?.firstRecord(from: position, rubbish: &rubbish) {
                let sequence = record.header.sequence
                position = record.end
                durable = max(durable, record.header.durable)
                if sequence < expected {
                    (segmentIndex, offset, search.rubbishIndex, rubbish) = (index, position, nil, nil)
                    continue
                }
                if rubbish != nil { search.rubbishIndex = search.rubbishIndex ?? index }
                if search.next == nil && !record.isMark {
                    search.next = .init(sequence: sequence, segmentIndex: index, offset: record.start)
                }
                if let next = search.next, next.sequence == expected || expected <= durable { return search }
            }
            if rubbish != nil { search.rubbishIndex = search.rubbishIndex ?? index }
            (index, position) = (index + 1, JournalFormat.headerSize)
            if index < segments.count { try open(index) }
        }
        return search
    }
}

/// What a journal has next.
package enum JournalStep: Equatable {
    case record
    /// There are no more records.
    case end
    /// There are no more, but there is the rest of some that were never durable.
    case torn(file: String?, offset: Int)
    /// Records that were durable are not there any more.
    case damaged(JournalDamage)
}
