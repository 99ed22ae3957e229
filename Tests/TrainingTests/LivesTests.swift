// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import Testing
import Training

/// Windows that follow each other, the state that they carry, and errors in each series' own measure.
struct LivesTests {
    /// Windows of 10 ticks: one long run in series 4; three runs in series 7, of which one holds a single window.
    @Test func aLifeIsARunOfWindows() {
        let (window, runs) = (10, [4: [0..<101], 7: [5..<30, 40..<41, 60..<75]])
        var windows = WindowSet()
        for (series, runs) in runs.sorted(by: { $0.key < $1.key }) {
            windows.append(series: series, starts: runs.flatMap { $0.map(Int32.init) })
        }
        let seed: UInt64 = 11
        var random = SplitMix64(seed: seed)
        var lives = Lives(places: 6, window: window)
        var last = [WindowSet.Origin?](repeating: nil, count: 6)
        var (length, lengths) = ([Int](repeating: 0, count: 6), Set<Int>())
        for _ in 0..<4000 {
            for (place, origin) in lives.next(of: windows, using: &random).enumerated() {
                #expect(runs[origin.series]?.contains { $0.contains(origin.start) } == true, "seed \(seed)")
                if origin.continues {
                    #expect(
                        origin.series == last[place]?.series && origin.start == last[place]!.start + window)
                    let run = runs[origin.series]?.first { $0.contains(origin.start) }
                    #expect(run?.contains(origin.start - window) == true, "a life ends before a gap")
                    length[place] += 1
                } else {
                    if length[place] > 0 { lengths.insert(length[place]) }
                    length[place] = 1
                }
                last[place] = origin
            }
        }
        // All that fit: starts 0, 10, … 100 are eleven windows.
        #expect(lengths == Set(1...11), "seed \(seed)")
    }

    /// A window's loss in one piece, and in two of which one continues the other.
    @Test func aWindowThatContinuesBeginsWithTheStateBefore() throws {
        let scaled = TrainerTests.sines(3, rows: 200, seed: 8).map {
            ScaledSeries($0, halfLife: 24, targetLimit: 8)
        }
        var options = TrainerTests.options()
        (options.isStateful, options.window, options.huberDelta) = (true, 40, 0.5)
        let scales = scaled.map { $0.errorScales(in: 0..<200, horizon: 4) }
        let layout = ParameterLayout(options.shape)
        let parameters = AlignedFloats(count: layout.count)
        let gradient = AlignedFloats(count: layout.count)
        var random = SplitMix64(seed: 9)
        for index in 0..<layout.count { parameters.start[index] = Float(0.5 * random.normal()) }
        // More than a group of lanes.
        let starts = (0..<11).map { WindowSet.Origin(series: $0 % 3, start: 7 * $0) }
        let whole = BatchLoss(scaled, errorScales: scales, options: options, threads: 1)
            .loss(parameters, of: starts)
        options.window = 20
        let batchLoss = BatchLoss(scaled, errorScales: scales, options: options, threads: 2)
        func second(continues: Bool) -> [WindowSet.Origin] {
            starts.map { .init(series: $0.series, start: $0.start + 20, continues: continues) }
        }
        let first = batchLoss.loss(parameters, of: starts, gradient: gradient)
        // A validation between two batches has no part in their state.
        _ = batchLoss.loss(parameters, of: starts)
        let carried = batchLoss.loss(parameters, of: second(continues: true), gradient: gradient)
        #expect(abs((first + carried) / 2 / whole - 1) < 1e-6)
        let fresh = batchLoss.loss(parameters, of: second(continues: false), gradient: gradient)
        #expect(fresh == batchLoss.loss(parameters, of: second(continues: false)))
        #expect(abs((first + fresh) / 2 / whole - 1) > 1e-3)
    }

    /// 1 / (the mean absolute target + a floor), against sums written down plainly.
    @Test func errorsAreMeasuredInAMeanChange() {
        var random = SplitMix64(seed: 10)
        var values = (0..<300).map { 50 + 3 * random.normal() + ($0 == 200 ? 1e6 : 0) }
        values[90] = .nan
        let scales = ScaledSeries(Series(name: "a", values: values), halfLife: 12, targetLimit: 2)
            .errorScales(in: 20..<150, horizon: 5)
        for ahead in 1...5 {
            var changes: [Double] = []
            var (mean, variance, count) = (0.0, 0.0, 0.0)
            for row in 0..<150 where values[row].isFinite {
                count += 1
                let weight = max(1 - exp2(-1 / 12), 1 / count)
                let error = values[row] - mean
                if count == 1 { mean = values[row] } else { mean += weight * error }
                if count > 1 { variance = (1 - weight) * (variance + weight * error * error) }
                guard row >= 20, values[row + ahead].isFinite else { continue }
                changes.append(min(2, abs(values[row + ahead] - values[row]) / variance.squareRoot()))
            }
            let expected = 1 / (changes.reduce(0, +) / Double(changes.count) + 0.03)
            #expect(abs(Double(scales[ahead - 1]) / expected - 1) < 1e-5, "\(ahead) ahead")
        }
        let constant = ScaledSeries(
            Series(name: "b", values: Array(repeating: 7, count: 50)), halfLife: 12, targetLimit: 2)
        for scale in constant.errorScales(in: 0..<50, horizon: 2) { #expect(abs(scale * 0.03 - 1) < 1e-6) }
    }
}
