// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Yams

/// From text to the root node of its one YAML document.
enum ConfigurationDocument {
    /// The root node of `text`; nil after a problem, which `report` then has.
    static func root(of text: String, report: ConfigurationReport) -> Node? {
        if let position = anchorPosition(in: text) {
            // Aliases let a few lines stand for billions of nodes: the file is refused before it is composed.
            report.add(
                "YAML anchors (&name) are not supported: write the values out, or put a text with & in "
                    + "quotes",
                path: "", at: position)
            return nil
        }
        do {
            // The parser underneath cannot take an empty string.
            if !text.isEmpty, let node = try Yams.compose(yaml: text, .default, .default, .utf8) {
                refuseTags(in: node, report: report)
                return node
            }
            report.add(
                "expected a mapping with the keys inputs, outputs, models and streams, found nothing in the "
                    + "file",
                path: "", at: .start)
        } catch {
            let (message, position) = explanation(of: error, text: text)
            report.add(message, path: "", at: position)
        }
        return nil
    }

    /// Reports the tags in `node`, which would change what a value means and are otherwise passed over.
    private static func refuseTags(in node: Node, report: ConfigurationReport) {
        if let tag = node.writtenTag {
            report.add(
                "YAML tags are not supported, found \(ConfigurationSuggestion.quoted(tag)): leave it out; a "
                    + "text that begins with ! must stand in quotes", path: "", at: node.position)
        }
        switch node {
        case .mapping(let mapping):
            // The parser gives keys a tag of its own while it looks for duplicates.
            for (_, value) in mapping { refuseTags(in: value, report: report) }
        case .sequence(let sequence):
            for entry in sequence { refuseTags(in: entry, report: report) }
        case .scalar, .alias: break
        }
    }

    /// What a failure to parse means for the person who wrote the file.
    private static func explanation(
        of error: any Error, text: String
    ) -> (message: String, position: ConfigurationPosition) {
        if case .scanner(let context?, let problem, _, _) = error as? YamlError,
            let message = beginningMessage(problem, context)
        {
            return (message, ConfigurationPosition(context.mark))
        }
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let position = ConfigurationPosition(mark)
            if let context, position >= ConfigurationPosition(after: text.unicodeScalars) {
                return (
                    "not valid YAML: \(problem) before the end of the file",
                    ConfigurationPosition(context.mark)
                )
            }
            return (syntaxMessage(problem, context: context, at: position, text: text), position)
        case .composer(_, let problem, let mark, _):
            let position = ConfigurationPosition(mark)
            if problem.contains("another document") {
                return ("expected one YAML document, found a second one: remove the --- before it", position)
            }
            return (aliasMessage, position)
        case .duplicatedKeysInMapping(let names, let context):
            let name = ConfigurationSuggestion.quoted(names.first ?? "")
            return (
                "key \(name) stands here and again further on in the same mapping: keep one of them",
                ConfigurationPosition(context.mark)
            )
        case .reader(let problem, let offset, _, _):
            let end = text.index(text.startIndex, offsetBy: offset ?? 0, limitedBy: text.endIndex)
            let before = text[..<(end ?? text.endIndex)].unicodeScalars
            return ("not valid YAML: \(problem)", ConfigurationPosition(after: before))
        default:
            return ("not valid YAML: \(error)", .start)
        }
    }

    private static let aliasMessage =
        "a plain text cannot begin with *, which is an alias in YAML: put the text in quotes, as \"*.temp\""

    /// What is wrong with that which begins at the context's mark; nil where the place at which the parser
    /// gave up says more.
    private static func beginningMessage(_ problem: String, _ context: YamlError.Context) -> String? {
        if context.text == "while scanning an alias" { return aliasMessage }
        if context.text == "while scanning a simple key" {
            return "not valid YAML: expected a key with a colon and a space behind it (key: value)"
        }
        return problem == "found unexpected end of stream"
            ? "not valid YAML: this quote is never closed" : nil
    }

    /// What is wrong at the place where the parser gave up.
    private static func syntaxMessage(
        _ problem: String, context: YamlError.Context?, at position: ConfigurationPosition, text: String
    ) -> String {
        let cannotBegin = problem.contains("cannot start any token")
        switch scalar(at: position, in: text) {
        case "\t" where cannotBegin || problem.contains("tab character"):
            return "not valid YAML: a tab where only spaces can stand: indent with spaces"
        case let scalar? where cannotBegin:
            let character = ConfigurationSuggestion.quoted(String(scalar))
            return "not valid YAML: a plain text cannot begin with \(character): put the text in quotes"
        default:
            let start = context.map { " (\($0.text) begun at \($0.mark.line):\($0.mark.column))" } ?? ""
            return "not valid YAML: \(problem)\(start)"
        }
    }

    /// The character of `text` at `position`; nil behind its end.
    private static func scalar(at position: ConfigurationPosition, in text: String) -> Unicode.Scalar? {
        var current = ConfigurationPosition.start
        for scalar in text.unicodeScalars {
            if current == position { return scalar }
            current.advance(over: scalar)
        }
        return nil
    }

    /// Where the first `&` stands that begins a token, outside of quotes and comments; nil without one.
    private static func anchorPosition(in text: String) -> ConfigurationPosition? {
        enum State { case plain, comment, doubleQuoted, escaped, singleQuoted, quoteInSingleQuoted }
        var state = State.plain
        var position = ConfigurationPosition.start
        var beginsToken = true
        for scalar in text.unicodeScalars {
            switch (state, scalar) {
            case (.plain, "&") where beginsToken: return position
            case (.plain, "#") where beginsToken: state = .comment
            case (.plain, "\"") where beginsToken: state = .doubleQuoted
            case (.plain, "'") where beginsToken: state = .singleQuoted
            case (.comment, "\n"): state = .plain
            case (.doubleQuoted, "\\"): state = .escaped
            case (.doubleQuoted, "\""): state = .plain
            case (.escaped, _): state = .doubleQuoted
            case (.singleQuoted, "'"): state = .quoteInSingleQuoted
            case (.quoteInSingleQuoted, "'"): state = .singleQuoted
            case (.quoteInSingleQuoted, _): state = .plain
            default: break
            }
            beginsToken = " \t\r\n[{,:".unicodeScalars.contains(scalar)
            position.advance(over: scalar)
        }
        return nil
    }
}
