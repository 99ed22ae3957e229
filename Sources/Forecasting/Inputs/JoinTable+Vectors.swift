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
        return members[cell].statistics.isFinite ? members[cell].statistics.scale : .overflown
    }

    /// Keeps the completed vector in the target's window, after a place for each tick that was skipped.
    mutating func keep(_ entry: WaveQueue.Entry) {
        let target = Int(entry.slot)
        let position = targets[target].position + UInt64(entry.tick.skipped)
        for index in 0..<width { windows.store(vector[index], row: target, tick: position, input: index) }
        targets[target].position = position + 1
    }

    /// Makes the scales those in force before the target's next tick.
    mutating func loadScales(of target: UInt32, _ inputs: InputList, scale: Scale) {
        for (index, input) in inputs.inputs.enumerated() {
            if case .target = input.source {
                scales[index] = scale
            } else {
                scales[index] = scaleOfMember(
                    Int(target) * width + index, input.scaling, observed: nil, weight: 1)
            }
        }
    }

    /// What the model sees for an input of the vector that was kept so many places ago, by the scales loaded.
    func scaledInput(_ input: Int, of target: UInt32, back: Int) -> Float {
        let place = targets[Int(target)].position - UInt64(back)
        return scales[input].input(windows.value(row: Int(target), tick: place, input: input))
    }

    /// Lets the members' rolling scales begin anew.
    mutating func resetStatistics(of target: UInt32) {
        for cell in cells(of: target) { members[cell].statistics = RollingStatistics() }
    }
}
