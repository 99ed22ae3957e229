// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import Testing
import Training

/// The model file that a training writes, read by us and by PyTorch.
struct StateDictionaryTests {
    static func network(layers: Int) throws -> TrainedNetwork {
        var options = TrainerTests.options()
        (options.layerCount, options.iterations) = (layers, 20)
        return try Trainer(TrainerTests.sines(1, rows: 300, seed: 7), options: options).train { _ in }
    }

    @Test(arguments: [1, 3]) func theFileHasTheWeightsAndMetadata(layers: Int) throws {
        let weights = try Self.network(layers: layers).weights
        let metadata = ["target": "difference", "half_life": "24.0", "note": "\"a\"\n/ü"]
        let bytes = try StateDictionary(weights).safetensors(metadata: metadata)
        let file = try SafetensorsFile(bytes: bytes)
        #expect(file.metadata == metadata)
        let read = try RecurrentWeights(discoveringIn: file)
        #expect(read.shape == weights.shape)
        #expect(GradientTests.tensors(read) == GradientTests.tensors(weights))
    }

    /// PyTorch loads the file by `load_state_dict`, and computes what our step does.
    @Test(arguments: [1, 2]) func pyTorchComputesTheSame(layers: Int) throws {
        let weights = try Self.network(layers: layers).weights
        let path = FileManager.default.temporaryDirectory.appending(path: "fd-\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(try StateDictionary(weights).safetensors(metadata: ["target": "difference"])).write(to: path)
        let inputs: [Float] = (0..<20).map { sin(Float($0)) }
        let expected = try Self.pyTorchOutputs(path.path, weights.shape, inputs)

        let model = PackedModel(weights)
        var state = StateTable(rowCount: 1, model: model)
        var step = RecurrentStep(model: model, maximumBatch: 1)
        #expect(expected.count == inputs.count)
        for (input, theirs) in zip(inputs, expected) {
            var ours = [Float](repeating: 0, count: weights.shape.outputSize)
            var span = ours.mutableSpan
            _ = step.advance(
                &state, rows: [UInt32(0)].span, inputs: [input].span, outputs: &span)
            #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-5 } && ours.count == theirs.count)
        }
    }

    private static func pyTorchOutputs(
        _ path: String, _ shape: RecurrentShape, _ inputs: [Float]
    ) throws -> [[Float]] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/outputs.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments =
            [script.path, path] + [shape.hiddenSize, shape.layerCount, shape.outputSize].map(String.init)
            + ["\(inputs)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode([[Float]].self, from: data)
    }
}
