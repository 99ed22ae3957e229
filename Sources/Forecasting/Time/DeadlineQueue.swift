// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The streams that something is due for, the earliest first: a binary heap over slots, each at most once.
///
/// Every message puts its stream's deadline off, so that deadlines are put off lazily: one that is found first is
/// compared with the stream's real one and only then moved (`postponeFirst`). A message costs one comparison.
package struct DeadlineQueue {
    private var times: [Int64] = []
    private var slots: [UInt32] = []
    /// Per slot: its place in the heap + 1, or 0.
    private var places: [UInt32]

    /// Memory that a stream takes.
    static let bytesPerStream = 8 + 4 + 4

    /// Makes an empty queue for slots below `capacity`.
    package init(capacity: Int) {
        places = [UInt32](repeating: 0, count: capacity)
        times.reserveCapacity(capacity)
        slots.reserveCapacity(capacity)
    }

    /// No deadline is earlier.
    package var first: (slot: UInt32, time: Timestamp)? {
        times.isEmpty ? nil : (slots[0], Timestamp(nanoseconds: times[0]))
    }

    /// Makes sure that `slot` is found by `time` or earlier.
    package mutating func require(_ slot: UInt32, by time: Timestamp) {
        let place = Int(places[Int(slot)]) - 1
        if place < 0 {
            times.append(time.nanoseconds)
            slots.append(slot)
            places[Int(slot)] = UInt32(times.count)
            rise(times.count - 1)
        } else if time.nanoseconds < times[place] {
            times[place] = time.nanoseconds
            rise(place)
        }
    }

    /// Puts the first deadline off.
    package mutating func postponeFirst(to time: Timestamp) {
        times[0] = time.nanoseconds
        sink(0)
    }

    /// Takes the first slot out.
    package mutating func removeFirst() { remove(slots[0]) }

    /// Takes a slot out, if it is in.
    package mutating func remove(_ slot: UInt32) {
        guard Int(slot) < places.count, places[Int(slot)] > 0 else { return }
        let place = Int(places[Int(slot)]) - 1
        exchange(place, times.count - 1)
        places[Int(slot)] = 0
        times.removeLast()
        slots.removeLast()
        guard place < times.count else { return }
        rise(place)
        sink(place)
    }

    /// Writes the heap as it is.
    func save(to writer: inout StateWriter) {
        writer.append(row: times)
        writer.append(row: slots)
    }

    /// Sections that `save` writes.
    static let sectionCount = 2

    /// Takes over a heap as it was saved.
    mutating func restore(from reader: inout StateReader) throws(StateError) {
        times = try reader.readRow(of: Int64.self, atMost: places.count)
        slots = try reader.readRow(of: UInt32.self, atMost: places.count)
        guard times.count == slots.count, slots.allSatisfy({ $0 < places.count }) else {
            throw StateError("expected a deadline for each of \(times.count) streams, found \(slots.count)")
        }
        for (place, slot) in slots.enumerated() { places[Int(slot)] = UInt32(place + 1) }
        times.reserveCapacity(places.count)
        slots.reserveCapacity(places.count)
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0 && times[place] < times[(place - 1) / 2] {
            exchange(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in 2 * place + 1...2 * place + 2
            where child < times.count && times[child] < times[least] { least = child }
            guard least != place else { return }
            exchange(place, least)
            place = least
        }
    }

    private mutating func exchange(_ left: Int, _ right: Int) {
        guard left != right else { return }
        times.swapAt(left, right)
        slots.swapAt(left, right)
        places[Int(slots[left])] = UInt32(left + 1)
        places[Int(slots[right])] = UInt32(right + 1)
    }
}
