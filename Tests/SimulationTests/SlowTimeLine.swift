// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What a stream's time line must make, kept in the most obvious way: dictionaries, arrays, whole numbers.
final class SlowTimeLine {
    /// A tick that must be made.
    struct Tick {
        var time: Int64
        /// NaN where the model's forecast of the tick is to stand in.
        var value: Double
        /// What stands in if there is no forecast.
        var fallback = 0.0
        var period: Int64
        var isImputed = false
        var gap: Int64 = 0
        var isReset = false
        var isStateReset = false
        var isStale = false
        var isRevised = false
        /// Mean and deviation of the observed values in the window, as they were when one was added last.
        var scale = (mean: 0.0, deviation: 0.0)
    }

    /// What was known before a tick was made.
    private struct Before {
        var known: (tick: Int64, value: Double)?
        var last: Int64
        var isAnew: Bool
        var pastCount: Int
        var scale: (mean: Double, deviation: Double)
    }

    /// No grid has ticks before this time or after its counterpart: they would be too far to reckon with.
    static let earliest: Int64 = -(1 << 62)

    private let policy: TimePolicy
    private let skew: Int64
    private var values: SlowValues
    private(set) var made: [Tick] = []

    private var period: Int64 = 0
    private(set) var newest: Observation?
    private var arrival: Int64 = 0
    private var times: [Int64] = []
    private var open: [Int64: [Observation]] = [:]
    private(set) var closed: Int64 = 0
    private var known: (tick: Int64, value: Double)?
    private var last: Int64 = 0
    private var isAnew = false
    private(set) var isStale = false
    private var lateRun: [Int64] = []
    /// Every tick's value in order; empty for those that were skipped.
    private var past: [WindowTick] = []
    private var scale = (mean: 0.0, deviation: 0.0)
    /// The time line's ticks that were made, and the observations of all of its ticks that are closed.
    private var line: [(tick: Int64, isImputed: Bool, before: Before)] = []
    private var closedTicks: [Int64: [Observation]] = [:]
    /// Observations that wait for earlier ones, while each is a tick, and the clock's time when the newest came.
    private var waiting: [Observation] = []
    private var waitingSince: Int64 = 0

    init(_ policy: TimePolicy, values: ValuePolicy = ValuePolicy(), skew: Int64) {
        self.policy = policy
        self.skew = skew
        self.values = SlowValues(values)
        if case .period(let period) = policy.every { self.period = period }
    }

    /// Ticks up to here are made, or will never be.
    var settled: Int64 {
        guard let known, policy.fill != .skip, closed - known.tick <= limit else { return closed }
        return last
    }

    /// How far others have come that the ticks wait for, if the newest observation is at this time.
    var reach: (Int64) -> Int64 = { $0 }
    /// Told of every tick with a value, and of a clock that was set back once all ticks before are made.
    var onTick: (Tick) -> Void = { _ in }
    var onTurn: () -> Void = {}

    func tick(_ time: Int64) -> Int64 { time / period - (time % period < 0 ? 1 : 0) }
    private var lateness: Int64 {
        policy.every == .auto ? min(policy.lateness, 15 * period) : policy.lateness
    }
    private var limit: Int64 { policy.limit.map { $0 / period } ?? 10 }

    var hasBegun: Bool { newest != nil }

    func accept(_ observation: Observation, at now: Int64) -> Refusal? {
        if let refusal = values.refusal(of: observation.value) { return refusal }
        let time = observation.time.nanoseconds
        guard let newest else {
            if time > now + skew { return .ahead }
            if policy.every != .event && time < Self.earliest { return .late }
            values.begin(with: observation)
            begin(with: observation, at: now)
            return nil
        }
        if time < Self.earliest { return .late }
        if period > 0 && time > -Self.earliest { return .ahead }
        if let outcome = revise(with: observation, at: now) { return outcome }
        var isTurning = false
        if period == 0 ? time < newest.time.nanoseconds : tick(time) <= closed {
            // Silence was filled too early: from now on it counts from here.
            if period > 0 && time > newest.time.nanoseconds { (self.newest, arrival) = (observation, now) }
            guard newest.time.nanoseconds - time > (period == 0 ? skew : 0) else { return .late }
            lateRun.append(time)
            if lateRun.sorted() != lateRun { lateRun = [time] }
            guard Set(lateRun).count >= 5 else { return .late }
            isTurning = true
        } else if period == 0
            ? [newest, waiting.last { $0.time == observation.time }].contains(observation)
            : latest(of: open[tick(time)]) == observation
        {
            return .duplicate
        }
        if time > now + skew { return .ahead }
        if isTurning {
            values.begin(with: observation)
        } else if let bad = values.take(observation) {
            return bad
        }
        lateRun = []
        isStale = false
        if isTurning {
            if period > 0 { makeKnown(through: tick(newest.time.nanoseconds)) }
            // What begins the new time line waits for those that wait.
            waiting.append(observation)
            while waiting.count > 1 { makeEvent(waiting.removeFirst(), at: waitingSince) }
            waiting = []
            isAnew = true
            known = nil
            onTurn()
            begin(with: observation, at: now)
        } else {
            take(observation, at: now)
        }
        return nil
    }

