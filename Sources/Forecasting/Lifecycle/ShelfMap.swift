// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Which places of a shelf are free.
///
/// A place that a copy of the engine's state knows of is not used again before two later copies are stored, because the
/// older of the two that are kept may have to be gone back to.
struct ShelfMap {
    /// Some bytes of the shelf.
    struct Place: BitwiseCopyable {
        var offset: Int
        var byteCount: Int
        /// The last copy that may know of it.
        var copy: UInt64 = 0
    }

    /// What is saved besides the rows.
    struct Head: BitwiseCopyable {
        var end = 0
        var copyCount: UInt64 = 0
        var stored: UInt64 = 0
    }

    /// The most bytes.
    let limit: Int
    /// Where the shelf ends, how many copies of the state have begun, and the newest that is stored.
    private(set) var head = Head()
    /// The copy that was stored before that.
    private var storedBefore: UInt64 = 0
    /// Free places, by their bytes; there are few lengths, about one to a rule.
    private var free: [(byteCount: Int, offsets: [Int])] = []
    private var retired: [Place] = []

    init(limit: Int) { self.limit = limit }

    /// Bytes so far, free ones included.
    var byteCount: Int { head.end }
    /// Copies of the state that have begun.
    var copyCount: UInt64 { head.copyCount }

    /// Bytes that an entry takes up.
    static func room(_ byteCount: Int) -> Int {
        (byteCount + StreamShelf.alignment - 1) / StreamShelf.alignment * StreamShelf.alignment
    }

    /// Takes a place for an entry; nil if there is none.
    mutating func take(_ byteCount: Int) -> Int? {
        let room = Self.room(byteCount)
        if let index = free.firstIndex(where: { $0.byteCount == room }),
            let offset = free[index].offsets.popLast()
        {
            return offset
        }
        guard head.end + room <= limit else { return nil }
        defer { head.end += room }
        return head.end
    }

    /// Gives back the place of an entry that was put there when so many copies had begun.
    mutating func giveBack(_ offset: Int, _ byteCount: Int, copy: UInt64) {
        let place = Place(offset: offset, byteCount: Self.room(byteCount), copy: head.copyCount)
        if copy == head.copyCount { makeFree(place) } else { retired.append(place) }
    }

    private mutating func makeFree(_ place: Place) {
        let index = free.firstIndex { $0.byteCount == place.byteCount } ?? free.count
        if index == free.count { free.append((place.byteCount, [])) }
        free[index].offsets.append(place.offset)
    }

    /// Takes note that the state is copied.
    mutating func beginCopy() { head.copyCount += 1 }

    /// Takes note that a copy is stored.
    mutating func note(stored copy: UInt64) {
        guard copy > head.stored else { return }
        (storedBefore, head.stored) = (head.stored, copy)
        var kept = 0
        for place in retired {
            if place.copy < storedBefore {
                makeFree(place)
            } else {
                retired[kept] = place
                kept += 1
            }
        }
        retired.removeLast(retired.count - kept)
    }

    func save(to writer: inout StateWriter) {
        writer.append(row: [head])
        writer.append(
            row: free.flatMap { room in room.offsets.map { Place(offset: $0, byteCount: room.byteCount) } })
        writer.append(row: retired)
    }

    /// Sections that `save` writes.
    static let sectionCount = 3

    /// Takes over what a copy says, which is then the newest that is stored.
    mutating func restore(from reader: inout StateReader) throws(StateError) {
        guard let saved = try reader.readRow(of: Head.self, atMost: 1).first else {
            throw StateError("expected where the shelf of streams ends, found nothing")
        }
        head = saved
        (storedBefore, head.stored) = (saved.stored, saved.copyCount)
        free = []
        for place in try reader.readRow(of: Place.self, atMost: 1 << 30) { makeFree(place) }
        retired = try reader.readRow(of: Place.self, atMost: 1 << 30)
    }
}
