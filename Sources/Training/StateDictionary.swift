// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
package import RecurrentKernels

/// The `state_dict` of a PyTorch module with an `nn.LSTM` called `lstm` and an `nn.Linear` called `linear`.
package struct StateDictionary: Sendable {
    private var tensors: [(name: String, shape: [Int], values: [Float])] = []

    /// Names the weights as PyTorch does.
    ///
    /// PyTorch adds up two biases per layer: the first has all, the second is zero.
    package init(_ weights: RecurrentWeights) {
        let (shape, gates) = (weights.shape, 4 * weights.shape.hiddenSize)
        for (index, layer) in weights.layers.enumerated() {
            tensors += [
                ("lstm.weight_ih_l\(index)", [gates, shape.inputSize(ofLayer: index)], layer.input),
                ("lstm.weight_hh_l\(index)", [gates, shape.hiddenSize], layer.recurrent),
                ("lstm.bias_ih_l\(index)", [gates], layer.bias),
                ("lstm.bias_hh_l\(index)", [gates], [Float](repeating: 0, count: gates)),
            ]
        }
        tensors += [
            ("linear.weight", [shape.outputSize, shape.hiddenSize], weights.readout),
            ("linear.bias", [shape.outputSize], weights.readoutBias),
        ]
    }

    /// A safetensors file of the tensors, with text beside them.
    package func safetensors(metadata: [String: String]) throws -> [UInt8] {
        struct Entry: Encodable {
            var dtype = "F32"
            var shape: [Int]
            var data_offsets: [Int]
        }
        var (entries, data) = ([String: Entry](), [UInt8]())
        for (name, shape, values) in tensors {
            let begin = data.count
            for value in values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            entries[name] = Entry(shape: shape, data_offsets: [begin, data.count])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Two objects made one, because their values are of two kinds.
        let text =
            String(decoding: try encoder.encode(["__metadata__": metadata]), as: UTF8.self).dropLast() + ","
            + String(decoding: try encoder.encode(entries), as: UTF8.self).dropFirst()
        let padding = String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
        let header = Array((text + padding).utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header + data
    }
}
