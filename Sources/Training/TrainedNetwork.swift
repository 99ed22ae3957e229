// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import RecurrentKernels

/// What came of a training.
package struct TrainedNetwork: Sendable {
    /// The losses at one validation.
    package struct Losses: Sendable, Equatable, Encodable {
        /// Iterations up to it.
        package var iteration: Int
        /// The mean loss of the batches since the validation before.
        package var training: Double
        /// The loss over the validation's windows.
        package var validation: Double
    }

    /// How the parameters stand.
    package let layout: ParameterLayout
    /// The parameters at the best validation.
    package private(set) var parameters: [Float] = []
    /// The losses, validation by validation.
    package private(set) var history: [Losses] = []
    /// The validation with the lowest loss.
    package private(set) var best: Losses?
    /// The loss over the validation's windows of repeating the last value.
    package let persistenceLoss: Double
    /// Validations after the best.
    package private(set) var validationsSinceBest = 0

    init(layout: ParameterLayout, persistenceLoss: Double) {
        self.layout = layout
        self.persistenceLoss = persistenceLoss
    }

    mutating func append(_ losses: Losses, parameters: UnsafeBufferPointer<Float>) {
        history.append(losses)
        validationsSinceBest += 1
        if losses.validation < best?.validation ?? .infinity {
            (best, self.parameters, validationsSinceBest) = (losses, Array(parameters), 0)
        }
    }

    /// The network at the best validation.
    package var weights: RecurrentWeights { layout.weights(parameters) }
}
