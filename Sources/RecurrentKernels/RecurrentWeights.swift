// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The weights of `nn.LSTM` + `nn.Linear` as PyTorch lays them out, all float32, row-major.
///
/// Gates stand in PyTorch's order i, f, g, o: row `gate * hiddenSize + unit`.
public struct RecurrentWeights: Sendable {
    /// One layer of `nn.LSTM`.
    public struct Layer: Sendable {
        /// `weight_ih_l*`, shape `[4 * hiddenSize, inputSize(ofLayer:)]`.
        public var input: [Float]
        /// `weight_hh_l*`, shape `[4 * hiddenSize, hiddenSize]`.
        public var recurrent: [Float]
        /// `bias_ih_l*` + `bias_hh_l*`, shape `[4 * hiddenSize]`; zeros for a model without bias.
        public var bias: [Float]

        /// Makes a layer from its three tensors.
        public init(input: [Float], recurrent: [Float], bias: [Float]) {
            self.input = input
            self.recurrent = recurrent
            self.bias = bias
        }
    }

    /// The sizes.
    public let shape: RecurrentShape
    /// The layers, first the one that reads the input.
    public let layers: [Layer]
    /// `nn.Linear`'s weight, shape `[outputSize, hiddenSize]`.
    public let readout: [Float]
    /// `nn.Linear`'s bias, shape `[outputSize]`; zeros for a model without bias.
    public let readoutBias: [Float]

    /// Makes weights from their tensors.
    ///
    /// - Precondition: Every tensor has the element count that `shape` asks for.
    public init(shape: RecurrentShape, layers: [Layer], readout: [Float], readoutBias: [Float]) {
        let gateRows = 4 * shape.hiddenSize
        precondition(layers.count == shape.layerCount, "one Layer for each of shape.layerCount")
        for (index, layer) in layers.enumerated() {
            precondition(layer.input.count == gateRows * shape.inputSize(ofLayer: index), "input: [4H, I]")
            precondition(layer.recurrent.count == gateRows * shape.hiddenSize, "recurrent: [4H, H]")
            precondition(layer.bias.count == gateRows, "bias: [4H]")
        }
        precondition(readout.count == shape.outputSize * shape.hiddenSize, "readout: [O, H]")
        precondition(readoutBias.count == shape.outputSize, "readoutBias: [O]")
        self.shape = shape
        self.layers = layers
        self.readout = readout
        self.readoutBias = readoutBias
    }
}
