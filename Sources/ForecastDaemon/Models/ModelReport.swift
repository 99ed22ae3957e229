// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// What `forecastd model show` says of a model file.
public struct ModelReport: Sendable, Encodable {
    /// One tensor of the file.
    struct Tensor: Sendable, Encodable {
        var name: String
        var type: String
        var shape: [Int]
    }

    var file: String
    var digest: String
    var inputSize: Int
    var hiddenSize: Int
    var layers: Int
    var outputs: Int
    var parameters: Int
    var stateBytesPerStream: Int
    var metadata: [String: String]
    var tensors: [Tensor]

    enum CodingKeys: String, CodingKey {
        case file, digest, layers, outputs, parameters, metadata, tensors
        case inputSize = "input_size"
        case hiddenSize = "hidden_size"
        case stateBytesPerStream = "state_bytes_per_stream"
    }

    /// Describes a model that was read.
    public init(_ model: ModelFile) {
        let shape = model.weights.shape
        file = model.path
        digest = model.digest
        (inputSize, hiddenSize) = (shape.inputSize, shape.hiddenSize)
        (layers, outputs) = (shape.layerCount, shape.outputSize)
        tensors = model.contents.tensors.map { Tensor(name: $0.name, type: "\($0.type)", shape: $0.shape) }
        parameters = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
        stateBytesPerStream = PackedModel(model.weights).stateStride * MemoryLayout<Float>.stride
        metadata = model.contents.metadata
    }

    /// The report as lines of text.
    public var text: String {
        var rows = [
            ("file", file), ("sha256", digest),
            (
                "model",
                "nn.LSTM(\(inputSize), \(hiddenSize), num_layers=\(layers)) + nn.Linear(\(hiddenSize), \(outputs))"
            ),
            ("parameters", "\(parameters)"), ("state", "\(stateBytesPerStream) bytes per stream"),
        ]
        rows += metadata.sorted { $0.key < $1.key }.map { ("metadata", "\($0.key) = \($0.value)") }
        rows += tensors.map { ("tensor", "\($0.name)  \($0.type)  \($0.shape)") }
        return rows.map { label, value in
            label + String(repeating: " ", count: 12 - label.count) + value.printable
        }.joined(separator: "\n")
    }
}
