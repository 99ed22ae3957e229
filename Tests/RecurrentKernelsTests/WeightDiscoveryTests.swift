// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import Testing

/// Which tensors are found to be a model, whatever they are called, and which are refused with what words.
struct WeightDiscoveryTests {
    /// A file of tensors of these names and shapes; every element is the tensor's place in the list, from 1.
    static func file(_ tensors: [(String, [Int])]) throws -> SafetensorsFile {
        var (entries, data) = ([String](), [UInt8]())
        for (index, (name, shape)) in tensors.enumerated() {
            let count = shape.reduce(1, *)
            entries.append(
                "\"\(name)\":"
                    + SafetensorsFileTests.tensor("F32", "\(shape)", data.count, data.count + 4 * count))
            for _ in 0..<count {
                data += withUnsafeBytes(of: Float(index + 1).bitPattern.littleEndian, Array.init)
            }
        }
        return try SafetensorsFile(
            bytes: SafetensorsFileTests.bytes("{" + entries.joined(separator: ",") + "}", data))
    }

    static func lstm(_ prefix: String, inputs: Int = 2, hidden: Int = 3, layer: Int = 0) -> [(String, [Int])]
    {
        let columns = layer == 0 ? inputs : hidden
        return [
            ("\(prefix)weight_ih_l\(layer)", [4 * hidden, columns]),
            ("\(prefix)weight_hh_l\(layer)", [4 * hidden, hidden]),
            ("\(prefix)bias_ih_l\(layer)", [4 * hidden]), ("\(prefix)bias_hh_l\(layer)", [4 * hidden]),
        ]
    }

    static func linear(_ prefix: String, outputs: Int = 5, hidden: Int = 3) -> [(String, [Int])] {
        [("\(prefix)weight", [outputs, hidden]), ("\(prefix)bias", [outputs])]
    }

    static let names = [
        ("lstm.", "linear."), ("rnn.", "fc."), ("", "head."), ("model.encoder.lstm.", "model.decoder.0."),
        ("lstm.", ""),
        ("", ""),
    ]

    @Test(arguments: names) func findsLayersByWhateverName(lstm: String, linear: String) throws {
        let tensors = Self.lstm(lstm) + Self.lstm(lstm, layer: 1) + Self.linear(linear)
        let weights = try RecurrentWeights(discoveringIn: Self.file(tensors))
        #expect(weights.shape == RecurrentShape(inputSize: 2, hiddenSize: 3, layerCount: 2, outputSize: 5))
        #expect(
            weights.layers.map(\.input.first) == [1, 5] && weights.layers.map(\.recurrent.first) == [2, 6])
        #expect(weights.layers.map(\.bias.first) == [7, 15], "the two biases are added up")
        #expect(weights.readout.first == 9 && weights.readoutBias.first == 10)
    }

    @Test func biasesMayBeMissingInEither() throws {
        let bare = Array(Self.lstm("lstm.").prefix(2)) + Array(Self.linear("fc.").prefix(1))
        let weights = try RecurrentWeights(discoveringIn: Self.file(bare))
        #expect(weights.layers[0].bias == [Float](repeating: 0, count: 12))
        #expect(weights.readoutBias == [0, 0, 0, 0, 0])
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var tensors: [(String, [Int])]
        var says: String
    }

    static let both = lstm("lstm.") + linear("fc.")
    static let refused = [
        Refused(
            testDescription: "nothing", tensors: [], says: "found no weight_ih_l0 among the tensors (none)"),
        Refused(testDescription: "only a Linear", tensors: linear("fc."), says: "found no weight_ih_l0"),
        Refused(testDescription: "no Linear", tensors: lstm("lstm."), says: "no nn.Linear"),
        Refused(testDescription: "two Linears", tensors: both + linear("out."), says: "2 nn.Linear layers"),
        Refused(
            testDescription: "two LSTMs", tensors: both + lstm("other."), says: "several recurrent modules"),
        Refused(
            testDescription: "bidirectional", tensors: both + [("lstm.weight_ih_l0_reverse", [12, 2])],
            says: "bidirectional module"),
        Refused(
            testDescription: "proj_size", tensors: both + [("lstm.weight_hr_l0", [2, 3])], says: "proj_size"),
        Refused(
            testDescription: "GRU", tensors: [("gru.weight_ih_l0", [9, 2]), ("gru.weight_hh_l0", [9, 3])],
            says: "nn.GRU"),
        Refused(
            testDescription: "RNN", tensors: [("rnn.weight_ih_l0", [3, 2]), ("rnn.weight_hh_l0", [3, 3])],
            says: "nn.RNN"),
        Refused(
            testDescription: "odd rows",
            tensors: [("a.weight_ih_l0", [10, 2]), ("a.weight_hh_l0", [10, 3])],
            says: "10 rows for 3 units"),
        Refused(
            testDescription: "a bias alone", tensors: lstm("lstm.").dropLast() + linear("fc."),
            says: "found no \"lstm.bias_hh_l0\""),
        Refused(
            testDescription: "a layer missing", tensors: both + lstm("lstm.", layer: 2),
            says: "\"lstm.bias_hh_l2\""),
        Refused(
            testDescription: "a wrong second layer",
            tensors: both
                + lstm("lstm.", layer: 1).map {
                    ($0.0, $0.0.contains("ih") && $0.1.count == 2 ? [12, 2] : $0.1)
                },
            says: "of shape [12, 2] instead of [12, 3]"),
        Refused(
            testDescription: "Linear of another size", tensors: lstm("lstm.") + linear("fc.", hidden: 4),
            says: "of shape [5, 4] for a hidden_size of 3"),
        Refused(
            testDescription: "a norm", tensors: both + [("norm.gamma", [3])],
            says: "besides \"norm.gamma\" of shape [3]"),
        Refused(
            testDescription: "sizes whose product overflows",
            tensors: [("weight_ih_l0", [0, 2]), ("weight_hh_l0", [0, 1 << 62])],
            says: "of shape [0, 4611686018427387904]"),
        Refused(
            testDescription: "a huge input",
            tensors: [("weight_ih_l0", [0, 1 << 30]), ("weight_hh_l0", [0, 3])],
            says: "of shape [0, 1073741824]"),
        Refused(
            testDescription: "no units", tensors: [("weight_ih_l0", [0, 2]), ("weight_hh_l0", [0, 0])],
            says: "0"),
    ]

    @Test(arguments: refused) func saysWhatWasFoundAndWhatIsSupported(_ refused: Refused) throws {
        let file = try Self.file(refused.tensors)
        let error = #expect(throws: WeightDiscoveryError.self) { try RecurrentWeights(discoveringIn: file) }
        let text = error?.description ?? ""
        #expect(text.contains(refused.says), "\(text)")
        #expect(text.contains("expected the state_dict of one nn.LSTM"))
    }
}
