// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Streams without anomalies, each value with the best forecast there is for it.
enum Noise: String, CaseIterable {
    case gaussian, laplace, heavyTailed, seasonal, restlessByDay, autoregressive, randomWalk, rising

    func values(_ count: Int, seed: UInt64) -> [(value: Double, forecast: Double)] {
        var generator = SeededGenerator(seed: seed)
        var last = 0.0
        return (0..<count).map { tick in
            let wave = sin(2 * .pi * Double(tick) / 96)
            let forecast: Double =
                switch self {
                case .gaussian, .laplace, .heavyTailed: 0
                case .seasonal, .restlessByDay: 5 * wave
                case .autoregressive: 0.95 * last
                case .randomWalk: last
                case .rising: 0.01 * Double(tick)
                }
            last = forecast + residual(wave, &generator)
            return (last, forecast)
        }
    }

    private func residual(_ wave: Double, _ generator: inout SeededGenerator) -> Double {
        func uniform() -> Double { .random(in: 1e-12..<1, using: &generator) }
        func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
        switch self {
        case .laplace: return (uniform() < 0.5 ? -1 : 1) * -log(uniform())
        case .heavyTailed:  // Student's t with three degrees of freedom
            let squares = (0..<3).reduce(0.0) { sum, _ in sum + pow(normal(), 2) }
            return normal() / (squares / 3).squareRoot()
        case .restlessByDay: return normal() * (0.2 + 2 * max(0, wave))
        default: return normal()
        }
    }
}