    func latest(of observations: [Observation]?) -> Observation? {
        observations?.reduce(nil) { best, next in best.map { next.time >= $0.time ? next : $0 } ?? next }
    }

    private func begin(with observation: Observation, at now: Int64) {
        if period > 0 {
            closed = tick(observation.time.nanoseconds) - 1
            last = closed
        }
        newest = nil
        line = []
        closedTicks = [:]
        take(observation, at: now)
    }

    /// Takes in an observation of one of the last ticks that are closed; nil if it is none.
    private func revise(with observation: Observation, at now: Int64) -> Refusal?? {
        let time = observation.time.nanoseconds
        guard period > 0, tick(time) <= closed, tick(time) > closed - Int64(policy.reviseLimit) else {
            return nil
        }
        var count = line.count { $0.tick < tick(time) }
        if policy.fill == .linear && count < line.count {
            while count > 0 && line[count - 1].isImputed { count -= 1 }
        }
        let before = count < line.count ? line[count].before : self.before
        guard line.count - count <= policy.reviseLimit, before.last < tick(time) else { return nil }
        if latest(of: closedTicks[tick(time)]) == observation { return .some(.duplicate) }
        if time > now + skew { return .some(.ahead) }
        lateRun = []
        if time >= newest!.time.nanoseconds { (newest, arrival, isStale) = (observation, now, false) }
        let timeBefore = count < line.count ? last * period : .min
        line.removeLast(line.count - count)
        (known, last, isAnew, scale) = (before.known, before.last, before.isAnew, before.scale)
        past.removeLast(past.count - before.pastCount)
        closedTicks[tick(time), default: []].append(observation)
        for tick in tick(time)...closed { open[tick] = closedTicks[tick] }
        let passed = made.count
        makeKnown(through: closed)
        while policy.fill != .skip, let known, last * period < timeBefore, last - known.tick < limit {
            impute(nil)
        }
        makeSilent()
        let anew = made[passed...].filter { $0.isStale || $0.time >= timeBefore }.map { tick in
            var tick = tick
            tick.isRevised = !tick.isStale && tick.time == timeBefore
            return tick
        }
        made.replaceSubrange(passed..., with: anew)
        return .some(nil)
    }

    private var before: Before {
        Before(known: known, last: last, isAnew: isAnew, pastCount: past.count, scale: scale)
    }

    private func take(_ observation: Observation, at now: Int64) {
        let time = observation.time.nanoseconds
        if period == 0 {
            if policy.lateness == 0 || newest == nil {
                makeEvent(observation, at: now)
            } else {
                wait(observation, at: now)
            }
            return
        }
        if newest == nil || observation.time >= newest!.time {
            (newest, arrival) = (observation, now)
            close(reaching: min(time, reach(time)))
        }
        open[tick(time), default: []].append(observation)
    }

    /// Closes what everything up to `time` has come for.
    func close(reaching time: Int64) {
        makeKnown(through: tick(time - lateness) - 1)
        closed = max(closed, tick(time - lateness) - 1)
    }

    private func wait(_ observation: Observation, at now: Int64) {
        if waiting.allSatisfy({ $0.time <= observation.time }) { waitingSince = now }
        // Sorting keeps the order of equal times.
        waiting = (waiting + [observation]).sorted { $0.time < $1.time }
        if waiting.count == 64 { makeEvent(waiting.removeFirst(), at: waitingSince) }
        releaseDue(at: now)
    }

    private func releaseDue(at now: Int64) {
        guard let newest = waiting.last else { return }
        let silence = max(0, now - waitingSince)
        let time = newest.time.nanoseconds - max(0, policy.lateness - silence)
        while let first = waiting.first, first.time.nanoseconds <= time || times.count >= 30 {
            makeEvent(waiting.removeFirst(), at: waitingSince)
        }
    }

    private func makeEvent(_ observation: Observation, at now: Int64) {
        let time = observation.time.nanoseconds
        append(Tick(time: time, value: observation.value, period: 0, isReset: isAnew))
        isAnew = false
        if policy.every == .auto { learn(time) }
        (newest, arrival) = (observation, now)
        if period > 0 {
            known = (tick(time), observation.value)
            (last, closed) = (tick(time), tick(time))
        }
    }

