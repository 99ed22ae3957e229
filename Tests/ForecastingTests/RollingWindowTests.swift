// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// Rolling windows against the whole history, of which the last ticks are looked at anew each time.
struct RollingWindowTests {
    /// A stream's ticks from the first on, as a window must have the last of them.
    struct History {
        let length: Int
        /// A tick's value, NaN for none, and whether it was observed.
        var ticks: [(value: Double, isObserved: Bool)] = []
        /// Ticks before the window was emptied last.
        var forgotten = 0
        var window: ArraySlice<(value: Double, isObserved: Bool)> {
            ticks.suffix(min(length, ticks.count - forgotten))
        }
        var observed: [Double] { window.filter(\.isObserved).map(\.value) }
    }

    /// What values look like.
    enum Kind: CaseIterable {
        case noise, noiseOnMuch, few, zeros, anySize

        func draw(_ generator: inout SeededGenerator) -> Double {
            switch self {
            case .noise: .random(in: -5...5, using: &generator)
            case .noiseOnMuch: 1e9 + .random(in: -1...1, using: &generator)
            case .few: Double(Int.random(in: 0...9, using: &generator))
            case .zeros: Bool.random(using: &generator) ? 0 : -0.0
            case .anySize: exp10(.random(in: -150...150, using: &generator))
            }
        }

        private func exp10(_ power: Double) -> Double {
            var result = 1.0
            for _ in 0..<Int(abs(power)) { result *= 10 }
            return power < 0 ? 1 / result : result
        }
    }

    static func expectSame(_ window: RollingWindow, _ history: History, _ comment: Comment) {
        let ticks = history.window
        #expect(window.count == ticks.count, comment)
        for (back, tick) in zip(1..., ticks.reversed()) {
            let isSame =
                window.value(back: back).bitPattern == tick.value.bitPattern
                && window.isObserved(back: back) == tick.isObserved
            if !isSame { Issue.record("\(comment), tick \(back) from the end") }
        }
        let values = history.observed
        #expect(window.observedCount == values.count, comment)
        guard !values.isEmpty else {
            #expect(window.minimum == nil && window.maximum == nil && window.quantile(0.5) == nil, comment)
            return
        }
        // Of zeros, -0 comes first.
        let sorted = values.sorted { $0 < $1 || ($0 == $1 && $0.sign == .minus && $1.sign == .plus) }
        #expect(window.minimum?.bitPattern == sorted.first?.bitPattern, comment)
        #expect(window.maximum?.bitPattern == sorted.last?.bitPattern, comment)
        for share in [0, 0.01, 0.25, 0.5, 0.9, 0.999, 1] {
            #expect(window.quantile(share)?.bitPattern == quantile(share, sorted).bitPattern, comment)
        }
        expectSameMoments(window, values, comment)
    }

    static func quantile(_ share: Double, _ sorted: [Double]) -> Double {
        let position = share * Double(sorted.count - 1)
        let (low, part) = (Int(position), position - Double(Int(position)))
        let (left, right) = (sorted[low], sorted[min(low + 1, sorted.count - 1)])
        if part == 0 { return left }
        return part < 0.5 ? left + (right - left) * part : right - (right - left) * (1 - part)
    }

