// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Yams

extension Node {
    /// Where the node begins; for a mapping in block style, at its first key.
    var position: ConfigurationPosition { mark.map(ConfigurationPosition.init) ?? .start }

    /// Whether nothing was written here, or YAML's word for nothing.
    var isNothing: Bool {
        guard case .scalar(let scalar) = self, !scalar.isQuoted else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What the node is, in the words of a message.
    var summary: String {
        switch self {
        case .scalar(let scalar): isNothing ? "nothing" : ConfigurationSuggestion.quoted(scalar.string)
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// The tag that stands before the node, as `!!int` in its long form.
    var writtenTag: String? {
        switch self {
        case .scalar(let scalar):
            let name = scalar.tag.description
            // The parser gives every text in quotes this tag.
            return scalar.isQuoted && name == "tag:yaml.org,2002:str" ? nil : (name.isEmpty ? nil : name)
        case .mapping(let mapping): return mapping.tag.description.isEmpty ? nil : mapping.tag.description
        case .sequence(let sequence): return sequence.tag.description.isEmpty ? nil : sequence.tag.description
        case .alias: return nil
        }
    }
}

extension Node.Scalar {
    /// Whether the text was marked as text, by quotes or as a block.
    var isQuoted: Bool { style != .plain }
}

extension ConfigurationPosition {
    /// The place of a parser's mark.
    init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}
