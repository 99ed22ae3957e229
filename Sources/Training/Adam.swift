// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
package import RecurrentKernels

/// Adam, for the parameters of a network.
///
/// PyTorch's nn.LSTM has two biases per sum, with the same gradient; they move together. Here is only their sum, so it
/// moves twice as far.
/// - SeeAlso: Kingma and Ba 2015, "Adam: a method for stochastic optimization".
package struct Adam: Sendable {
    private let rates: [Float]
    private var means: [Float]
    private var squares: [Float]
    private var steps = 0

    private static let (squareDecay, epsilon) = (0.999, 1e-8)

    /// Begins with the parameters of that layout.
    package init(_ layout: ParameterLayout) {
        var rates = [Float](repeating: 1, count: layout.count)
        for matrix in layout.matrices.dropLast() {
            for index in matrix.biases { rates[index] = 2 }
        }
        self.rates = rates
        means = [Float](repeating: 0, count: layout.count)
        squares = means
    }

    /// Takes a step against the gradient.
    ///
    /// - Parameters:
    ///   - parameters: What is moved.
    ///   - gradient: The loss's gradient there.
    ///   - rate: The learning rate.
    ///   - momentum: The decay of the gradient's running mean.
    package mutating func step(
        _ parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, rate: Double,
        momentum: Double
    ) {
        steps += 1
        let meanPart = Float(1 - momentum)
        let (squareDecay, squarePart) = (Float(Self.squareDecay), Float(1 - Self.squareDecay))
        let size = Float(rate / (1 - pow(momentum, Double(steps))))
        let spread = Float((1 - pow(Self.squareDecay, Double(steps))).squareRoot())
        for index in means.indices {
            let slope = gradient[index]
            means[index] += meanPart * (slope - means[index])
            squares[index] = squareDecay * squares[index] + squarePart * slope * slope
            let width = squares[index].squareRoot() / spread + Float(Self.epsilon)
            parameters[index] -= rates[index] * size * means[index] / width
        }
    }
}
