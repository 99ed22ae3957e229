// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Why the tensors of a file are no model that forecastd can run.
public struct WeightDiscoveryError: Error, Equatable, CustomStringConvertible {
    /// What was expected, and what was found.
    public let description: String

    init(_ found: String) {
        description =
            "\(found); expected the state_dict of one nn.LSTM (one direction, no proj_size) and one "
            + "nn.Linear on its hidden_size"
    }
}

extension RecurrentWeights {
    /// Finds `nn.LSTM` and `nn.Linear` among a file's tensors, by suffix and shape, whatever the attributes
    /// are called.
    ///
    /// - Throws: A `SafetensorsError` if a tensor cannot be read, a `WeightDiscoveryError` if the tensors are
    ///   those of something else.
    public init(discoveringIn file: SafetensorsFile) throws {
        var discovery = WeightDiscovery(file)
        self = try discovery.weights()
    }
}

/// Takes tensor by tensor out of a file until nothing is left.
private struct WeightDiscovery {
    private let file: SafetensorsFile
    private var left: [String: SafetensorsFile.Tensor]

    init(_ file: SafetensorsFile) {
        self.file = file
        left = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    }

    /// The largest size of an input or a layer.
    private static let maximumSize = 1 << 20

    mutating func weights() throws -> RecurrentWeights {
        try refuseOtherModules()
        let prefix = try recurrentPrefix()
        let first = try tensor("\(prefix)weight_ih_l0")
        let recurrent = try tensor("\(prefix)weight_hh_l0")
        guard first.shape.count == 2, recurrent.shape.count == 2, first.shape[0] == recurrent.shape[0] else {
            throw WeightDiscoveryError(
                "found \(prefix)weight_ih_l0 of shape \(first.shape) and weight_hh_l0 of shape \(recurrent.shape)"
            )
        }
        let (rows, hiddenSize, inputSize) = (first.shape[0], recurrent.shape[1], first.shape[1])
        // Tensors without elements may have any other size, and no product of sizes may overflow.
        guard (1...Self.maximumSize).contains(hiddenSize), (1...Self.maximumSize).contains(inputSize) else {
            throw WeightDiscoveryError(
                "found \(prefix)weight_ih_l0 of shape \(first.shape) and weight_hh_l0 of shape \(recurrent.shape)"
            )
        }
        switch rows {
        case 4 * hiddenSize: break
        case 3 * hiddenSize: throw WeightDiscoveryError("found an nn.GRU (weights of 3 * \(hiddenSize) rows)")
        case hiddenSize: throw WeightDiscoveryError("found an nn.RNN (weights of \(hiddenSize) rows)")
        default:
            throw WeightDiscoveryError("found \(prefix)weight_ih_l0 of \(rows) rows for \(hiddenSize) units")
        }
        var layers: [RecurrentWeights.Layer] = []
        while left["\(prefix)weight_ih_l\(layers.count)"] != nil {
            layers.append(
                try layer(
                    prefix, layers.count, inputSize: layers.isEmpty ? inputSize : hiddenSize,
                    hiddenSize: hiddenSize))
        }
        let (readout, bias, outputSize) = try linear(hiddenSize: hiddenSize)
        if let rest = left.keys.sorted().first {
            throw WeightDiscoveryError(
                "found nn.LSTM and nn.Linear, and besides \"\(rest)\" of shape \(left[rest]?.shape ?? []), which "
                    + "would be left out")
        }
        return RecurrentWeights(
            shape: RecurrentShape(
                inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layers.count, outputSize: outputSize
            ),
            layers: layers, readout: readout, readoutBias: bias)
    }

    private func refuseOtherModules() throws {
        for name in left.keys.sorted() {
            if name.hasSuffix("_reverse") {
                throw WeightDiscoveryError("found a bidirectional module (\"\(name)\")")
            }
            if name.split(separator: ".").last?.hasPrefix("weight_hr_l") == true {
                throw WeightDiscoveryError("found an nn.LSTM with proj_size (\"\(name)\")")
            }
        }
    }

