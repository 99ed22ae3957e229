// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// One tick that may still get observations, and what they come to so far.
struct OpenTick {
    /// Observations so far; 0 for a tick without any.
    var count: UInt64
    /// The joined value, for a mean the sum.
    var total: Double
    /// The observation with the latest time.
    var newest: Observation

    /// A tick without observations.
    static var empty: OpenTick {
        OpenTick(count: 0, total: 0, newest: Observation(time: Timestamp(nanoseconds: 0), value: 0))
    }

    /// Takes in one observation more.
    mutating func add(_ observation: Observation, aggregate: TimePolicy.Aggregate) {
        let value = observation.value
        if count == 0 {
            self = OpenTick(count: 1, total: value, newest: observation)
            return
        }
        count += 1
        let isNewest = observation.time >= newest.time
        if isNewest { newest = observation }
        switch aggregate {
        case .last: if isNewest { total = value }
        case .mean, .sum: total += value
        case .min: total = min(total, value)
        case .max: total = max(total, value)
        }
    }

    /// What the observations come to.
    func value(_ aggregate: TimePolicy.Aggregate) -> Double {
        aggregate == .mean ? total / Double(count) : total
    }
}

/// The open ticks of every stream, and those that late observations can still reach, one ring per slot.
struct OpenTickTable: ~Copyable {
    /// Open ticks of one stream.
    let length: Int
    private let rowCount: Int
    private let pages: ZeroPages
    private let ticks: UnsafeMutablePointer<OpenTick>

    /// Makes a table of ticks without observations.
    ///
    /// A row whose stream never comes costs address space, not memory.
    init(rowCount: Int, length: Int) {
        precondition(rowCount >= 1 && length >= 1, "a table of open ticks has rows, a row has ticks")
        self.rowCount = rowCount
        self.length = length
        pages = ZeroPages(count: rowCount * length, stride: MemoryLayout<OpenTick>.stride)
        // All bits zero is a tick whose count is 0.
        ticks = pages.start.assumingMemoryBound(to: OpenTick.self)
    }

    /// Tick number `tick` of a row on a grid; at most `length` ticks apart are in use at once.
    subscript(row: Int, tick: Int64, grid: Grid) -> OpenTick {
        get {
            let found = ticks[index(row, tick)]
            // What lies in the tick's place may be an earlier tick.
            let offset = found.newest.time.nanoseconds &- grid.start(of: tick).nanoseconds
            return (0..<grid.period).contains(offset) ? found : .empty
        }
        set { ticks[index(row, tick)] = newValue }
    }

    /// What lies in the place of tick number `tick` of a row, which may be an earlier one.
    subscript(row: Int, placeOf tick: Int64) -> OpenTick {
        get { ticks[index(row, tick)] }
        set { ticks[index(row, tick)] = newValue }
    }

    /// Forgets the ticks of a row.
    mutating func removeAll(row: Int) {
        precondition(row < rowCount, "no such row in the table of open ticks")
        (ticks + row * length).update(repeating: .empty, count: length)
    }

    /// Takes over a row of another table, whose rows may have another length.
    mutating func take(row source: Int, of other: borrowing OpenTickTable, to row: Int, grid: Grid) {
        for place in source * other.length..<(source + 1) * other.length where other.ticks[place].count > 0 {
            let tick = other.ticks[place]
            let target = index(row, grid.tick(of: tick.newest.time))
            // What lies here may be an earlier tick, which nothing reaches any more.
            if ticks[target].count == 0 || ticks[target].newest.time < tick.newest.time {
                ticks[target] = tick
            }
        }
    }

    /// The memory of some rows.
    func bytes(of rows: Range<Int>) -> UnsafeMutableRawBufferPointer {
        pages.bytes(of: rows, stride: length * MemoryLayout<OpenTick>.stride)
    }

    private func index(_ row: Int, _ tick: Int64) -> Int {
        precondition(row < rowCount, "no such row in the table of open ticks")
        let place = Int(tick % Int64(length))
        return row * length + (place < 0 ? place + length : place)
    }
}
