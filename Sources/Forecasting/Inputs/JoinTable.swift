// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Targets and their members: what is known of each input of each target, beside the records of the streams.
///
/// A cell is one input of one target, `target * width + input`. Cells of the same member in different targets are
/// linked, so that an observation finds all that want it. Rows whose stream never comes cost address space, not memory.
struct JoinTable: ~Copyable {
    /// One member of one target.
    struct Member {
        /// The member's slot + 1; 0 for an input that is no member.
        var stream: UInt32 = 0
        /// The next cell of the same stream, as its number + 1, or 0.
        var next: UInt32 = 0
        /// Mean and variance of its ticks, for the rolling scale.
        var statistics = RollingStatistics()
        /// The latest time of its observations.
        var newest = Int64.min
        /// The value that stands in for a missing one, NaN before the first, and its tick (with `every: event`, its time).
        var held = Double.nan
        var heldAt = Int64.min
        /// The last value beyond the open ticks (with `every: event`, beyond the target's newest), and where.
        var beyond = Double.nan
        var beyondAt = Int64.min
    }

    /// One stream, member or not.
    struct Stream {
        /// The first and the last cell of the stream as a member, as their numbers + 1, or 0.
        var first: UInt32
        var last: UInt32
        /// Targets that it is a member of.
        var targetCount: Int
        /// Whether the stream has a slot because a target wants it, and has not come itself.
        var isAwaited: Bool
        /// The last observation that came, if `hasCome`.
        var newest: Observation
        var hasCome: Bool

        /// Keeps what came.
        mutating func remember(_ observation: Observation) {
            newest = observation
            hasCome = true
        }
    }

    /// One target.
    struct Target {
        /// The last tick that was made.
        var collected = Int64.min
        /// Places in the window of vectors that were passed so far; the next vector goes there.
        var position: UInt64 = 0
        /// A member's observation that goes into its tick once all that it closes are made, and the member's slot.
        var waiting: Observation?
        var waitingStream: UInt32 = 0
        /// Whether the target's clock was set back: the members begin anew once the old ticks are made.
        var isTurning = false
        /// With `every: event`: the tick that waits for its members, since when, and whether it has waited long enough.
        var pending: Tick?
        var arrival = Timestamp(nanoseconds: 0)
        var isDue = false
        /// The tick behind it.
        var upcoming: Tick?
    }

    /// The most inputs of a target.
    let width: Int
    private let memberPages: ZeroPages
    private let streamPages: ZeroPages
    private let targetPages: ZeroPages
    let members: UnsafeMutablePointer<Member>
    let streams: UnsafeMutablePointer<Stream>
    let targets: UnsafeMutablePointer<Target>
    /// The members' open ticks, one row per cell.
    var openTicks: OpenTickTable
    /// The inputs of the ticks that wait for their step, `[place in the queue, width]`, and which of them are missing.
    var vectors: [Double]
    var missing: [UInt64]
    /// The inputs of one tick, completed, and their scales.
    var vector: [Double]
    var scales: [Scale]
    /// The inputs of the targets' last ticks, where a state is run over them after a gap.
    var windows: WindowTable

    private let hasOpenTicks, hasWindows: Bool

    /// Memory that a target takes, besides that of its inputs.
    static let bytesPerTarget = MemoryLayout<Target>.stride + MemoryLayout<Stream>.stride
    /// Ticks that a member may be further ahead of its target than `lateness` and `wait`, and still be aggregated.
    private static let lead = 10

    /// Ticks of a member that may be open at once.
    static func openTicksLimit(_ policy: TimePolicy) -> Int {
        policy.every == .event ? 0 : policy.openTicksLimit + lead
    }

    /// Memory that the inputs of a target take.
    static func bytes(of inputs: InputList, _ policy: TimePolicy) -> Int {
        let each = MemoryLayout<Member>.stride + policy.windowLength * MemoryLayout<Double>.stride
        let openTicks = openTicksLimit(policy) * MemoryLayout<OpenTick>.stride
        return inputs.inputs.count * each + inputs.templates.count * openTicks
    }

    /// Makes an empty table for the rules of a plan that have several inputs; of a row each where none has.
    init(_ plan: ForecastPlan) {
        let rules = plan.rules.filter { $0.inputs != nil }
        let rows = rules.isEmpty ? 1 : plan.streamsLimit
        width = max(1, rules.compactMap { $0.inputs?.inputs.count }.max() ?? 1)
        memberPages = ZeroPages(count: rows * width, stride: MemoryLayout<Member>.stride)
        streamPages = ZeroPages(count: rows, stride: MemoryLayout<Stream>.stride)
        targetPages = ZeroPages(count: rows, stride: MemoryLayout<Target>.stride)
        members = memberPages.start.assumingMemoryBound(to: Member.self)
        streams = streamPages.start.assumingMemoryBound(to: Stream.self)
        targets = targetPages.start.assumingMemoryBound(to: Target.self)
        let length = rules.map { Self.openTicksLimit($0.time) }.max() ?? 0
        hasOpenTicks = length > 0
        openTicks = OpenTickTable(rowCount: hasOpenTicks ? rows * width : 1, length: max(1, length))
        let windowLength = rules.map(\.time.windowLength).max() ?? 0
        hasWindows = windowLength > 0
        windows = WindowTable(
            rowCount: hasWindows ? rows : 1, length: max(1, windowLength), width: width)
        vectors = [Double](repeating: 0, count: rules.isEmpty ? 0 : plan.batchLimit * width)
        missing = [UInt64](repeating: 0, count: rules.isEmpty ? 0 : plan.batchLimit)
        vector = [Double](repeating: 0, count: width)
        scales = [Scale](repeating: Scale(mean: 0, deviation: 1, limit: .infinity), count: width)
    }

    /// Pieces of memory that `bytes` gives.
    static let sectionCount = 5

    /// The memory of some streams, as members and as targets.
    func bytes(of slots: Range<Int>) -> [5 of UnsafeMutableRawBufferPointer] {
        let cells = slots.lowerBound * width..<slots.upperBound * width
        let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        return [
            memberPages.bytes(of: cells, stride: MemoryLayout<Member>.stride),
            streamPages.bytes(of: slots, stride: MemoryLayout<Stream>.stride),
            targetPages.bytes(of: slots, stride: MemoryLayout<Target>.stride),
            hasOpenTicks ? openTicks.bytes(of: cells) : none, hasWindows ? windows.bytes(of: slots) : none,
        ]
    }

    /// The cells of a target.
    func cells(of target: UInt32) -> Range<Int> { Int(target) * width..<(Int(target) + 1) * width }

    /// Begins a target without members.
    mutating func begin(_ target: UInt32) {
        targets[Int(target)] = Target()
        for cell in cells(of: target) { members[cell] = Member() }
    }

    /// Makes a stream a member of a target.
    ///
    /// - Returns: The targets that the stream is now a member of.
    mutating func link(_ stream: UInt32, target: UInt32, input: Int) -> Int {
        let isLinked = cells(of: target).contains { members[$0].stream == stream + 1 }
        let cell = Int(target) * width + input
        members[cell].stream = stream + 1
        if isLinked { return streams[Int(stream)].targetCount }
        let last = Int(streams[Int(stream)].last)
        if last == 0 {
            streams[Int(stream)].first = UInt32(cell + 1)
        } else {
            members[last - 1].next = UInt32(cell + 1)
        }
        streams[Int(stream)].last = UInt32(cell + 1)
        streams[Int(stream)].targetCount += 1
        return streams[Int(stream)].targetCount
    }
}
