// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The ticks of one turn, waiting for their step, grouped by wave and model.
///
/// A wave holds each stream at most once, so a stream's k-th tick of the turn goes to wave k. Within
/// a group the order of arrival is kept. Appending and taking a group cost a few instructions and no memory.
///
/// A tick that the model does not step for waits as if for one more model, the last.
struct WaveQueue {
    /// One tick that waits.
    struct Entry {
        var slot: UInt32
        var tick: Tick
        /// The entry's number in the queue.
        var place: UInt32
        /// Index of the next entry of the same group, or -1.
        fileprivate var next: Int32 = -1
    }

    private let capacity: Int
    private let modelCount: Int
    private var entries: [Entry] = []
    /// First and last entry of group `wave * modelCount + model`, or -1.
    private var heads: [Int32]
    private var tails: [Int32]
    private var groupCount = 0
    private var nextGroup = 0

    /// Makes an empty queue for at most `capacity` ticks and models `0..<modelCount`.
    init(capacity: Int, modelCount: Int) {
        self.capacity = capacity
        self.modelCount = modelCount
        entries.reserveCapacity(capacity)
        heads = [Int32](repeating: -1, count: capacity * modelCount)
        tails = heads
    }

    var isEmpty: Bool { entries.isEmpty }
    /// Ticks that wait, with those that were taken since the queue was empty.
    var count: Int { entries.count }
    var isFull: Bool { entries.count == capacity }

    /// Appends a tick.
    ///
    /// - Precondition: The queue is not full; `wave` is at most the number of earlier entries.
    mutating func append(_ tick: Tick, slot: UInt32, wave: Int, model: Int) {
        precondition(!isFull && wave <= entries.count, "the queue is full: take its groups first")
        let entry = Int32(entries.count)
        let group = wave * modelCount + model
        entries.append(Entry(slot: slot, tick: tick, place: UInt32(entry)))
        if heads[group] < 0 { heads[group] = entry } else { entries[Int(tails[group])].next = entry }
        tails[group] = entry
        groupCount = max(groupCount, group + 1)
    }

    /// Moves the next group, in order of wave and model, into `group`.
    ///
    /// - Returns: The group's model, or nil when nothing waits any more; the queue is then empty.
    mutating func takeGroup(into group: inout [Entry]) -> Int? {
        group.removeAll(keepingCapacity: true)
        while nextGroup < groupCount {
            let index = nextGroup
            nextGroup += 1
            guard heads[index] >= 0 else { continue }
            var entry = heads[index]
            while entry >= 0 {
                group.append(entries[Int(entry)])
                entry = entries[Int(entry)].next
            }
            heads[index] = -1
            return index % modelCount
        }
        entries.removeAll(keepingCapacity: true)
        groupCount = 0
        nextGroup = 0
        return nil
    }
}
