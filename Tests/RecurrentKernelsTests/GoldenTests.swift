// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import Testing

/// The step against real PyTorch: model files and float64 results that `Golden/make_golden.py` made.
struct GoldenTests {
    /// One case: a model file as PyTorch users save it, and what PyTorch computes from it.
    struct Golden: CustomTestStringConvertible {
        let name: String
        let file: SafetensorsFile
        let weights: RecurrentWeights
        /// Inputs, `[ticks][inputSize]`.
        let input: [[Float]]
        /// Outputs with carried state, `[ticks][outputSize]`.
        let stateful: [[Double]]
        /// Outputs of the last `window` ticks from zero state, at each of the last ticks.
        let windowed: [[Double]]
        let window: Int

        var testDescription: String { name }

        init(_ name: String) throws {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            self.name = name
            file = try SafetensorsFile(
                bytes: Array(Data(contentsOf: folder.appending(path: name + ".safetensors"))))
            weights = try RecurrentWeights(discoveringIn: file)
            let (ticks, windows) = (try Self.number("ticks", file), try Self.number("windows", file))
            window = try Self.number("window", file)
            let (inputSize, outputSize) = (weights.shape.inputSize, weights.shape.outputSize)
            let numbers = try Data(contentsOf: folder.appending(path: name + ".f64")).withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 8).map {
                    Double(
                        bitPattern: UInt64(
                            littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
                }
            }
            try #require(numbers.count == ticks * (inputSize + outputSize) + windows * outputSize)
            func rows(_ start: Int, _ count: Int, of size: Int) -> [[Double]] {
                (0..<count).map { Array(numbers[start + $0 * size..<start + ($0 + 1) * size]) }
            }
            input = rows(0, ticks, of: inputSize).map { $0.map { Float($0) } }
            stateful = rows(ticks * inputSize, ticks, of: outputSize)
            windowed = rows(ticks * (inputSize + outputSize), windows, of: outputSize)
        }

        private static func number(_ key: String, _ file: SafetensorsFile) throws -> Int {
            try #require(file.metadata[key].flatMap { Int($0) })
        }
    }

    static let names = [
        "1-50-2-1", "8-64-2-24", "16-128-2-24", "32-256-1-96", "1-24-2-24", "1-1-1-1", "1-2-1-3", "2-3-3-5",
        "3-5-1-16", "1-7-2-4", "5-15-1-17", "1-16-1-33", "12-17-4-40", "7-31-1-8", "2-33-2-48",
    ]

    @Test(arguments: names) func theFileHasTheShapeInItsName(name: String) throws {
        let golden = try Golden(name)
        let shape = golden.weights.shape
        #expect(name == "\(shape.inputSize)-\(shape.hiddenSize)-\(shape.layerCount)-\(shape.outputSize)")
        let hasBias = golden.file.tensors.contains { $0.name.hasSuffix("bias_ih_l0") }
        #expect(golden.weights.layers.allSatisfy { $0.bias.contains { $0 != 0 } == hasBias })
        #expect(golden.weights.readoutBias.contains { $0 != 0 } == hasBias)
    }

    @Test(arguments: StepVariant.float32, names)
    func statefulStepsEqualPyTorch(variant: StepVariant, name: String) throws {
        let golden = try Golden(name)
        var streams = Streams(golden.weights, variant, count: 1)
        var worst = 0.0
        for (input, expected) in zip(golden.input, golden.stateful) {
            let (outputs, isFinite) = streams.advance([0], input)
            #expect(isFinite)
            worst = max(worst, Self.difference(outputs.map(Double.init), expected))
        }
        #expect(golden.stateful.count == 1000 && worst <= 1e-6)
    }

    /// All windows at once, each on its own row from zero state.
    @Test(arguments: StepVariant.float32, names)
    func windowsEqualPyTorch(variant: StepVariant, name: String) throws {
        let golden = try Golden(name)
        let count = golden.windowed.count
        var streams = Streams(golden.weights, variant, count: count)
        let start = golden.input.count - count - golden.window + 1
        var outputs: [Float] = []
        for tick in 0..<golden.window {
            let inputs = (0..<count).flatMap { golden.input[start + $0 + tick] }
            outputs = streams.advance(Array(0..<UInt32(count)), inputs).outputs
        }
        let expected = golden.windowed.flatMap { $0 }
        #expect(count == 50 && Self.difference(outputs.map(Double.init), expected) <= 1e-6)
    }

    /// The slow reference, in double precision, is what PyTorch computes in double precision.
    @Test(arguments: names) func theReferenceEqualsPyTorch(name: String) throws {
        let golden = try Golden(name)
        var reference = ReferenceStep<Double>(golden.weights)
        var worst = 0.0
        for (input, expected) in zip(golden.input, golden.stateful).prefix(100) {
            worst = max(worst, Self.difference(reference.advance(input.map(Double.init)), expected))
        }
        // Where PyTorch adds up the two biases of a layer in double precision, the weights have their float32 sum.
        #expect(worst <= 1e-7)
    }

    /// The largest difference; infinite where there is a NaN or the counts differ.
    static func difference(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        let differences = zip(found, expected).map { abs($0 - $1) }
        return differences.contains { $0.isNaN } ? .infinity : differences.max() ?? .infinity
    }
}
