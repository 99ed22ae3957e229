// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CRecurrentKernels

/// What the layers' weights, and the inputs and hidden states that meet them, are rounded to.
///
/// Sums, cells, the state of streams and the readout are float32 in either case.
public enum Precision: String, CaseIterable, Sendable {
    /// 24 bits of significand: not rounded at all.
    case float32
    /// 8 bits of significand, to nearest even; runs on AVX-512 with BF16 alone.
    case bf16

    /// Those that this machine can run.
    public static var available: [Precision] {
        allCases.filter { $0 == .float32 || recurrent_bf16_is_available() }
    }

    /// Whether there is a step for vectors of `instructionSet`.
    func hasStep(for instructionSet: InstructionSet) -> Bool {
        self == .float32 || instructionSet == .avx512
    }

    /// How many lanes of the packed layout hold `count` weights of a row.
    func laneCount(_ count: Int) -> Int {
        switch self {
        case .float32: count
        case .bf16: (count + 1) / 2
        }
    }

    /// Lane number `index` of a row of weights: a weight, or the bits of a pair, the first in the lower half.
    func lane(_ index: Int, of row: some Collection<Float>) -> Float {
        func weight(_ k: Int) -> Float {
            k < row.count ? row[row.index(row.startIndex, offsetBy: k)] : 0
        }
        switch self {
        case .float32: return weight(index)
        case .bf16:
            let (low, high) = (weight(2 * index).bfloat16Bits, weight(2 * index + 1).bfloat16Bits)
            return Float(bitPattern: UInt32(low) | UInt32(high) << 16)
        }
    }
}

extension Float {
    /// The nearest bf16 number's bits, of two equally near the even one's.
    ///
    /// - Precondition: The number is not NaN.
    fileprivate var bfloat16Bits: UInt16 {
        let upper = bitPattern >> 16
        return UInt16((bitPattern + 0x7FFF + upper & 1) >> 16)
    }
}
