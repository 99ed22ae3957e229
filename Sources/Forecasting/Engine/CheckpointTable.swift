// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What every stream was before each of its newest ticks, so that late observations can be taken in: a ring of
/// checkpoints per slot.
///
/// A checkpoint has two parts. The time line's is kept when a tick is made, the rest when the model steps, which may
/// be later: other ticks wait. (The state of a stateful model itself is kept by its `ModelRunner`, in the same ring.)
struct CheckpointTable: ~Copyable {
    /// A stream before a step.
    struct State {
        var ticks: UInt64
        var statistics: RollingStatistics
        var nextValue: Double
        var window: RollingWindow.Position?
        /// What the step overwrites in the window of a model of `mode: window`, and at which tick number.
        var overwritten: Double
        var overwrittenTick: UInt64
    }

    /// Where a stream's ring stands.
    struct Head {
        /// Lines and states kept so far, less those that were gone back over.
        var lines: Int
        var states: Int
        /// Lines that can be gone back to.
        var reach: Int
        /// Steps to go back over before the next tick.
        var undone: Int
    }

    /// Checkpoints of a stream.
    let length: Int
    private let headPages: ZeroPages
    private let linePages: ZeroPages
    private let statePages: ZeroPages
    private let heads: UnsafeMutablePointer<Head>
    private let lines: UnsafeMutablePointer<Resampler.Progress>
    private let states: UnsafeMutablePointer<State>
    private let rowCount: Int

    /// Memory that a stream takes, but for the model's state.
    static func bytesPerStream(length: Int) -> Int {
        length == 0
            ? 0
            : MemoryLayout<Head>.stride + length
                * (MemoryLayout<Resampler.Progress>.stride + MemoryLayout<State>.stride)
    }

    /// Makes empty rings; a row whose stream never comes costs address space, not memory.
    init(rowCount: Int, length: Int) {
        self.length = length
        self.rowCount = length > 0 ? rowCount : 0
        let count = max(1, rowCount * length)
        headPages = ZeroPages(count: max(1, self.rowCount), stride: MemoryLayout<Head>.stride)
        linePages = ZeroPages(count: count, stride: MemoryLayout<Resampler.Progress>.stride)
        statePages = ZeroPages(count: count, stride: MemoryLayout<State>.stride)
        heads = headPages.start.assumingMemoryBound(to: Head.self)
        lines = linePages.start.assumingMemoryBound(to: Resampler.Progress.self)
        states = statePages.start.assumingMemoryBound(to: State.self)
    }

    /// The memory of a stream's ring: where it stands, time lines, states.
    func bytes(of slot: UInt32) -> [3 of UnsafeMutableRawBufferPointer] {
        let (row, ring) = (Int(slot)..<Int(slot) + 1, Int(slot) * length..<(Int(slot) + 1) * length)
        return [
            headPages.bytes(of: row, stride: MemoryLayout<Head>.stride),
            linePages.bytes(of: ring, stride: MemoryLayout<Resampler.Progress>.stride),
            statePages.bytes(of: ring, stride: MemoryLayout<State>.stride),
        ]
    }

    subscript(head slot: UInt32) -> Head {
        get { heads[row(slot)] }
        set { heads[row(slot)] = newValue }
    }

    /// The time line kept with a number, counted from the stream's first.
    subscript(line number: Int, slot: UInt32) -> Resampler.Progress {
        get { lines[index(number, slot)] }
        set { lines[index(number, slot)] = newValue }
    }

    /// The state kept with a number.
    subscript(state number: Int, slot: UInt32) -> State {
        get { states[index(number, slot)] }
        set { states[index(number, slot)] = newValue }
    }

    /// Takes over a stream's ring from another table, whose rings may have another length.
    mutating func take(_ slot: UInt32, of other: borrowing CheckpointTable, to place: UInt32) {
        let head = other[head: slot]
        self[head: place] = head
        for number in newest(head.lines, other) { self[line: number, place] = other[line: number, slot] }
        for number in newest(head.states, other) { self[state: number, place] = other[state: number, slot] }
    }

    /// Where the states of a stream's ring lie in another table, and where they go in this one.
    func pairs(
        _ slot: UInt32, of other: borrowing CheckpointTable, to place: UInt32
    ) -> [(from: Int, to: Int)] {
        newest(other[head: slot].states, other).map { (other.index($0, slot), index($0, place)) }
    }

    /// The numbers below `end` that are in the rings of both tables.
    private func newest(_ end: Int, _ other: borrowing CheckpointTable) -> Range<Int> {
        max(0, end - min(length, other.length))..<end
    }

    /// Where in rings of `length` per slot a number lies.
    func index(_ number: Int, _ slot: UInt32) -> Int { row(slot) * length + number % length }

    private func row(_ slot: UInt32) -> Int {
        precondition(slot < rowCount, "no such row in the table of checkpoints")
        return Int(slot)
    }
}
