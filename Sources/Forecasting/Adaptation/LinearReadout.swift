// Part of forecastd. SPDX-License-Identifier: Apache-2.0

internal import CReadoutKernels
package import RecurrentKernels

/// A linear readout that learns by recursive least squares, with one inverse for all horizons, from targets that are
/// known only when their time has come.
///
/// On tick t, with features φ, targets y, forgetting λ, d features and the old features and gains of `horizon` ticks:
///
///     W_h += k_s (y_{s,h} - W_hᵀ φ_s)    for each h, s = t - h
///     k_t = P φ_t / (λ + φ_tᵀ P φ_t)
///     P = (P - k_t φ_tᵀ P) / λ
///     a ridge of weight (1 - λ) d on feature t mod d, into P and every W_h
///
/// The ridge keeps P bounded where features say nothing new. Its rows of memory are the caller's.
package struct LinearReadout {
    /// What the readout sees.
    package enum Source {
        /// The stream's own past.
        case past
        /// The model's state, and the stream's own past.
        case stateAndPast
        /// The model's state.
        case state
        /// The stream's own past, and what related streams were.
        case pastAndRelated
    }

    package let source: Source
    /// Doubles from one row of features to the next.
    package let stride: Int
    /// Doubles of memory that a stream takes.
    package let length: Int

    private let shape: readout_shape
    private let forgetting: readout_forgetting
    private let advance: readout_step_function

    /// Makes a readout.
    ///
    /// - Parameter factor: What a tick's weight is multiplied by with each tick after it, above 0, at most 1.
    package init(
        _ source: Source, featureCount: Int, horizon: Int, factor: Double,
        on instructionSet: InstructionSet = .best
    ) {
        precondition(featureCount >= 1 && horizon >= 1 && factor > 0 && factor <= 1)
        self.source = source
        advance = Self.advance(on: instructionSet)
        shape = readout_shape(features: Int32(featureCount), horizon: Int32(horizon))
        forgetting = readout_forgetting(factor: factor, ridge: (1 - factor) * Double(featureCount))
        stride = Int(readout_stride(shape))
        length = readout_length(shape)
    }

    private static func advance(on instructionSet: InstructionSet) -> readout_step_function {
        #if arch(x86_64)
            switch instructionSet {
            case .portable: return readout_step_portable
            case .avx2: return readout_step_avx2
            case .avx512: return readout_step_avx512
            }
        #else
            return readout_step_portable
        #endif
    }

    /// Forgets everything.
    package func reset(_ memory: UnsafeMutablePointer<Double>) { readout_reset(shape, memory) }

    /// Says what was learned in a unit `ratio` times as large, of which the targets and the features in `differences`
    /// count fewer; forecasts stay the same.
    package func rescale(_ memory: UnsafeMutablePointer<Double>, by ratio: Double, differences: Range<Int>) {
        let count = Int(shape.features)
        func factor(_ feature: Int) -> Double { differences.contains(feature) ? 1 / ratio : 1 }
        for row in 0..<count {
            let entries = memory + readout_inverse_row(Int32(row))
            for column in 0..<(row / 8 + 1) * 8 {
                entries[column] /= factor(row) * factor(min(column, count - 1))
            }
        }
        let weights = memory + readout_inverse_length(shape)
        let features = weights + Int(shape.horizon) * stride
        let gains = features + Int(shape.horizon) * stride
        for place in 0..<Int(shape.horizon) * stride where place % stride < count {
            let factor = factor(place % stride)
            weights[place] /= ratio * factor
            features[place] *= factor
            gains[place] /= factor
        }
    }

    /// Learns from `targets`, takes in `features`, and forecasts; all of them differences in units of the stream.
    ///
    /// - Parameters:
    ///   - memory: The stream's row, `length` doubles, aligned to 64 bytes, as are `features` and `scratch`.
    ///   - features: `stride` doubles, zero beyond the last feature.
    ///   - targets: One per horizon; NaN where it is not known.
    ///   - scratch: Three strides.
    package func step(
        _ memory: UnsafeMutablePointer<Double>, tick: UInt64, features: UnsafePointer<Double>,
        targets: UnsafePointer<Double>, scratch: UnsafeMutablePointer<Double>,
        forecasts: UnsafeMutablePointer<Double>
    ) {
        advance(shape, forgetting, memory, tick, features, targets, scratch, forecasts)
    }
}
