// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Finds after how many ticks the values of a stream are alike.
///
/// With every value y the mean square D_k of y_t - y_{t-k} is brought up to date for all lags k, steady drift taken off.
/// Where running means over k values are taken off the stream, what is left has at the j-th season the autocorrelation
///
///     r_j = (mean of D over the k lags about jk - D_jk) / mean of D over the k lags about 0
///
/// which is 0 for noise and for a random walk, and 1 for a season and nothing else. k counts if the stream has come five
/// times as far, D_k is less than some D before it, and r_1 to r_4, as far as they are known, lie within a factor of .6;
/// their mean must be above .15, and after n values above 3/√n and .6 √(k/n). The best k is taken, or else a whole part of it that
/// comes to 9 tenths of that. Streams are looked at when they are 1.25 times as long as last time, and a season is found
/// when it is the same, to 1 in 90, three times running.
package struct SeasonLearner {
    /// The longest season looked for, in ticks.
    package let limit: Int

    /// Makes a learner.
    package init(limit: Int) { self.limit = limit }

    /// What of a stream is not a sum by lag.
    private struct State {
        /// Values so far, and how many there are to be when the season is next looked for.
        var count = 0.0
        var next = 0.0
        /// The sum of distances from the mean.
        var distance = 0.0
        /// The sum of differences to the value before.
        var drift = 0.0
        /// The season that the last look gave, 0 for none, and how many looks running gave it.
        var season = 0
        var agreement = 0
    }

    /// The longest lag: two and a half seasons, so that two can be seen with what lies about them.
    package var reach: Int { 5 * limit / 2 + 1 }
    private static let stateLength = (MemoryLayout<State>.stride + 7) / 8
    /// Doubles of memory that a stream takes, zero before the first value: the state, then for each lag the sum of
    /// squares and their number.
    package var length: Int { Self.stateLength + 2 * (reach + 1) }
    /// Doubles to compute in.
    package var scratchLength: Int { reach + limit + 3 }

    private static let firstLook = 64.0
    private static let agreementNeeded = 3
    /// Mean distances from the mean that a difference counts at most, so that a few values cannot hide the season.
    private static let clip = 5.0

    /// Takes in a value.
    ///
    /// - Parameters:
    ///   - mean: The stream's mean so far.
    ///   - past: The value so many places back, up to `reach`; NaN where there is none.
    /// - Returns: The season, once it is found, else 0.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, _ value: Double, mean: Double,
        scratch: UnsafeMutablePointer<Double>, past: (Int) -> Double
    ) -> Int {
        let kept = UnsafeMutableRawPointer(memory)
        var state = kept.load(as: State.self)
        let (sums, counts) = (memory + Self.stateLength, memory + Self.stateLength + reach + 1)
        state.count += 1
        state.distance += abs(value - mean)
        let most = Self.clip * state.distance / state.count
        for lag in 1...reach {
            let difference = min(max(value - past(lag), -most), most)
            guard !difference.isNaN else { continue }
            sums[lag] += difference * difference
            counts[lag] += 1
            if lag == 1 { state.drift += difference }
        }
        defer { kept.storeBytes(of: state, as: State.self) }
        guard state.count >= max(state.next, Self.firstLook) else { return 0 }
        state.next = 1.25 * state.count
        let season = season(state, sums, counts, scratch)
        let isSame = season > 0 && 90 * abs(season - state.season) <= season
        state.agreement = season == 0 ? 0 : isSame ? state.agreement + 1 : 1
        state.season = season
        return state.agreement == Self.agreementNeeded ? season : 0
    }

    /// The season that the sums show; 0 for none.
    private func season(
        _ state: State, _ sums: UnsafePointer<Double>, _ counts: UnsafePointer<Double>,
        _ scratch: UnsafeMutablePointer<Double>
    ) -> Int {
        let count = Int(min(state.count, 1e9))
        let (top, far) = (min(limit, count / 5), min(reach, count / 2))
        let table = Variogram(scratch, reach: far)
        let drift = counts[1] > 0 ? state.drift / counts[1] : 0
        for lag in 1...far {
            // A lag that few pairs of values have says nothing: it counts as the one before.
            let isKnown = 4 * counts[lag] >= state.count
            let step = drift * Double(lag)
            table.append(lag, isKnown ? sums[lag] / counts[lag] - step * step : table[lag - 1])
        }
        let scores = scratch + far + 2
        var (best, highest) = (0, 0.0)
        scores.update(repeating: 0, count: top + 1)
        for lag in 2...top {
            highest = max(highest, table[lag - 1])
            if table[lag] < highest { scores[lag] = table.autocorrelation(lag) }
            if scores[lag] > scores[best] { best = lag }
        }
        let seasons = state.count / Double(best)
        let least = max(0.15, 3 / state.count.squareRoot(), 0.6 / seasons.squareRoot())
        guard best > 0, scores[best] > least else { return 0 }
        return Self.fundamental(of: best, scores)
    }

    /// The shortest lag that goes a whole number of times into `best` and is nearly as good.
    private static func fundamental(of best: Int, _ scores: UnsafePointer<Double>) -> Int {
        for parts in stride(from: best / 2, to: 1, by: -1) {
            let middle = (best + parts / 2) / parts
            let near = max(2, middle - 1)...min(best - 1, middle + 1)
            let lag = near.max { scores[$0] < scores[$1] } ?? best
            if scores[lag] >= 0.9 * scores[best] { return lag }
        }
        return best
    }
}

/// Mean squares D of the differences by lag, and their sums, in memory that is the caller's.
private struct Variogram {
    /// The sum of D over the lags below.
    private let sums: UnsafeMutablePointer<Double>
    private let reach: Int

    init(_ scratch: UnsafeMutablePointer<Double>, reach: Int) {
        sums = scratch
        self.reach = reach
        (sums[0], sums[1]) = (0, 0)
    }

    /// D of the next lag.
    func append(_ lag: Int, _ square: Double) { sums[lag + 1] = sums[lag] + square }

    subscript(lag: Int) -> Double { sums[lag + 1] - sums[lag] }

    /// The mean of r_1 to r_4 of a lag, as far as they are known; 0 where they are not alike.
    func autocorrelation(_ lag: Int) -> Double {
        let half = lag / 2
        // Of an even number of lags the two at the ends count half each.
        let end = lag.isMultiple(of: 2) ? 0.5 : 0
        let first = 2 * (sums[half + 1] - end * self[half]) / Double(lag)
        guard first > 0 else { return 0 }
        var (sum, least, most, count) = (0.0, Double.infinity, -Double.infinity, 0)
        while count < 4, (count + 1) * lag + half <= reach {
            count += 1
            let middle = count * lag
            let about = sums[middle + half + 1] - sums[middle - half]
            let ends = end * (self[middle - half] + self[middle + half])
            let depth = ((about - ends) / Double(lag) - self[middle]) / first
            (sum, least, most) = (sum + depth, min(least, depth), max(most, depth))
        }
        return count > 1 && least >= 0.6 * most ? sum / Double(count) : 0
    }
}
