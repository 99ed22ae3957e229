// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How a stream's values are brought to the size that its model was trained on.
public enum Scaling: Sendable, Equatable {
    /// The model sees the values as they are.
    case none
    /// The model sees `(value - mean) / deviation`; `deviation` is above 0.
    case fixed(mean: Double, deviation: Double)
    /// The model sees `(value - mean) / deviation`, clamped to ±8, with the stream's own exponentially
    /// weighted mean and deviation; `halfLife` is in ticks, above 0.
    case rolling(halfLife: Double)
    /// As `rolling`, with the mean and deviation of the observed values in the stream's window, which has at least two
    /// ticks.
    case window
}

/// The linear map between a stream's values and its model's, as it stands at one tick.
public struct Scale: Sendable, Equatable {
    /// The value that the model sees as 0.
    public var mean: Double
    /// The difference of values that the model sees as 1, above 0.
    public var deviation: Double
    /// The model's input lies within plus and minus this.
    public var limit: Float

    /// Makes a map.
    public init(mean: Double, deviation: Double, limit: Float) {
        self.mean = mean
        self.deviation = deviation
        self.limit = limit
    }

    /// Makes a map that never changes.
    ///
    /// - Precondition: The scaling follows no statistics.
    init(fixed scaling: Scaling) {
        switch scaling {
        case .none: self.init(mean: 0, deviation: 1, limit: .infinity)
        case .fixed(let mean, let deviation): self.init(mean: mean, deviation: deviation, limit: .infinity)
        case .rolling, .window: preconditionFailure("a scale that follows the stream has statistics")
        }
    }

    /// What becomes of statistics whose squares overflow: NaN reaches the model, and the stream is reset.
    static let overflown = Scale(mean: .nan, deviation: 1, limit: 8)

    /// What the model sees for `value`.
    public func input(_ value: Double) -> Float {
        min(max(Float((value - mean) / deviation), -limit), limit)
    }
}

/// One stream's running mean and variance, exponentially weighted.
///
/// With a = max(1 - 2^(-1/halfLife), 1/n) at the n-th value y:
/// e = y - m; m += a e; v = (1 - a)(v + a e²). So the first `halfLife` values count equally, and the figures
/// need no start value. West 1979, "Updating mean and variance estimates", with a constant weight.
public struct RollingStatistics: Sendable, Equatable, BitwiseCopyable {
    /// Values so far.
    public private(set) var count: UInt64 = 0
    /// The weighted mean, in the stream's unit; 0 before the first value.
    public private(set) var mean = 0.0
    /// The weighted variance, in the stream's unit squared.
    public private(set) var variance = 0.0

    /// Makes empty statistics.
    public init() {}

    /// Makes the statistics of values that count equally.
    init(_ moments: Moments) {
        count = UInt64(moments.count)
        mean = moments.mean
        variance = moments.variance
    }

    /// Takes in the next value.
    ///
    /// - Parameters:
    ///   - value: The value, finite.
    ///   - weight: The least weight of the newest value, `1 - 2^(-1/halfLife)`, in 0…1.
    /// - Returns: Whether mean and variance are still finite; squares of values near 1e155 overflow.
    public mutating func update(with value: Double, weight: Double) -> Bool {
        count += 1
        let weight = max(weight, 1 / Double(count))
        let error = value - mean
        mean += weight * error
        variance = (1 - weight) * (variance + weight * error * error)
        return isFinite
    }

    /// Whether mean and variance are finite.
    var isFinite: Bool { mean.isFinite && variance.isFinite }

    /// The map that brings the stream to mean 0 and deviation 1.
    ///
    /// The deviation has a floor, relative to the mean for the rounding noise of a constant stream.
    public var scale: Scale {
        Scale(
            mean: mean, deviation: max(variance.squareRoot(), 1e-6 * abs(mean), 1e-9), limit: 8)
    }

    /// The weight of the newest value for a half-life in ticks.
    public static func weight(halfLife: Double) -> Double { 1 - exp2(-1 / halfLife) }
}

extension Scaling: CustomStringConvertible {
    /// The scale as the configuration has it.
    public var description: String {
        switch self {
        case .none: "none"
        case .fixed(let mean, let deviation): "fixed (mean \(mean), std \(deviation))"
        case .rolling(let halfLife):
            "rolling (half-life \(Int(exactly: halfLife).map { "\($0)" } ?? "\(halfLife)") ticks)"
        case .window: "window"
        }
    }
}
