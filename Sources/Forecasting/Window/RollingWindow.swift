// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The last ticks of one stream, a place for each, with statistics that are always up to date.
///
/// A view of memory that a `RollingWindowTable` has; to be used at once. A place has an observed value, a value that
/// stood in for a missing one, or none. Only observed values count in the statistics.
package struct RollingWindow {
    /// What changes besides the parts.
    struct Header {
        /// Where the next tick goes.
        var place: UInt32
        /// Places that hold ticks, at most all of the ring.
        var filled: UInt32
        // Of the values in order: the root and its height above the leaves; nodes in use but for the first leaf, and
        // the first of those that are free again.
        var root: UInt32
        var height: UInt32
        var leaves: UInt32
        var freeLeaf: UInt32
        var inners: UInt32
        var freeInner: UInt32
    }

    /// Where a window stands in its memory.
    package struct Position: BitwiseCopyable {
        var place: UInt32
        var filled: UInt32
    }

    let layout: WindowLayout
    let header: UnsafeMutablePointer<Header>
    /// A bit for each place whose value was observed, a word for each block.
    let marks: UnsafeMutablePointer<UInt64>
    let values: UnsafeMutablePointer<Double>
    /// The blocks' moments, from `blockCount` on, and before them those of two joined, down to 1.
    let moments: UnsafeMutablePointer<Moments>
    let ordered: OrderedKeys

    init(_ layout: WindowLayout, _ base: UnsafeMutableRawPointer) {
        self.layout = layout
        header = base.assumingMemoryBound(to: Header.self)
        marks = (base + layout.marks).assumingMemoryBound(to: UInt64.self)
        values = (base + layout.values).assumingMemoryBound(to: Double.self)
        moments = (base + layout.moments).assumingMemoryBound(to: Moments.self)
        ordered = OrderedKeys(layout, base)
    }

    /// Ticks in the window.
    package var count: Int { min(Int(header.pointee.filled), layout.length) }

    /// The value `back` ticks ago, 1 for the newest; NaN for a tick without one.
    package func value(back: Int) -> Double {
        precondition(back >= 1 && back <= count, "a window has as many ticks as it counts")
        return values[place(back: back)]
    }

    /// Whether the value `back` ticks ago was observed.
    package func isObserved(back: Int) -> Bool {
        precondition(back >= 1 && back <= count, "a window has as many ticks as it counts")
        return isMarked(place(back: back))
    }
}

// What happens to a window.
extension RollingWindow {
    /// Appends a tick's value, which drops the oldest tick of a full window.
    package func append(_ value: Double, isObserved: Bool) {
        var dropped: Int64?
        if header.pointee.filled >= layout.length {
            let oldest = place(back: layout.length)
            if isMarked(oldest) { dropped = OrderedKeys.key(values[oldest]) }
        }
        switch (dropped, isObserved) {
        case (let dropped?, true): ordered.replace(dropped, with: OrderedKeys.key(value))
        case (let dropped?, false): ordered.remove(dropped)
        case (nil, true): ordered.insert(OrderedKeys.key(value))
        case (nil, false): break
        }
        write(value, isObserved: isObserved)
    }

    /// Appends ticks without values.
    package func appendEmpty(_ count: Int64) {
        if count < layout.length {
            for _ in 0..<count { append(.nan, isObserved: false) }
        } else {
            // None of what there is remains in the window.
            ordered.removeAll()
            for _ in 0..<layout.length { write(.nan, isObserved: false) }
        }
    }

    private func write(_ value: Double, isObserved: Bool) {
        let place = Int(header.pointee.place)
        let (block, bit) = (place / WindowLayout.blockSize, UInt64(place % WindowLayout.blockSize))
        values[place] = value
        marks[block] = marks[block] & ~(1 << bit) | (isObserved ? 1 << bit : 0)
        header.pointee.place = place + 1 == layout.placeCount ? 0 : UInt32(place + 1)
        header.pointee.filled = min(header.pointee.filled + 1, UInt32(layout.placeCount))
        if bit == 63 && layout.blockCount > 1 { sumUp(block) }
    }

    /// Where the window stands.
    package var position: Position {
        Position(place: header.pointee.place, filled: header.pointee.filled)
    }

    /// Takes back what came since `position`; what was dropped or emptied since is in the window again.
    ///
    /// - Precondition: The layout has a reach, and that no more ticks came since, besides one gap.
    package func goBack(to position: Position) {
        let distance = Int(header.pointee.place) - Int(position.place)
        let undone = min(distance < 0 ? distance + layout.placeCount : distance, count)
        let left = count - undone
        for back in stride(from: 1, through: undone, by: 1) where isMarked(place(back: back)) {
            ordered.remove(OrderedKeys.key(values[place(back: back)]))
        }
        (header.pointee.place, header.pointee.filled) = (position.place, position.filled)
        for back in stride(from: left + 1, through: count, by: 1) where isMarked(place(back: back)) {
            ordered.insert(OrderedKeys.key(values[place(back: back)]))
        }
    }

    /// Empties the window.
    package func removeAll() {
        ordered.removeAll()
        header.pointee.filled = 0
        // With a reach, what was there may be wanted again.
        if layout.reach == 0 { header.pointee.place = 0 }
    }

    func place(back: Int) -> Int {
        let place = Int(header.pointee.place) - back
        return place < 0 ? place + layout.placeCount : place
    }

    private func isMarked(_ place: Int) -> Bool {
        marks[place / WindowLayout.blockSize] >> UInt64(place % WindowLayout.blockSize) & 1 == 1
    }
}
