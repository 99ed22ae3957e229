// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The inputs of one tick, when its step has come.
extension JoinTable {
    /// Completes the vector at a place of the queue: the target's value, the calendar, what stands in for what is missing.
    ///
    /// - Parameters:
    ///   - entry: The tick.
    ///   - scale: The target's scale.
    ///   - weight: The least weight of the newest value in rolling statistics.
    mutating func complete(_ entry: WaveQueue.Entry, _ inputs: InputList, scale: Scale, weight: Double) {
        let place = Int(entry.place)
        for (index, input) in inputs.inputs.enumerated() {
            switch input.source {
            case .target:
                (vector[index], scales[index]) = (entry.tick.value, scale)
            case .sine(let feature):
                scales[index] = Scale(fixed: input.scaling)
                vector[index] = feature.angle(at: entry.tick.time, in: inputs.zone).sine
            case .cosine(let feature):
                scales[index] = Scale(fixed: input.scaling)
                vector[index] = feature.angle(at: entry.tick.time, in: inputs.zone).cosine
            case .member:
                let value = vectors[place * width + index]
                let isMissing = missing[place] & 1 << UInt64(index) != 0
                let cell = Int(entry.slot) * width + index
                scales[index] = scaleOfMember(
                    cell, input.scaling, observed: isMissing ? nil : value, weight: weight)
                vector[index] = value.isNaN ? scales[index].mean : value
            }
        }
    }

    private mutating func scaleOfMember(
        _ cell: Int, _ scaling: Scaling, observed value: Double?, weight: Double
    ) -> Scale {
        guard case .rolling = scaling else { return Scale(fixed: scaling) }
        if let value, !members[cell].statistics.update(with: value, weight: weight) { return .overflown }
        return members[cell].statistics.scale
    }

    /// Keeps the completed vector in the target's window.
    mutating func keep(row: UInt32, tick: UInt64) {
        for index in 0..<width { windows.store(vector[index], row: Int(row), tick: tick, input: index) }
    }

    /// What the model sees for an input of a tick that was kept, by the scales of the completed vector.
    func scaledInput(_ input: Int, row: UInt32, tick: UInt64) -> Float {
        scales[input].input(windows.value(row: Int(row), tick: tick, input: input))
    }

    /// Lets the members' rolling scales begin anew.
    mutating func resetStatistics(of target: UInt32) {
        for cell in cells(of: target) { members[cell].statistics = RollingStatistics() }
    }
}
