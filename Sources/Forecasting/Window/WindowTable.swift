// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The last `length` values of every stream, one ring per slot.
struct WindowTable: ~Copyable {
    /// Values per window.
    let length: Int
    private let rowCount: Int
    private let pages: ZeroPages
    private let values: UnsafeMutablePointer<Double>

    /// Makes empty windows.
    ///
    /// A window whose stream never comes costs address space, not memory.
    init(rowCount: Int, length: Int) {
        precondition(rowCount >= 1 && length >= 1, "a window table has rows, a window has ticks")
        self.rowCount = rowCount
        self.length = length
        pages = ZeroPages(count: rowCount * length, stride: MemoryLayout<Double>.stride)
        values = pages.start.assumingMemoryBound(to: Double.self)
    }

    /// Stores the value of tick number `tick` (from 0), over the one `length` ticks before.
    mutating func store(_ value: Double, row: Int, tick: UInt64) {
        precondition(row < rowCount, "no such row in the window table")
        values[row * length + Int(tick % UInt64(length))] = value
    }

    /// The value of tick number `tick`, one of the last `length` that were stored.
    func value(row: Int, tick: UInt64) -> Double {
        precondition(row < rowCount, "no such row in the window table")
        return values[row * length + Int(tick % UInt64(length))]
    }
}
