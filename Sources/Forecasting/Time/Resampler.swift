// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The time line of one stream: observations in, ticks out.
///
/// A state machine without clock or memory of its own; its open ticks lie in a table beside it. After an
/// observation or the passing of time, `next` gives the ticks that are made by it, one by one, until it gives nil;
/// only then may the next observation come.
///
///     ticks   ... known ... last ... closing ... newest
///                 the last  the last  through    that of the
///                 observed  made      here no    newest
///                 one       one       more come  observation
struct Resampler {
    /// Nanoseconds from tick to tick; 0 while each observation is a tick.
    private(set) var period: Int64 = 0
    /// The observation with the latest time.
    private(set) var newest: Observation
    /// The clock's time when it came.
    private var arrival: Timestamp
    /// The newest tick that had observations and was made, and its value.
    var known: Int64 = 0
    var knownValue = 0.0
    var hasKnown = false
    /// The newest tick that was made, or the one before the first.
    var last: Int64 = 0
    /// Ticks up to here take no observations any more.
    var closing: Int64 = 0
    /// Ticks up to here have been made or are known to be empty.
    var scanned: Int64 = 0
    /// The newest tick that has had observations.
    var opened: Int64 = 0
    /// An observation that goes into its tick once all that it closes are made.
    var waiting: Observation?
    /// Whether `waiting` begins a new time line.
    var isTurning = false
    /// Whether the next tick begins a new time line.
    var isAnew = false
    /// Ticks up to here were made before, and are made anew at once.
    var madeBefore = Int64.min
    /// Whether it was said that values no longer come.
    var isStale = false
    /// Different times of late observations in a row, none earlier than the one before, and the last of them.
    private var lateCount = 0
    private var lateTime = Timestamp(nanoseconds: 0)

    /// Times of late observations in a row that are taken for a clock that was set back.
    static let turningCount = 5

    /// Begins a time line on which each observation is a tick with the first observation, which is one.
    init(first: Observation, at now: Timestamp) {
        newest = first
        arrival = now
    }

    /// Begins a time line on a grid of `period` nanoseconds with the first observation, which `next` takes in.
    init(first: Observation, at now: Timestamp, period: Int64) {
        self.init(first: first, at: now)
        self.period = period
        begin(with: first)
        waiting = first
    }

    /// Whether the time line has a grid.
    var isOnGrid: Bool { period != 0 }

    var grid: Grid { Grid(period: period) }

    mutating func begin(with observation: Observation) {
        newest = observation
        last = grid.tick(of: observation.time) - 1
        (closing, scanned, opened) = (last, last, last)
        (hasKnown, madeBefore) = (false, .min)
    }
}

extension Resampler {
    /// Ticks up to here are made, or will never be, when `next` has given nil.
    func settled(_ policy: TimePolicy) -> Int64 {
        let mayBeFilled =
            hasKnown && policy.fill != .skip && closing - known <= policy.limitTicks(period: period)
        return mayBeFilled ? last : closing
    }
}

// What comes in.
extension Resampler {
    /// The first time from `time` on that an observation without a time of its own can have.
    ///
    /// The clock that it has its time from may have been set back since the last one.
    func possibleTime(from time: Timestamp) -> Timestamp {
        let earliest = max(time, newest.time)
        return isOnGrid ? max(earliest, grid.start(of: closing + 1)) : earliest
    }

    /// Why an observation does not fit on the time line, if it does not.
    func refusal(of observation: Observation, _ openTicks: borrowing OpenTickTable, row: Int) -> Refusal? {
        guard isOnGrid else {
            if observation.time < newest.time { return .late }
            return observation == newest && !observation.isTimedByArrival ? .duplicate : nil
        }
        guard observation.time >= Grid.range.lowerBound else { return .late }
        guard observation.time <= Grid.range.upperBound else { return .ahead }
        let tick = grid.tick(of: observation.time)
        guard tick > closing else { return .late }
        let newestTick = grid.tick(of: newest.time)
        guard tick <= newestTick else { return nil }
        return isAgain(observation, openTicks, row: row) ? .duplicate : nil
    }

    /// Whether an observation is the newest of its tick again.
    func isAgain(_ observation: Observation, _ openTicks: borrowing OpenTickTable, row: Int) -> Bool {
        let tick = openTicks[row, grid.tick(of: observation.time), grid]
        return tick.count > 0 && tick.newest == observation && !observation.isTimedByArrival
    }

    /// Whether an observation that came late shows that the sender's clock was set back.
    ///
    /// What lies after the newest observation is late only because time passed without it: the sender is later than
    /// was thought, which `waitsLonger` heeds. Where each observation is a tick, one that lies no more than `skew`
    /// nanoseconds before the newest shows nothing: such a stream is in order again after that time at the latest.
    mutating func turns(at time: Timestamp, skew: Int64) -> Bool {
        let reach = isOnGrid ? 0 : Double(skew) * 1e-9
        guard newest.time.seconds(since: time) > reach && time >= Grid.range.lowerBound else { return false }
        if lateCount == 0 || time < lateTime {
            lateCount = 1
        } else if time > lateTime {
            lateCount += 1
        }
        lateTime = time
        return lateCount >= Self.turningCount
    }