    /// Sums of differences from one of the values, whose sum's own rounding is taken out again.
    static func expectSameMoments(_ window: RollingWindow, _ values: [Double], _ comment: Comment) {
        let (mean, deviation) = window.meanAndDeviation
        let count = Double(values.count)
        let differences = values.map { $0 - values[0] }
        let shift = differences.reduce(0, +) / count
        let rest = differences.reduce(0) { $0 + ($1 - shift) } / count
        let squares = differences.reduce(0) { $0 + ($1 - shift) * ($1 - shift) } / count - rest * rest
        let expected = (values[0] + shift, squares.squareRoot())
        let size = values.map(abs).max()!
        #expect(abs(mean - expected.0) <= 1e-12 * size, comment)
        #expect(
            abs(deviation - expected.1) <= 1e-12 * expected.1, "\(comment): \(deviation), \(expected.1)")
    }

    /// A window, what it must be, and what both were before the newest steps.
    struct Pair {
        let window: RollingWindow
        var history: History
        private var log: [(position: RollingWindow.Position, count: Int, forgotten: Int, hasGap: Bool)] = []

        init(_ window: RollingWindow, length: Int) {
            self.window = window
            history = History(length: length)
        }

        /// Appends a tick, or now and then a gap before it or none after all.
        mutating func step(_ value: Double, _ generator: inout SeededGenerator) {
            let event = Int.random(in: 0..<1000, using: &generator)
            let hasGap = event < 5 && !log.contains(where: \.hasGap)
            log.append((window.position, history.ticks.count, history.forgotten, hasGap))
            if hasGap {
                let gap = Int.random(in: 0...2 * min(history.length, 300), using: &generator)
                history.ticks += Array(repeating: (.nan, false), count: min(gap, history.length))
                window.appendEmpty(Int64(gap))
            }
            history.ticks.append((value, !(5..<40).contains(event)))
            window.append(value, isObserved: history.ticks.last!.isObserved)
            guard event == 999 else { return }
            history.forgotten = history.ticks.count
            window.removeAll()
        }

        /// Takes back some of the newest steps; of more than `reach` it is not known what was before.
        mutating func goBack(reach: Int, _ generator: inout SeededGenerator) {
            log = log.suffix(reach)
            guard Int.random(in: 0..<30, using: &generator) == 0 else { return }
            for _ in 0..<Int.random(in: 0...log.count, using: &generator) {
                let entry = log.removeLast()
                history.ticks.removeLast(history.ticks.count - entry.count)
                history.forgotten = entry.forgotten
                window.goBack(to: entry.position)
            }
        }
    }

    /// A million ticks in all; looked at after each few of them.
    @Test(arguments: [1, 2, 7, 63, 64, 65, 130, 1000, 20_000], Kind.allCases)
    func equalsARecomputation(length: Int, kind: Kind) {
        var generator = SeededGenerator(seed: UInt64(length))
        for reach in [0, 9] {
            let table = RollingWindowTable(rowCount: 1, layouts: [WindowLayout(length: length, reach: reach)])
            var pair = Pair(table[slot: 0, rule: 0], length: length)
            for step in 0..<(length < 20_000 ? 10_000 : 30_000) {
                pair.step(kind.draw(&generator), &generator)
                pair.goBack(reach: reach, &generator)
                if step % (length < 200 ? 7 : 1499) == 0 {
                    Self.expectSame(
                        pair.window, pair.history, "\(kind), length \(length), reach \(reach), step \(step)")
                }
            }
        }
    }

    /// A gap as long as the window can be taken back with the ticks after it.
    @Test(arguments: [3, 64, 200]) func aLongGapIsTakenBack(length: Int) {
        let table = RollingWindowTable(rowCount: 2, layouts: [WindowLayout(length: length, reach: 5)])
        let window = table[slot: 1, rule: 0]
        var history = History(length: length)
        for value in 0..<3 * length + 17 {
            history.ticks.append((Double(value * value % 101), true))
            window.append(history.ticks.last!.value, isObserved: true)
        }
        for gap in [length - 1, length, 1_000_000] {
            let position = window.position
            window.appendEmpty(Int64(gap))
            for value in 0..<5 { window.append(Double(value), isObserved: true) }
            window.goBack(to: position)
            Self.expectSame(window, history, "length \(length), gap \(gap)")
        }
    }

    /// Rounding errors do not add up, as they do in running sums.
    @Test(arguments: [64, 1000]) func tenMillionTicksDoNotDrift(length: Int) {
        var generator = SeededGenerator(seed: 9)
        let table = RollingWindowTable(rowCount: 1, layouts: [WindowLayout(length: length)])
        let window = table[slot: 0, rule: 0]
        var newest: [Double] = []
        for step in 0..<10_000_000 {
            let value = step == 5_000_000 ? 1e200 : Kind.noiseOnMuch.draw(&generator)
            window.append(value, isObserved: true)
            if step >= 10_000_000 - length { newest.append(value) }
        }
        Self.expectSame(window, History(length: length, ticks: newest.map { ($0, true) }), "length \(length)")
    }
}
