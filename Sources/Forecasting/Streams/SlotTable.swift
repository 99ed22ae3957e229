// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// One row per slot, all bits zero until it is first written.
///
/// A row whose stream never comes costs address space, not memory.
struct SlotTable<Row: BitwiseCopyable>: ~Copyable {
    private let count: Int
    private let pages: ZeroPages
    private let rows: UnsafeMutablePointer<Row>

    /// Makes a table of zeros.
    ///
    /// - Precondition: All bits zero is a value of `Row`.
    init(count: Int) {
        self.count = count
        pages = ZeroPages(count: count, stride: MemoryLayout<Row>.stride)
        rows = pages.start.assumingMemoryBound(to: Row.self)
    }

    /// The memory of some rows.
    func bytes(of slots: Range<Int>) -> UnsafeMutableRawBufferPointer {
        pages.bytes(of: slots, stride: MemoryLayout<Row>.stride)
    }

    subscript(slot: Int) -> Row {
        get {
            precondition(slot >= 0 && slot < count, "no such row in the table")
            return rows[slot]
        }
        set {
            precondition(slot >= 0 && slot < count, "no such row in the table")
            rows[slot] = newValue
        }
    }
}