    /// Counts silence from a late observation on if it lies after the newest; gives whether it does.
    ///
    /// Else a sender that is a little later than before would be late for ever.
    mutating func waitsLonger(after observation: Observation, at now: Timestamp) -> Bool {
        guard isOnGrid && observation.time > newest.time && observation.time <= Grid.range.upperBound
        else { return false }
        newest = observation
        arrival = now
        return true
    }

    /// Takes in an observation that is a tick of its own.
    mutating func takeEvent(_ observation: Observation, at now: Timestamp) {
        newest = observation
        arrival = now
    }

    /// Begins to count late observations in a row anew, because one that is not late has come.
    mutating func endLateRow() { lateCount = 0 }

    /// Takes in an observation that was not refused; `close` says what it closes.
    mutating func take(_ observation: Observation, at now: Timestamp) {
        lateCount = 0
        isStale = false
        waiting = observation
        guard observation.time >= newest.time else { return }
        newest = observation
        arrival = now
    }

    /// Closes the ticks that everything up to `time` has come for, but for what is late; `next` gives them.
    mutating func close(reaching time: Timestamp, _ policy: TimePolicy) {
        let reach = Timestamp(nanoseconds: time.nanoseconds - policy.lateness(period: period))
        closing = max(closing, grid.tick(of: reach) - 1)
    }

    /// Begins a new time line with an observation, after all open ticks; `next` gives those.
    mutating func turn(with observation: Observation, at now: Timestamp) {
        lateCount = 0
        isStale = false
        waiting = observation
        isTurning = true
        arrival = now
        closing = max(closing, grid.tick(of: newest.time))
    }

    /// Goes over to a grid after an observation that was a tick of its own.
    mutating func learn(period: Int64) {
        self.period = period
        known = grid.tick(of: newest.time)
        knownValue = newest.value
        hasKnown = true
        (last, closing, scanned, opened) = (known, known, known, known)
    }
}

// What comes late and is still taken in.
extension Resampler {
    /// How far the making of ticks has come.
    struct Progress {
        var known: Int64
        var knownValue: Double
        var hasKnown: Bool
        var last: Int64
        var isAnew: Bool
        /// Whether the last tick that was made stood in for a missing one.
        var isFilling: Bool { hasKnown && last > known }
    }

    /// How far the making of ticks has come; late observations set it back.
    var progress: Progress {
        get {
            Progress(known: known, knownValue: knownValue, hasKnown: hasKnown, last: last, isAnew: isAnew)
        }
        set {
            (known, knownValue, hasKnown) = (newValue.known, newValue.knownValue, newValue.hasKnown)
            (last, isAnew) = (newValue.last, newValue.isAnew)
        }
    }

    /// The tick of an observation that is late, if it is one of the last `limit` that are closed.
    func tick(of observation: Observation, within limit: Int) -> Int64? {
        guard isOnGrid && Grid.range.contains(observation.time) else { return nil }
        let tick = grid.tick(of: observation.time)
        return tick > closing - Int64(limit) ? tick : nil
    }

    /// Takes a late observation into its tick, which is not made yet or was set back over; `next` gives it.
    mutating func takeLate(
        _ observation: Observation, at now: Timestamp, _ policy: TimePolicy,
        _ openTicks: inout OpenTickTable, row: Int
    ) {
        lateCount = 0
        let tick = grid.tick(of: observation.time)
        openTicks[row, tick, grid].add(observation, aggregate: policy.aggregate)
        opened = max(opened, tick)
        scanned = tick - 1
        guard observation.time >= newest.time else { return }
        isStale = false
        newest = observation
        arrival = now
    }
}

// What passes without an observation.
extension Resampler {
    /// When the next tick is closed though nothing comes; nil if nothing is due any more.
    func deadline(_ policy: TimePolicy) -> Timestamp? {
        guard isOnGrid && !isStale else { return nil }
        let remaining =
            grid.start(of: closing + 2).nanoseconds + policy.patience(period: period)
            - newest.time.nanoseconds
        let (sum, overflow) = arrival.nanoseconds.addingReportingOverflow(remaining)
        return overflow ? nil : Timestamp(nanoseconds: sum)
    }

    /// Closes the ticks that are due at `now`; `next` gives those that are made by it.
    mutating func passTime(at now: Timestamp, _ policy: TimePolicy) {
        let (elapsed, overflow) = now.nanoseconds.subtractingReportingOverflow(arrival.nanoseconds)
        let silence = overflow ? Grid.longestSilence : min(max(elapsed, 0), Grid.longestSilence)
        let reach = Timestamp(
            nanoseconds: newest.time.nanoseconds + silence - policy.patience(period: period))
        closing = max(closing, grid.tick(of: reach) - 1)
    }
}
