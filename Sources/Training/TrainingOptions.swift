// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import RecurrentKernels

/// What to train, on which rows, and how long.
package struct TrainingOptions: Sendable {
    /// Units per layer.
    package var hiddenSize = 48
    /// Layers.
    package var layerCount = 1
    /// Ticks that are forecast.
    package var horizon = 24
    /// Ticks per season, such as 24 for hourly values with a daily course; nil if there is none or it is not known.
    package var season: Int?
    /// The half-life in ticks of the rolling scale; nil for two seasons, or 600.
    package var halfLife: Double?
    /// Ticks of a window.
    package var window = 144
    /// Windows per iteration.
    package var batch = 48
    /// Updates of the weights.
    package var iterations = 1200
    /// The highest learning rate of the one cycle.
    package var learningRate = 4e-3
    /// The error up to which the loss grows as its square, and beyond which linearly; infinite for squares throughout.
    package var huberDelta = Double.infinity
    /// Whether errors are divided by their series' own mean absolute change at that horizon, so that each series counts
    /// by the skill that is gained on it.
    package var scalesErrors = false
    /// Whether the state is carried from window to window through a series; else each window begins from zero state.
    package var isStateful = false
    /// Iterations from one validation to the next.
    package var validationInterval = 50
    /// Validations without a better loss after which training ends; nil for never.
    package var patience: Int?
    /// What first weights and batches follow from.
    package var seed: UInt64 = 1
    /// Rows of each series to train on; nil for the first four fifths.
    package var trainingRows: Range<Int>?
    /// Rows of each series to validate on; nil for what follows those to train on.
    package var validationRows: Range<Int>?

    /// Makes the default options.
    package init() {}

    /// The half-life of the rolling scale that is used.
    package var scaleHalfLife: Double { halfLife ?? season.map { 2 * Double($0) } ?? 600 }

    /// The first ticks of a window, whose forecasts do not count: the network knows nothing yet.
    ///
    /// None where the state is carried: a window is then mostly not the first of its series, and the first count too.
    package var burnIn: Int { isStateful ? 0 : window / 6 }

    /// What targets are clipped to, in deviations: farther under Huber's loss, where rare large ones weigh less.
    var targetLimit: Double { huberDelta.isFinite ? 16 : 8 }

    /// The network's sizes.
    package var shape: RecurrentShape {
        RecurrentShape(inputSize: 1, hiddenSize: hiddenSize, layerCount: layerCount, outputSize: horizon)
    }

    /// What each horizon counts for in a window's loss: half of all for the first, the other half
    /// for the mean over all.
    var outputWeights: [Float] {
        let ticks = Double(window - burnIn)
        return (0..<horizon).map { Float(((($0 == 0) ? 0.5 : 0) + 0.5 / Double(horizon)) / ticks) }
    }

    /// Rows to train on of a series of `count`.
    package func trainingRows(of count: Int) -> Range<Int> {
        trainingRows ?? 0..<(validationRows?.lowerBound ?? count * 4 / 5)
    }

    /// Rows to validate on of a series of `count`.
    package func validationRows(of count: Int) -> Range<Int> {
        let end = trainingRows(of: count).upperBound
        return validationRows ?? min(end, count)..<count
    }
}
