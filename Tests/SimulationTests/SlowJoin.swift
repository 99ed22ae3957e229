// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// A target with its members, kept in the most obvious way: for each member all that came, tick by tick.
final class SlowJoin {
    struct Member {
        let stream: String
        let fill: InputList.Fill
        let aggregate: TimePolicy.Aggregate
        var newest = Int64.min
        var ticks: [Int64: [Observation]] = [:]
        /// The last value that came too far ahead, and its tick.
        var beyond: (tick: Int64, value: Double)?
        /// The last value that was known at a tick that was made.
        var held: (tick: Int64, value: Double)?
        /// What is known from before the sender's clock was set back.
        var before: Double?
    }

    let line: SlowTimeLine
    private let policy: TimePolicy
    private let skew: Int64
    private(set) var members: [Member]
    /// The members' values at each tick, NaN where none is known, and how many of them are missing.
    private(set) var made: [(values: [Double], missing: Int)] = []

    init(_ policy: TimePolicy, skew: Int64, members: [Member]) {
        self.policy = policy
        self.skew = skew
        self.members = members
        line = SlowTimeLine(policy, skew: skew)
        line.reach = { [unowned self] in reach($0) }
        line.onTick = { [unowned self] in collect($0) }
        line.onTurn = { [unowned self] in turn() }
    }

    private var period: Int64 { if case .period(let period) = policy.every { period } else { 0 } }

    private func reach(_ newest: Int64) -> Int64 {
        max(newest - policy.wait, min(newest, members.map(\.newest).min() ?? newest))
    }

    /// Takes in what had come of the members before the target came with its first observation.
    func begin(_ first: Observation, _ known: [String: Observation], at now: Int64) {
        let start = line.tick(first.time.nanoseconds)
        for index in members.indices {
            guard let observation = known[members[index].stream],
                observation.time.nanoseconds <= now + skew
            else { continue }
            members[index].newest = observation.time.nanoseconds
            let tick = line.tick(observation.time.nanoseconds)
            if tick < start {
                members[index].held = (tick, observation.value)
            } else if tick - (start - 1) <= reachable {
                members[index].ticks[tick] = [observation]
            } else {
                members[index].beyond = (tick, observation.value)
            }
        }
    }

    /// Ticks behind the last closed one that observations are kept for, one by one.
    private var reachable: Int64 { (policy.lateness + policy.wait + period - 1) / period + 1 + 10 }

    func accept(_ observation: Observation, from stream: String, at now: Int64) -> Refusal? {
        let time = observation.time.nanoseconds
        if time > now + skew { return .ahead }
        if time < SlowTimeLine.earliest { return .late }
        let tick = line.tick(time)
        guard tick > line.closed else { return .late }
        for index in members.indices where members[index].stream == stream {
            if line.latest(of: members[index].ticks[tick]) == observation { return .duplicate }
            members[index].newest = max(members[index].newest, time)
        }
        line.close(reaching: reach(line.newest!.time.nanoseconds))
        for index in members.indices where members[index].stream == stream {
            if tick - line.settled <= reachable {
                members[index].ticks[tick, default: []].append(observation)
            } else if tick >= members[index].beyond?.tick ?? .min {
                members[index].beyond = (tick, observation.value)
            }
        }
        return nil
    }

    /// The last value up to a tick, and its tick.
    private func last(_ member: Member, upTo tick: Int64) -> (tick: Int64, value: Double)? {
        var candidates = member.ticks.filter { $0.key <= tick }.map {
            (tick: $0.key, value: line.join($0.value, member.aggregate))
        }
        if let beyond = member.beyond, beyond.tick <= tick, member.ticks[beyond.tick] == nil {
            candidates.append(beyond)
        }
        if let held = member.held { candidates.append(held) }
        return candidates.max { $0.tick < $1.tick }
    }

    private func collect(_ tick: SlowTimeLine.Tick) {
        let number = tick.time / period
        var values: [Double] = []
        var missing = 0
        for index in members.indices {
            let last = last(members[index], upTo: number)
            let isMissing = last?.tick != number
            if isMissing { missing += 1 }
            let held = last?.value ?? members[index].before
            values.append(isMissing && members[index].fill == .mean ? .nan : held ?? .nan)
            members[index].held = last
            members[index].ticks = members[index].ticks.filter { $0.key > number }
            if let beyond = members[index].beyond, beyond.tick <= number { members[index].beyond = nil }
        }
        made.append((values, missing))
    }

    private func turn() {
        for index in members.indices {
            members[index].before = last(members[index], upTo: .max)?.value ?? members[index].before
            members[index].ticks = [:]
            (members[index].beyond, members[index].held) = (nil, nil)
            members[index].newest = .min
        }
    }
}
