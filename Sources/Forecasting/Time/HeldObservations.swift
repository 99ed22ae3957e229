// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Observations that wait for earlier ones, while each is a tick: per slot a ring in order of time.
///
/// Of equal times, the one that arrived first goes out first.
struct HeldObservations: ~Copyable {
    /// With as many, the oldest goes out.
    static let limit = 64
    /// Memory that a stream takes.
    static let bytesPerStream = limit * MemoryLayout<Observation>.stride + MemoryLayout<Ring>.stride

    /// A stream's ring; all bits zero is an empty one.
    struct Ring: BitwiseCopyable {
        /// The place of the oldest.
        var first = 0
        var count = 0
        /// The clock's time when the newest came.
        var arrival = Timestamp(nanoseconds: 0)
        /// What lies no later than this goes out.
        var through = Timestamp(nanoseconds: .min)
        /// Whether all goes out, and the last one begins a new time line.
        var isTurning = false
    }

    private var rings: SlotTable<Ring>
    private var observations: SlotTable<Observation>

    /// Makes empty rings for slots below `capacity`.
    init(capacity: Int) {
        rings = SlotTable(count: capacity)
        observations = SlotTable(count: capacity * Self.limit)
    }

    /// The memory of a stream's ring, and of the observations in it.
    func bytes(of slot: Int) -> (ring: UnsafeMutableRawBufferPointer, held: UnsafeMutableRawBufferPointer) {
        (
            rings.bytes(of: slot..<slot + 1),
            observations.bytes(of: slot * Self.limit..<(slot + 1) * Self.limit)
        )
    }

    /// Observations of the stream that wait.
    func count(_ slot: Int) -> Int { rings[slot].count }

    /// The clock's time when the newest observation that waits or waited came.
    func arrival(_ slot: Int) -> Timestamp { rings[slot].arrival }

    private func place(_ offset: Int, _ ring: Ring, _ slot: Int) -> Int {
        slot * Self.limit + (ring.first + offset) % Self.limit
    }

    /// How many of those that wait lie no later than `time`.
    private func count(through time: Timestamp, _ ring: Ring, _ slot: Int) -> Int {
        var count = ring.count
        while count > 0, observations[place(count - 1, ring, slot)].time > time { count -= 1 }
        return count
    }

    /// Whether the last to come of those with its time is the same as the observation.
    func holdsLast(_ observation: Observation, _ slot: Int) -> Bool {
        let ring = rings[slot]
        let count = count(through: observation.time, ring, slot)
        return count > 0 && observations[place(count - 1, ring, slot)] == observation
    }

    /// Takes in an observation, after which `next` is to be asked for those that go out.
    ///
    /// - Parameter isTurning: Whether it begins a new time line, once all others are out.
    mutating func insert(
        _ observation: Observation, _ slot: Int, lateness: Int64, isTurning: Bool, at now: Timestamp
    ) {
        var ring = rings[slot]
        let position = isTurning ? ring.count : count(through: observation.time, ring, slot)
        for offset in stride(from: ring.count, to: position, by: -1) {
            observations[place(offset, ring, slot)] = observations[place(offset - 1, ring, slot)]
        }
        observations[place(position, ring, slot)] = observation
        if position == ring.count { ring.arrival = now }
        ring.count += 1
        ring.isTurning = isTurning
        rings[slot] = ring
        passTime(slot, lateness: lateness, at: now)
        // Its time is that of its arrival: there is nothing to wait for.
        if observation.isTimedByArrival { rings[slot].through = max(rings[slot].through, observation.time) }
    }

    /// Takes out the next observation that need not wait any longer, and says whether it begins a new time line.
    ///
    /// - Parameter all: Whether none needs to wait.
    mutating func next(_ slot: Int, all: Bool) -> (Observation, isTurning: Bool)? {
        var ring = rings[slot]
        guard ring.count > 0 else { return nil }
        let oldest = observations[place(0, ring, slot)]
        guard all || ring.isTurning || ring.count == Self.limit || oldest.time <= ring.through else {
            return nil
        }
        ring.first = (ring.first + 1) % Self.limit
        ring.count -= 1
        let isTurning = ring.isTurning && ring.count == 0
        if isTurning { ring.isTurning = false }
        rings[slot] = ring
        return (oldest, isTurning)
    }
}

// What passes without an observation: the stream's time goes on from the arrival of the newest.
extension HeldObservations {
    /// When the oldest goes out though nothing comes; nil if nothing is due any more.
    func deadline(_ slot: Int, lateness: Int64) -> Timestamp? {
        let ring = rings[slot]
        guard ring.count > 0 else { return nil }
        let oldest = observations[place(0, ring, slot)]
        let newest = observations[place(ring.count - 1, ring, slot)]
        // What still waits lies less than the lateness before the newest.
        let remaining = lateness - (newest.time.nanoseconds - oldest.time.nanoseconds)
        let (sum, overflow) = ring.arrival.nanoseconds.addingReportingOverflow(remaining)
        return overflow ? nil : Timestamp(nanoseconds: sum)
    }

    /// Lets those go that are due at `now`.
    mutating func passTime(_ slot: Int, lateness: Int64, at now: Timestamp) {
        let (elapsed, overflow) = now.nanoseconds.subtractingReportingOverflow(
            rings[slot].arrival.nanoseconds)
        let silence = overflow ? Int64.max : max(elapsed, 0)
        let newest = observations[place(rings[slot].count - 1, rings[slot], slot)]
        // Never later than the newest, so that nothing goes out that has not waited yet.
        let reach = newest.time.advanced(by: min(silence - lateness, 0))
        rings[slot].through = reach
    }
}
