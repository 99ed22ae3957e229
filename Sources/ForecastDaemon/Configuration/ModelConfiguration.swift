// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import RecurrentKernels

/// One model: its weights and how they are run.
public struct ModelConfiguration: Sendable, Equatable {
    /// What the hidden state of a stream starts from at each tick.
    public enum Mode: Sendable, Equatable {
        /// From the state after the tick before, for ever.
        case stateful
        /// From zero, over this many of the latest ticks.
        case window(Int)
    }

    /// The name that rules know the model by.
    public var name: String
    /// The path of the safetensors file, a relative one made to start at the configuration's directory.
    public var weights: String
    /// How the weights are run.
    public var mode = Mode.stateful
    /// What the weights and what they are multiplied by are rounded to.
    public var precision = Precision.float32

    /// Makes the path of the weights relative to where the configuration `file` stands.
    mutating func resolveWeights(besideFile file: String) {
        weights = ConfigurationPath.resolve(weights, besideFile: file)
    }
}

extension ModelConfiguration: ConfigurationSection {
    /// The words for the modes.
    private enum ModeName: String, CaseIterable { case stateful, window }

    init(from table: inout ConfigurationTable) {
        name = table.name
        weights =
            table.require("weights", "the path of the safetensors file")?
            .text("the path of a safetensors file") ?? ""
        var modeName = ModeName.stateful
        let isModeKnown = table.read("mode", into: &modeName)
        let window = table.take("window")?.integer(in: 1...65536)
        switch modeName {
        case .stateful where isModeKnown:
            table.refuse("window", "only for mode: window; this model is stateful")
        case .window:
            if let window { mode = .window(window) }
            if !table.has("window") {
                table.problem("missing key \"window\": the number of ticks that mode: window runs over")
            }
        case .stateful: break
        }
        table.read("precision", into: &precision)
    }
}
