// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The trace of one stream: a view of memory that a `TraceTable` has, to be used at once.
struct TraceRow {
    private let layout: TraceLayout
    private let start: UnsafeMutableRawPointer

    init(_ layout: TraceLayout, _ start: UnsafeMutableRawPointer) {
        (self.layout, self.start) = (layout, start)
    }

    var head: TraceTable.Head {
        get { start.load(as: TraceTable.Head.self) }
        nonmutating set { start.storeBytes(of: newValue, as: TraceTable.Head.self) }
    }

    private var points: UnsafeMutablePointer<TracePoint> {
        (start + layout.points).assumingMemoryBound(to: TracePoint.self)
    }

    private var margins: UnsafeMutablePointer<Float> {
        (start + layout.margins).assumingMemoryBound(to: Float.self)
    }

    private func path(_ count: UInt64) -> UnsafeMutablePointer<Float> {
        (start + layout.paths).assumingMemoryBound(to: Float.self)
            + Int(count % UInt64(layout.pathCount)) * layout.horizon
    }

    /// Appends a tick; those that are not before it are taken back, as when a late value let them be forecast anew.
    ///
    /// - Parameters:
    ///   - yhat: What is forecast on it.
    ///   - margins: Of each level `horizon` distances down, then as many up.
    func append(_ point: TracePoint, yhat: Span<Double>, margins: Span<Double>) {
        var head = head
        while head.points > 0, points[place(head.count - 1)].time >= point.time {
            head.count -= 1
            head.points -= 1
            head.paths -= head.paths > 0 ? 1 : 0
        }
        points[place(head.count)] = point
        // As differences, floats are exact enough, however large the values are.
        let path = path(head.count)
        for step in 0..<layout.horizon { path[step] = Float(yhat[step] - point.value) }
        for index in margins.indices { self.margins[index] = Float(margins[index]) }
        head.count += 1
        head.points = min(head.points + 1, UInt32(layout.length))
        head.paths = min(head.paths + 1, UInt32(layout.pathCount))
        self.head = head
    }

    private func place(_ count: UInt64) -> Int { Int(count % UInt64(layout.length)) }

    /// The newest tick; nil before the first.
    var newest: TracePoint? { head.points > 0 ? points[place(head.count - 1)] : nil }

    /// At most so many of the newest ticks, oldest first.
    func newestPoints(atMost limit: Int = .max) -> [TracePoint] {
        let head = head
        let count = UInt64(min(limit, Int(head.points)))
        return (head.count - count..<head.count).map { points[place($0)] }
    }

    /// The whole forecasts that are kept, oldest first.
    var wholeForecasts: [[Double]] {
        let head = head
        return (head.count - UInt64(head.paths)..<head.count).map { count in
            let (origin, path) = (points[place(count)].value, path(count))
            return (0..<layout.horizon).map { Self.sum(origin, path[$0]) }
        }
    }

    /// The margins of the newest of them.
    var newestMargins: [Float] {
        Array(UnsafeBufferPointer(start: margins, count: 2 * layout.levelCount * layout.horizon))
    }

    /// A value and a difference, without digits that the difference does not have.
    private static func sum(_ value: Double, _ difference: Float) -> Double {
        let sum = value + Double(difference)
        let step = Double(difference.ulp)
        guard step > 1e-15, step < 1 else { return sum }
        var scale = 1.0
        while scale * step < 0.5 { scale *= 10 }
        return (sum * scale).rounded() / scale
    }
}
