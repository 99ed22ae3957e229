// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Builds the packed layout of a model's weights, tensor by tensor.
///
/// `CRecurrentKernels.h` draws it.
struct WeightPacking {
    /// The packed weights; every tensor begins at a multiple of 16 floats.
    private(set) var floats: [Float] = []
    /// Where each layer's weights begin.
    private(set) var weightOffsets: [Int] = []
    /// Where each layer's bias begins.
    private(set) var biasOffsets: [Int] = []
    /// Where the readout begins.
    private(set) var readoutOffset = 0
    /// Where the readout's bias begins.
    private(set) var readoutBiasOffset = 0

    private let width: Int
    private let precision: Precision
    private let shape: RecurrentShape

    init(width: Int, precision: Precision, shape: RecurrentShape) {
        self.width = width
        self.precision = precision
        self.shape = shape
    }

    /// Appends the layer number `index`.
    mutating func append(_ layer: RecurrentWeights.Layer, index: Int) {
        weightOffsets.append(beginTensor())
        for block in gateRows {
            append(layer.input, columns: shape.inputSize(ofLayer: index), rows: block)
            append(layer.recurrent, columns: shape.hiddenSize, rows: block)
        }
        biasOffsets.append(beginTensor())
        for row in gateRows.joined() { floats.append(row.map { scale(ofRow: $0) * layer.bias[$0] } ?? 0) }
    }

    /// Appends a block's part of one matrix, lane after lane of its rows.
    private mutating func append(_ matrix: [Float], columns: Int, rows: [Int?]) {
        let scaled = rows.map { row in
            row.map { row in
                matrix[row * columns..<(row + 1) * columns].map { scale(ofRow: row) * $0 }
            }
        }
        for lane in 0..<precision.laneCount(columns) {
            for row in scaled { floats.append(row.map { precision.lane(lane, of: $0) } ?? 0) }
        }
    }

    /// Appends the readout: a row per output where outputs are fewer than a vector's lanes, else a lane per
    /// output, in blocks of up to four vectors.
    mutating func appendReadout(_ weights: RecurrentWeights) {
        let (outputs, hidden) = (shape.outputSize, shape.hiddenSize)
        readoutOffset = beginTensor()
        if outputs < width {
            let padding = [Float](repeating: 0, count: roundedUp(hidden) - hidden)
            for output in 0..<outputs {
                floats += weights.readout[output * hidden..<(output + 1) * hidden]
                floats += padding
            }
        } else {
            for begin in stride(from: 0, to: roundedUp(outputs), by: 4 * width) {
                for k in 0..<hidden {
                    for output in begin..<min(begin + 4 * width, roundedUp(outputs)) {
                        floats.append(output < outputs ? weights.readout[output * hidden + k] : 0)
                    }
                }
            }
        }
        readoutBiasOffset = beginTensor()
        floats += weights.readoutBias
        floats += [Float](repeating: 0, count: roundedUp(outputs) - outputs)
    }

    /// The rows of PyTorch's weights, `gate * hiddenSize + unit`, in packed order: a block per panel, then
    /// the tail's.
    ///
    /// Nil is padding.
    private var gateRows: [[Int?]] {
        let (hidden, panels) = (shape.hiddenSize, shape.hiddenSize / width)
        func rows(_ units: Range<Int>) -> [Int?] {
            (0..<4).flatMap { gate in units.map { gate * hidden + $0 } }
        }
        var blocks = (0..<panels).map { rows($0 * width..<($0 + 1) * width) }
        let tail = rows(panels * width..<hidden)
        if !tail.isEmpty {
            let half = width / 2
            blocks.append(tail + [Int?](repeating: nil, count: (half - tail.count % half) % half))
        }
        return blocks
    }

    /// -log2(e) for the sigmoid gates i, f, o; -2 log2(e) for g.
    private func scale(ofRow row: Int) -> Float {
        row / shape.hiddenSize == 2 ? -2.885_390_081_777_926_8 : -1.442_695_040_888_963_4
    }

    private func roundedUp(_ count: Int) -> Int { (count + width - 1) / width * width }

    private mutating func beginTensor() -> Int {
        floats += [Float](repeating: 0, count: (16 - floats.count % 16) % 16)
        return floats.count
    }
}
