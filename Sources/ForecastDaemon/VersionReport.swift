// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import ZeroMQ

/// What `forecastd version` says.
package struct VersionReport: Sendable, Encodable {
    /// The version of this forecastd.
    package static let version = "0.1.0"

    var forecastd = version
    var zeromq = ZeroMQ.Version.linked
    var instructionSet = InstructionSet.best.rawValue
    var instructionSets = InstructionSet.available.map(\.rawValue)
    var precisions = Precision.available.map(\.rawValue)

    enum CodingKeys: String, CodingKey {
        case forecastd, zeromq, precisions
        case instructionSet = "instruction_set"
        case instructionSets = "instruction_sets"
    }

    /// Describes the running program on this machine.
    package init() {}

    /// The report as lines of text.
    package var text: String {
        """
        forecastd \(forecastd)
        libzmq \(zeromq)
        LSTM step for \(instructionSet) (this machine has \(instructionSets.joined(separator: ", "))), in \(precisions.joined(separator: " or "))
        """
    }
}
