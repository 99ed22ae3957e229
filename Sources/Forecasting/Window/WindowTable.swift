// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The last `length` ticks of every stream, one ring per slot, each tick a value or the values of several inputs.
struct WindowTable: ~Copyable {
    /// Ticks per window.
    let length: Int
    /// Values per tick.
    let width: Int
    private let rowCount: Int
    private let pages: ZeroPages
    private let values: UnsafeMutablePointer<Double>

    /// Makes empty windows.
    ///
    /// A window whose stream never comes costs address space, not memory.
    init(rowCount: Int, length: Int, width: Int = 1) {
        precondition(
            rowCount >= 1 && length >= 1 && width >= 1, "a window table has rows, a window has ticks")
        self.rowCount = rowCount
        self.length = length
        self.width = width
        pages = ZeroPages(count: rowCount * length * width, stride: MemoryLayout<Double>.stride)
        values = pages.start.assumingMemoryBound(to: Double.self)
    }

    /// Stores the value of tick number `tick` (from 0), over the one `length` ticks before.
    mutating func store(_ value: Double, row: Int, tick: UInt64, input: Int = 0) {
        values[index(row, tick, input)] = value
    }

    /// The value of tick number `tick`, one of the last `length` that were stored.
    func value(row: Int, tick: UInt64, input: Int = 0) -> Double { values[index(row, tick, input)] }

    /// The memory of some rows.
    func bytes(of rows: Range<Int>) -> UnsafeMutableRawBufferPointer {
        pages.bytes(of: rows, stride: length * width * MemoryLayout<Double>.stride)
    }

    private func index(_ row: Int, _ tick: UInt64, _ input: Int) -> Int {
        precondition(row < rowCount && input < width, "no such row in the window table")
        return (row * length + Int(tick % UInt64(length))) * width + input
    }
}
