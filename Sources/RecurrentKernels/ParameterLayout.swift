// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How a network's parameters stand in one row of floats while it is trained.
///
/// A matrix per layer, then the readout's; `RecurrentGradient.h` says what its rows and columns are.
package struct ParameterLayout: Sendable, Equatable {
    /// One matrix, row-major.
    package struct Matrix: Sendable, Equatable {
        /// Its first float's place.
        package let offset: Int
        /// Values that enter, the 1 of the bias last.
        package let rows: Int
        /// Sums that leave.
        package let columns: Int

        /// Floats of the matrix.
        package var count: Int { rows * columns }
        /// Where its biases stand.
        package var biases: Range<Int> { offset + count - columns..<offset + count }
    }

    /// The network's sizes.
    package let shape: RecurrentShape
    /// The layers' matrices, then the readout's.
    package let matrices: [Matrix]
    /// Floats of all.
    package let count: Int

    /// Lays out the parameters of a network of that shape.
    package init(_ shape: RecurrentShape) {
        var (matrices, offset) = ([Matrix](), 0)
        func append(rows: Int, columns: Int) {
            matrices.append(Matrix(offset: offset, rows: rows, columns: columns))
            offset += rows * columns
        }
        for layer in 0..<shape.layerCount {
            append(
                rows: shape.inputSize(ofLayer: layer) + shape.hiddenSize + 1, columns: 4 * shape.hiddenSize)
        }
        append(rows: shape.hiddenSize + 1, columns: shape.outputSize)
        (self.shape, self.matrices, count) = (shape, matrices, offset)
    }

    /// The network that the parameters are, as PyTorch lays it out.
    package func weights(_ parameters: [Float]) -> RecurrentWeights {
        precondition(parameters.count == count, "parameters of this layout")
        func transposed(_ matrix: Matrix, rows: Range<Int>) -> [Float] {
            (0..<matrix.columns).flatMap { column in
                rows.map { parameters[matrix.offset + $0 * matrix.columns + column] }
            }
        }
        let layers = matrices.dropLast().enumerated().map { index, matrix in
            let entering = shape.inputSize(ofLayer: index)
            return RecurrentWeights.Layer(
                input: transposed(matrix, rows: 0..<entering),
                recurrent: transposed(matrix, rows: entering..<entering + shape.hiddenSize),
                bias: Array(parameters[matrix.biases]))
        }
        let readout = matrices[shape.layerCount]
        return RecurrentWeights(
            shape: shape, layers: layers, readout: transposed(readout, rows: 0..<shape.hiddenSize),
            readoutBias: Array(parameters[readout.biases]))
    }

    /// Transposes each matrix by itself.
    package func transpose(_ parameters: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>) {
        for matrix in matrices {
            let (from, to) = (parameters + matrix.offset, result + matrix.offset)
            for row in 0..<matrix.rows {
                for column in 0..<matrix.columns {
                    to[column * matrix.rows + row] = from[row * matrix.columns + column]
                }
            }
        }
    }
}
