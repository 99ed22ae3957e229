// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CRecurrentKernels

/// The variants of the LSTM step.
public enum InstructionSet: String, CaseIterable, Sendable {
    /// Vectors of 4 floats, on any processor.
    case portable
    /// Vectors of 8 floats: x86-64 with AVX2 and FMA.
    case avx2
    /// Vectors of 16 floats: x86-64 with AVX-512 F, DQ and VL.
    case avx512

    /// Those that this machine can run, slowest first.
    public static var available: [InstructionSet] {
        allCases.filter { recurrent_width_is_available(Int32($0.width)) }
    }

    /// The fastest that this machine can run.
    public static var best: InstructionSet { available.last ?? .portable }

    /// Floats per vector.
    var width: Int {
        switch self {
        case .portable: 4
        case .avx2: 8
        case .avx512: 16
        }
    }
}
