// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A small model file, made byte by byte.
struct ModelSample {
    var inputs = 1
    var hidden = 2
    var outputs = 1
    var metadata: [String: String] = [:]

    /// The file: an LSTM layer and a linear one, all weights 0.
    func bytes() throws -> [UInt8] {
        let tensors: [(String, [Int])] = [
            ("lstm.weight_ih_l0", [4 * hidden, inputs]), ("lstm.weight_hh_l0", [4 * hidden, hidden]),
            ("lstm.bias_ih_l0", [4 * hidden]), ("lstm.bias_hh_l0", [4 * hidden]),
            ("linear.weight", [outputs, hidden]), ("linear.bias", [outputs]),
        ]
        var header: [String: Any] = ["__metadata__": metadata]
        var end = 0
        for (name, shape) in tensors {
            let begin = end
            end += 4 * shape.reduce(1, *)
            header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [begin, end]]
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
            + [UInt8](repeating: 0, count: end)
    }
}