    private func learn(_ time: Int64) {
        times.append(time)
        guard times.count >= 30, waiting.isEmpty else { return }
        let first = times.prefix(30)
        let steps = zip(first.dropFirst(), first).map { Double($0 - $1) / 1e6 }.filter { $0 > 0 }.sorted()
        times = [time]
        guard steps.count >= 15 else { return }
        let median = (steps[(steps.count - 1) / 2] + steps[steps.count / 2]) / 2
        let usual: [Double] = [
            1, 2, 5, 10, 20, 25, 40, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000,
            60_000,
        ]
        if let near = usual.first(where: { abs($0 / median - 1) <= 0.1 }) {
            period = Int64(near * 1e6)
        } else if median >= 1 {
            var unit = 1.0
            while median / unit >= 100 { unit *= 10 }
            period = Int64((median / unit).rounded() * unit * 1e6)
        }
    }

    func passTime(to now: Int64) {
        releaseDue(at: now)
        guard let newest, period > 0, !isStale else { return }
        let time = newest.time.nanoseconds
        let through = tick(time + max(0, now - arrival) - lateness - policy.wait - period) - 1
        guard through > closed else { return }
        makeKnown(through: through)
        closed = through
        makeSilent()
    }

    /// Makes the missing ticks after the newest observation that are closed.
    private func makeSilent() {
        guard let newest, closed >= tick(newest.time.nanoseconds), let known else { return }
        while policy.fill != .skip && last < closed && last - known.tick < limit { impute(nil) }
        if closed - known.tick > limit && !isStale {
            isStale = true
            made.append(
                Tick(
                    time: (known.tick + limit + 1) * period, value: known.value, period: period,
                    isImputed: true, gap: limit, isStale: true))
        }
    }

    /// Makes the ticks with observations up to `through`, and those that are missing before each.
    private func makeKnown(through: Int64) {
        for tick in open.keys.sorted() where tick <= through {
            let observations = open.removeValue(forKey: tick)!
            let value = joined(observations)
            closedTicks[tick] = observations
            var before = before
            var isTooLong = false
            var gap: Int64 = 0
            if let known {
                gap = tick - known.tick - 1
                isTooLong = gap > limit
                while !isTooLong && policy.fill != .skip && last + 1 < tick { impute((tick, value)) }
                before = self.before
                for _ in 0..<min(tick - last - 1, 1000) { past.append(.empty) }
            }
            append(
                Tick(
                    time: tick * period, value: value, period: period, gap: gap, isReset: isTooLong || isAnew,
                    isStateReset: isTooLong && policy.renewal == .reset))
            line.append((tick, false, before))
            known = (tick, value)
            last = tick
            isAnew = false
        }
    }

    private func joined(_ observations: [Observation]) -> Double {
        join(observations, policy.aggregate)
    }

    func join(_ observations: [Observation], _ aggregate: TimePolicy.Aggregate) -> Double {
        let values = observations.map(\.value)
        switch aggregate {
        case .last: return latest(of: observations)!.value
        case .mean: return values.reduce(0, +) / Double(values.count)
        case .min: return values.min()!
        case .max: return values.max()!
        case .sum: return values.reduce(0, +)
        }
    }

    private func impute(_ target: (tick: Int64, value: Double)?) {
        let known = known!
        line.append((last + 1, true, before))
        last += 1
        var tick = Tick(
            time: last * period, value: known.value, fallback: known.value, period: period, isImputed: true,
            gap: last - known.tick - 1)
        switch policy.fill {
        case .linear:
            guard let target else { break }
            let share = Double(last - known.tick) / Double(target.tick - known.tick)
            tick.value = known.value * (1 - share) + target.value * share
        case .seasonal:
            guard past.count >= policy.season else { break }
            switch past[past.count - policy.season] {
            case .observed(let value), .imputed(let value): tick.value = value
            case .empty: break
            }
        case .forecast: tick.value = .nan
        case .hold, .skip: break
        }
        append(tick)
    }

    private func append(_ tick: Tick) {
        past.append(tick.isImputed ? .imputed(tick.value) : .observed(tick.value))
        if !tick.isImputed, observed.count > 1 || past.count == 1 {
            let mean = observed.reduce(0, +) / Double(observed.count)
            let squares = observed.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
            scale = (mean, (squares / Double(observed.count)).squareRoot())
        }
        made.append(tick)
        made[made.count - 1].scale = scale
        onTick(tick)
    }

    /// The ticks that the stream's rolling window must have.
    var window: ArraySlice<WindowTick> { past.suffix(policy.windowLength) }

    /// The observed values in it.
    var observed: [Double] {
        window.compactMap { tick in
            if case .observed(let value) = tick { value } else { nil }
        }
    }
}