    /// What stands before `weight_ih_l0`: the attribute's name and a point, or nothing.
    private func recurrentPrefix() throws -> String {
        let suffix = "weight_ih_l0"
        let prefixes = left.keys.filter { $0 == suffix || $0.hasSuffix("." + suffix) }.map {
            $0.dropLast(suffix.count)
        }
        guard prefixes.count <= 1 else {
            throw WeightDiscoveryError(
                "found several recurrent modules: \(prefixes.sorted().joined(separator: ", "))")
        }
        guard let prefix = prefixes.first else {
            let names = left.keys.sorted().prefix(6).joined(separator: ", ")
            throw WeightDiscoveryError(
                "found no \(suffix) among the tensors (\(names.isEmpty ? "none" : names))")
        }
        return String(prefix)
    }

    private mutating func layer(
        _ prefix: String, _ index: Int, inputSize: Int, hiddenSize: Int
    ) throws -> RecurrentWeights.Layer {
        let rows = 4 * hiddenSize
        let input = try take("\(prefix)weight_ih_l\(index)", shape: [rows, inputSize])
        let recurrent = try take("\(prefix)weight_hh_l\(index)", shape: [rows, hiddenSize])
        let names = ["\(prefix)bias_ih_l\(index)", "\(prefix)bias_hh_l\(index)"]
        var bias = [Float](repeating: 0, count: rows)
        if names.contains(where: { left[$0] != nil }) {
            let (inputBias, recurrentBias) = (
                try take(names[0], shape: [rows]), try take(names[1], shape: [rows])
            )
            for row in bias.indices { bias[row] = inputBias[row] + recurrentBias[row] }
            guard bias.allSatisfy(\.isFinite) else {
                throw WeightDiscoveryError("found \(names.joined(separator: " and ")) whose sum overflows")
            }
        }
        return RecurrentWeights.Layer(input: input, recurrent: recurrent, bias: bias)
    }

    private mutating func linear(
        hiddenSize: Int
    ) throws -> (weights: [Float], bias: [Float], outputSize: Int) {
        let candidates = left.values.filter {
            ($0.name == "weight" || $0.name.hasSuffix(".weight")) && $0.shape.count == 2
        }.sorted { $0.name < $1.name }
        guard candidates.count == 1 else {
            let names = candidates.map { "\"\($0.name)\" \($0.shape)" }.joined(separator: ", ")
            throw WeightDiscoveryError(
                "found an nn.LSTM and \(candidates.isEmpty ? "no" : "\(candidates.count)") nn.Linear layers"
                    + (candidates.isEmpty ? "" : " (\(names))"))
        }
        let found = candidates[0]
        guard found.shape[1] == hiddenSize, found.shape[0] > 0 else {
            throw WeightDiscoveryError(
                "found an nn.Linear \"\(found.name)\" of shape \(found.shape) for a hidden_size of \(hiddenSize)"
            )
        }
        let outputSize = found.shape[0]
        let weights = try take(found.name, shape: [outputSize, hiddenSize])
        let biasName = String(found.name.dropLast("weight".count)) + "bias"
        let bias =
            left[biasName] == nil
            ? [Float](repeating: 0, count: outputSize) : try take(biasName, shape: [outputSize])
        return (weights, bias, outputSize)
    }

    private func tensor(_ name: String) throws -> SafetensorsFile.Tensor {
        guard let tensor = left[name] else { throw WeightDiscoveryError("found no \"\(name)\"") }
        return tensor
    }

    private mutating func take(_ name: String, shape: [Int]) throws -> [Float] {
        let tensor = try tensor(name)
        guard tensor.shape == shape else {
            throw WeightDiscoveryError("found \"\(name)\" of shape \(tensor.shape) instead of \(shape)")
        }
        left[name] = nil
        return try file.floats(of: tensor)
    }
}
