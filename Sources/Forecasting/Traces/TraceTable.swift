// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The newest ticks of all streams and what was forecast on them, for whoever looks.
///
/// Writing a tick costs the same however many there were. What was forecast for the next tick is kept as long as the
/// ticks are; whole forecasts are kept of fewer of them, by `TraceLayout`.
struct TraceTable: ~Copyable {
    /// What a row begins with.
    struct Head: BitwiseCopyable {
        /// The engine's count of changes when the row last changed; 0 for a stream that has no forecast yet.
        var change: UInt64
        /// The number of the newest forecast.
        var sequence: UInt64
        /// Ticks so far: the next one's place in each ring is that modulo the ring's length.
        var count: UInt64
        /// Ticks, and whole forecasts, that the rings hold.
        var points, paths: UInt32
        var status: UInt64
        /// The engine's count of changes at the stream's first tick here.
        var begun: UInt64

        static let none = Head(change: 0, sequence: 0, count: 0, points: 0, paths: 0, status: 0, begun: 0)
    }

    /// Ticks that are kept of each stream; 0 keeps none.
    let length: Int
    let layouts: [TraceLayout]
    /// Changes so far, over all streams.
    private(set) var changeCount: UInt64 = 0
    private let rowCount, stride: Int
    private var pages: ZeroPages

    /// Makes empty rows; one whose stream never comes costs address space, not memory.
    init(_ plan: ForecastPlan) {
        length = plan.traceLength
        layouts = plan.rules.map { TraceLayout(of: $0, length: plan.traceLength) }
        stride = length > 0 ? layouts.map(\.byteCount).max() ?? 1 : 1
        rowCount = length > 0 ? plan.streamsLimit : 1
        pages = ZeroPages(count: rowCount, stride: stride)
    }

    /// The row of the stream in a slot.
    func row(_ slot: UInt32, rule: Int) -> TraceRow {
        precondition(length > 0 && slot < rowCount, "no such trace")
        return TraceRow(layouts[rule], pages.start + stride * Int(slot))
    }

    /// Forgets what was in a slot.
    func clear(_ slot: UInt32, rule: Int) {
        if length > 0 { row(slot, rule: rule).head = .none }
    }

    /// Takes all rows of another table, whose rules' rows look like those here; false where rows are not as long.
    mutating func takeAll(of other: inout TraceTable) -> Bool {
        guard length > 0, stride == other.stride, rowCount == other.rowCount else { return false }
        swap(&pages, &other.pages)
        changeCount = other.changeCount
        return true
    }

    /// The memory of the row of the stream in a slot.
    func bytes(of slot: UInt32, rule: Int) -> UnsafeMutableRawBufferPointer {
        let row = pages.bytes(of: Int(slot)..<Int(slot) + 1, stride: stride)
        return UnsafeMutableRawBufferPointer(rebasing: row[..<layouts[rule].byteCount])
    }

    /// Counts a change, and gives its number.
    mutating func countChange() -> UInt64 {
        changeCount += 1
        return changeCount
    }
}

/// Where the parts of a row lie, in bytes from its beginning: head, ticks, whole forecasts, margins of the newest.
struct TraceLayout: Sendable, Equatable {
    let length, horizon, levelCount: Int
    /// Whole forecasts that are kept.
    let pathCount: Int
    let points, paths, margins, byteCount: Int

    /// Values that the whole forecasts of a stream may have together, unless `leastPathCount` of them have more.
    private static let pathValues = 1024
    private static let leastPathCount = 8

    init(of rule: ForecastPlan.Rule, length: Int) {
        self.length = length
        horizon = rule.horizon
        levelCount = rule.adaptation?.levels.count ?? 0
        pathCount = min(length, max(Self.leastPathCount, Self.pathValues / horizon))
        points = MemoryLayout<TraceTable.Head>.stride
        paths = points + length * MemoryLayout<TracePoint>.stride
        margins = paths + pathCount * horizon * MemoryLayout<Float>.stride
        byteCount = (margins + 2 * levelCount * horizon * MemoryLayout<Float>.stride + 63) & ~63
    }
}
