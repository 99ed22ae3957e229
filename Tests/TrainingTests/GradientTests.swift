// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import Testing
import Training

/// Gradients and updates against real PyTorch's, which `Golden/make_golden.py` made.
struct GradientTests {
    /// One case: a network, windows, and what PyTorch computes from them.
    struct Golden {
        let file: SafetensorsFile
        let layout: ParameterLayout
        /// `[windows, ticks, inputs]`.
        let size: (windows: Int, ticks: Int, burnIn: Int)

        init(_ name: String) throws {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            file = try SafetensorsFile(
                bytes: Array(Data(contentsOf: folder.appending(path: name + ".safetensors"))))
            let sizes = name.split(separator: "-").compactMap { Int($0) }
            layout = ParameterLayout(
                RecurrentShape(
                    inputSize: sizes[0], hiddenSize: sizes[1], layerCount: sizes[2], outputSize: sizes[3]))
            let inputs = try #require(file.tensors.first { $0.name == "inputs" }).shape
            size = (inputs[0], inputs[1], try #require(file.metadata["burn_in"].flatMap { Int($0) }))
        }

        /// Infinite where the loss is of squares.
        var huberDelta: Float { file.metadata["huber_delta"].flatMap(Float.init) ?? .infinity }
        /// What errors are multiplied by, `[windows, outputs]`; nil for 1.
        var errorScales: [Float]? { given("error_scales") }
        /// What windows begin and end with, `[h, c][layers][windows][hidden]`; nil for zeros, and not looked at.
        var state: [Float]? { given("state") }
        var stateAfter: [Float]? { given("state_after") }

        private func given(_ name: String) -> [Float]? {
            file.tensors.first { $0.name == name }.flatMap { try? file.floats(of: $0) }
        }

        func floats(_ name: String) throws -> [Float] {
            try file.floats(of: try #require(file.tensors.first { $0.name == name }, "\(name)"))
        }

        /// The parameters that PyTorch names so behind a prefix; of its two biases per sum, the sum.
        func weights(_ prefix: String) throws -> RecurrentWeights {
            let layers = try (0..<layout.shape.layerCount).map { layer in
                let biases = zip(
                    try floats("\(prefix)lstm.bias_ih_l\(layer)"),
                    try floats("\(prefix)lstm.bias_hh_l\(layer)"))
                return RecurrentWeights.Layer(
                    input: try floats("\(prefix)lstm.weight_ih_l\(layer)"),
                    recurrent: try floats("\(prefix)lstm.weight_hh_l\(layer)"),
                    bias: biases.map { $0 + $1 })
            }
            return RecurrentWeights(
                shape: layout.shape, layers: layers, readout: try floats("\(prefix)linear.weight"),
                readoutBias: try floats("\(prefix)linear.bias"))
        }
    }

    /// The network, its windows in lanes, and room for the gradient.
    struct Windows: ~Copyable {
        let layout: ParameterLayout
        let windows: Int
        let groups: [RecurrentGradient]
        let parameters: AlignedFloats
        let transposed: AlignedFloats
        let gradient: AlignedFloats
        let part: AlignedFloats
        /// What the windows begin with, `[h, c][layers][windows][hidden]`; nil for zeros.
        let state: [Float]?

        init(_ golden: Golden, _ instructionSet: InstructionSet) throws {
            layout = golden.layout
            (state, windows) = (golden.state, golden.size.windows)
            let scales = golden.errorScales
            let (shape, lanes) = (golden.layout.shape, RecurrentGradient.lanes)
            let (count, ticks, burnIn) = golden.size
            parameters = AlignedFloats(count: layout.count)
            transposed = AlignedFloats(count: layout.count)
            gradient = AlignedFloats(count: layout.count)
            part = AlignedFloats(count: layout.count)
            try GradientTests.place(golden.weights(""), parameters.start)
            let (inputs, targets) = (try golden.floats("inputs"), try golden.floats("targets"))
            let outputWeights = try golden.floats("output_weights")
            groups = (0..<(count + lanes - 1) / lanes).map { _ in
                RecurrentGradient(
                    shape: shape, ticks: ticks, burnIn: burnIn, outputWeights: outputWeights,
                    huberDelta: golden.huberDelta, instructionSet: instructionSet)
            }
            let (inputCount, targetCount) = (inputs.count / count, targets.count / count)
            for window in 0..<count {
                let (group, lane) = (groups[window / lanes], window % lanes)
                for index in 0..<inputCount {
                    group.inputs[index * lanes + lane] = inputs[window * inputCount + index]
                }
                for index in 0..<shape.outputSize {
                    group.errorScales[index * lanes + lane] = scales?[window * shape.outputSize + index] ?? 1
                }
                for index in 0..<targetCount {
                    group.targets[index * lanes + lane] = targets[window * targetCount + index]
                }
            }
        }

        /// Where a unit's h (`part` 0) or c (1) of a window stands in its group's state.
        private func place(part: Int, layer: Int, window: Int, unit: Int) -> Int {
            let (lanes, hidden) = (RecurrentGradient.lanes, layout.shape.hiddenSize)
            return ((layer * 2 + part) * hidden + unit) * lanes + window % lanes
        }

        /// Calls with each place of the state in the order of PyTorch's, its group and its place there.
        private func forEachPlace(_ body: (Int, RecurrentGradient, Int) -> Void) {
            let shape = layout.shape
            var index = 0
            for part in 0..<2 {
                for layer in 0..<shape.layerCount {
                    for window in 0..<windows {
                        for unit in 0..<shape.hiddenSize {
                            body(
                                index, groups[window / RecurrentGradient.lanes],
                                place(part: part, layer: layer, window: window, unit: unit))
                            index += 1
                        }
                    }
                }
            }
        }

        /// Sets what the windows begin with.
        func begin() { forEachPlace { index, group, place in group.state[place] = state?[index] ?? 0 } }

        /// What they have ended with, in PyTorch's order.
        var stateAfter: [Float] {
            var floats: [Float] = []
            forEachPlace { _, group, place in floats.append(group.state[place]) }
            return floats
        }

        /// The mean loss; leaves its gradient.
        func loss() -> Double {
            layout.transpose(parameters.start, to: transposed.start)
            gradient.start.update(repeating: 0, count: layout.count)
            begin()
            var sum = 0.0
            for (index, group) in groups.enumerated() {
                let lanes = min(RecurrentGradient.lanes, windows - index * RecurrentGradient.lanes)
                sum += group.loss(
                    parameters.start, transposed: transposed.start, windows: lanes, gradient: part.start)
                for place in 0..<layout.count {
                    gradient.start[place] += part.start[place] / Float(windows)
                }
            }
            return sum / Double(windows)
        }

        func weights(_ floats: borrowing AlignedFloats) -> RecurrentWeights {
            layout.weights(Array(UnsafeBufferPointer(start: floats.start, count: layout.count)))
        }
    }

    static let names = ["1-24-1-48", "1-7-2-5", "3-5-3-1", "1-33-2-17", "1-1-1-1", "2-50-1-3"] + huberNames
    /// Of Huber's loss, with scaled errors and a state to begin with.
    static let huberNames = ["1-9-2-6", "2-18-1-4", "1-5-3-2"]

    @Test(arguments: InstructionSet.available, names)
    func lossAndGradientEqualPyTorchs(instructionSet: InstructionSet, name: String) throws {
        let golden = try Golden(name)
        let windows = try Windows(golden, instructionSet)
        let loss = windows.loss()
        #expect(abs(loss / Double(try golden.floats("loss")[0]) - 1) < 1e-6)
        let (found, expected) = (windows.weights(windows.gradient), try golden.weights("gradient."))
        for (tensor, (ours, theirs)) in zip(Self.tensors(found), Self.tensors(expected)).enumerated() {
            // The gradient by either bias is that by their sum, and `expected` has both.
            let factor: Float = tensor < 3 * golden.layout.shape.layerCount && tensor % 3 == 2 ? 2 : 1
            #expect(Self.relativeError(ours.map { $0 * factor }, theirs) < 1e-5, "tensor \(tensor)")
        }
        if let expected = golden.stateAfter {
            #expect(Self.relativeError(windows.stateAfter, expected) < 1e-5)
        }
        // The way forward by itself says the same, to the bit.
        windows.begin()
        var alone = 0.0
        for (index, group) in windows.groups.enumerated() {
            let lanes = min(RecurrentGradient.lanes, windows.windows - index * RecurrentGradient.lanes)
            alone += group.loss(windows.parameters.start, windows: lanes)
        }
        #expect(alone / Double(windows.windows) == loss)
    }

    /// Adam, one cycle of the learning rate, and two biases that move as one.
    @Test(arguments: names) func twentyUpdatesEqualPyTorchs(name: String) throws {
        let golden = try Golden(name)
        let windows = try Windows(golden, .best)
        let iterations = 20
        let cycle = OneCycle(highest: 4e-3, iterations: iterations)
        var adam = Adam(golden.layout)
        var loss = 0.0
        for iteration in 0..<iterations {
            loss = windows.loss()
            let (rate, momentum) = cycle.values(at: iteration)
            adam.step(
                windows.parameters.start, gradient: windows.gradient.start, rate: rate, momentum: momentum)
        }
        #expect(abs(loss / Double(try golden.floats("loss")[1]) - 1) < 1e-5)
        let (found, expected) = (windows.weights(windows.parameters), try golden.weights("trained."))
        for (tensor, (ours, theirs)) in zip(Self.tensors(found), Self.tensors(expected)).enumerated() {
            #expect(Self.relativeError(ours, theirs) < 1e-4, "tensor \(tensor)")
        }
    }

    /// Lanes beyond those asked for hold what they will.
    @Test func otherLanesCountForNothing() throws {
        let golden = try Golden("3-5-3-1")
        let windows = try Windows(golden, .best)
        let loss = windows.loss()
        let gradient = windows.weights(windows.gradient).readout
        let lanes = RecurrentGradient.lanes
        for place in 0..<golden.size.ticks * 3 {
            for lane in golden.size.windows..<lanes { windows.groups[0].inputs[place * lanes + lane] = 7 }
        }
        #expect(windows.loss() == loss && windows.weights(windows.gradient).readout == gradient)
    }

    /// Sets parameters from weights as PyTorch has them.
    static func place(_ weights: RecurrentWeights, _ parameters: UnsafeMutablePointer<Float>) {
        let (shape, layout) = (weights.shape, ParameterLayout(weights.shape))
        func place(_ tensor: [Float], row: Int, of matrix: ParameterLayout.Matrix) {
            let rows = tensor.count / matrix.columns
            for (index, value) in tensor.enumerated() {
                parameters[matrix.offset + (row + index % rows) * matrix.columns + index / rows] = value
            }
        }
        for (index, layer) in weights.layers.enumerated() {
            let (matrix, entering) = (layout.matrices[index], shape.inputSize(ofLayer: index))
            place(layer.input, row: 0, of: matrix)
            place(layer.recurrent, row: entering, of: matrix)
            place(layer.bias, row: matrix.rows - 1, of: matrix)
        }
        let matrix = layout.matrices[shape.layerCount]
        place(weights.readout, row: 0, of: matrix)
        place(weights.readoutBias, row: matrix.rows - 1, of: matrix)
    }

    /// All tensors in one order.
    static func tensors(_ weights: RecurrentWeights) -> [[Float]] {
        weights.layers.flatMap { [$0.input, $0.recurrent, $0.bias] } + [weights.readout, weights.readoutBias]
    }

    /// The largest difference beside the largest value; infinite where there is a NaN or the counts differ.
    static func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
        guard found.count == expected.count, !found.contains(where: \.isNaN) else { return .infinity }
        let scale = expected.map(abs).max() ?? 0
        return zip(found, expected).map { abs($0 - $1) }.max().map { $0 / scale } ?? .infinity
    }
}
