// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CRecurrentKernels

/// Hidden and cell state of many streams, one row each, in one piece of memory.
///
/// A row holds for each layer h `[hiddenSize]`, then c `[hiddenSize]`, without gaps, and is padded to
/// `PackedModel.stateStride`. Rows that are never touched cost address space, not memory.
public struct StateTable: ~Copyable {
    /// Rows of the table.
    public let rowCount: Int
    let stride: Int
    private let shape: RecurrentShape
    private let floats: AlignedFloats

    /// Makes a table of `rowCount` zero states.
    public init(rowCount: Int, model: PackedModel) {
        precondition(rowCount >= 1, "a state table has at least one row")
        self.rowCount = rowCount
        shape = model.shape
        stride = model.stateStride
        floats = AlignedFloats(count: rowCount * stride)
    }

    /// The first float of row 0.
    var start: UnsafeMutablePointer<Float> { floats.start }

    private func start(of row: Int) -> UnsafeMutablePointer<Float> {
        precondition(row >= 0 && row < rowCount, "no such row in the state table")
        return floats.start + row * stride
    }

    /// Sets h and c of a row to zero.
    public mutating func reset(row: Int) { start(of: row).update(repeating: 0, count: stride) }

    /// Copies a row of another table of the same model.
    public mutating func copyRow(_ row: Int, from source: borrowing StateTable, row sourceRow: Int) {
        precondition(shape == source.shape, "rows are copied between tables of the same shape")
        start(of: row).update(from: source.start(of: sourceRow), count: stride)
    }

    /// Whether all of a row is finite.
    public func isFinite(row: Int) -> Bool {
        withRow(row) { $0.allSatisfy(\.isFinite) }
    }

    /// Calls `body` with the floats of a row: per layer h, then c; padding last.
    public func withRow<Result>(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: start(of: row), count: stride))
    }

    /// The memory of a row's h and c, without the padding.
    package func bytes(of row: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            start: start(of: row), count: 2 * shape.layerCount * shape.hiddenSize * MemoryLayout<Float>.stride
        )
    }

    /// Asks the processor to fetch a row, for a step that will soon need it.
    public func prefetch(row: Int) {
        recurrent_prefetch(start(of: row), Int32(stride))
    }
}
