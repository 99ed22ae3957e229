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

    /// The tag that was written before the node, such as `!!int`.
    var writtenTag: String? {
        let tag: String
        switch self {
        case .scalar(let scalar):
            tag = scalar.tag.description
            // The parser gives every text in quotes this tag.
            if scalar.isQuoted && tag == "tag:yaml.org,2002:str" { return nil }
        case .mapping(let mapping): tag = mapping.tag.description
        case .sequence(let sequence): tag = sequence.tag.description
        case .alias: return nil
        }
        guard !tag.isEmpty else { return nil }
        let standard = "tag:yaml.org,2002:"
        return tag.hasPrefix(standard) ? "!!" + tag.dropFirst(standard.count) : tag
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
