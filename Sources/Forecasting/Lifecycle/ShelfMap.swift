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
    private var free: [Place] = []
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
        if let index = free.lastIndex(where: { $0.byteCount == room }) {
            free.swapAt(index, free.count - 1)
            return free.removeLast().offset
        }
        guard head.end + room <= limit else { return nil }
        defer { head.end += room }
        return head.end
    }

    /// Gives back the place of an entry that was put there when so many copies had begun.
    mutating func giveBack(_ offset: Int, _ byteCount: Int, copy: UInt64) {
        let place = Place(offset: offset, byteCount: Self.room(byteCount), copy: head.copyCount)
        if copy == head.copyCount { free.append(place) } else { retired.append(place) }
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
                free.append(place)
            } else {
                retired[kept] = place
                kept += 1
            }
        }
        retired.removeLast(retired.count - kept)
    }

    func save(to writer: inout StateWriter) {
        writer.append(row: [head])
        writer.append(row: free)
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
        free = try reader.readRow(of: Place.self, atMost: 1 << 30)
        retired = try reader.readRow(of: Place.self, atMost: 1 << 30)
    }
}
