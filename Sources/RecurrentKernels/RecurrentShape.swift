// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The sizes of a recurrent model: `nn.LSTM(inputSize, hiddenSize, layerCount)` followed by
/// `nn.Linear(hiddenSize, outputSize)`.
public struct RecurrentShape: Sendable, Hashable {
    /// Values per tick that enter the first layer (PyTorch's `input_size`), at least 1.
    public let inputSize: Int
    /// Units per layer (PyTorch's `hidden_size`), at least 1.
    public let hiddenSize: Int
    /// Stacked layers (PyTorch's `num_layers`), at least 1.
    public let layerCount: Int
    /// Values that the readout gives per tick, at least 1.
    public let outputSize: Int

    /// Makes a shape.
    ///
    /// - Precondition: All sizes are at least 1.
    public init(inputSize: Int, hiddenSize: Int, layerCount: Int, outputSize: Int) {
        precondition(
            inputSize >= 1 && hiddenSize >= 1 && layerCount >= 1 && outputSize >= 1,
            "every size of a recurrent model is at least 1")
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.layerCount = layerCount
        self.outputSize = outputSize
    }

    /// Values that enter layer `layer`: `inputSize` for the first, `hiddenSize` for all others.
    public func inputSize(ofLayer layer: Int) -> Int { layer == 0 ? inputSize : hiddenSize }
}
