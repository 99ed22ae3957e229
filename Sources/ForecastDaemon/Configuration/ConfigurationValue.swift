// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Yams

/// The value of a key or list entry, to be read as one type; what does not fit is reported and reads as nil.
struct ConfigurationValue {
    /// The keys that lead to the value, as `inputs.plant.connect[0]`.
    let path: String
    /// Where the value stands; for a value left out, its key.
    let position: ConfigurationPosition
    /// What gathers the problems of the file.
    let report: ConfigurationReport
    private let node: Node
    private let section: String

    init(
        node: Node, path: String, section: String, keyPosition: ConfigurationPosition,
        report: ConfigurationReport
    ) {
        self.node = node
        self.path = path
        self.section = section
        self.position = node.isNothing ? keyPosition : node.position
        self.report = report
    }

    /// Notes a problem of this value.
    func problem(_ message: String) {
        report.add(message, path: path, at: position)
    }

    /// Notes that `expected` was not found, offering `suggestion` instead of what was.
    func mismatch(_ expected: String, suggestion: String? = nil) {
        let question = ConfigurationSuggestion.question(suggestion)
        problem("expected \(expected), found \(node.summary)\(question)")
    }

    /// The value as text of at least one character, plain or in quotes.
    func text(_ expected: String) -> String? {
        guard let scalar = scalar(expected) else { return nil }
        guard !scalar.string.isEmpty else {
            mismatch(expected)
            return nil
        }
        return scalar.string
    }

    /// Whether the value is just this word.
    func isWord(_ word: String) -> Bool {
        if case .scalar(let scalar) = node { scalar.string == word } else { false }
    }

    /// Whether the value is a mapping.
    var isMapping: Bool {
        if case .mapping = node { true } else { false }
    }

    /// The value as a decimal whole number.
    ///
    /// - Parameter word: What may stand there instead, for the words of a problem.
    func integer(in range: ClosedRange<Int>, orWord word: String? = nil) -> Int? {
        let alternative = word.map { "\($0) or " } ?? ""
        let expected = "\(alternative)a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let scalar = scalar(expected) else { return nil }
        guard !scalar.isQuoted else {
            problem("expected \(expected), found \(node.summary) in quotes: leave the quotes out")
            return nil
        }
        guard let number = ConfigurationUnits.wholeNumber(scalar.string), range.contains(number) else {
            mismatch(expected)
            return nil
        }
        return number
    }

    /// The value as a decimal number.
    func number(_ expected: String, where isAllowed: (Double) -> Bool = { _ in true }) -> Double? {
        guard let scalar = scalar(expected) else { return nil }
        let isDecimal = scalar.string.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        guard !scalar.isQuoted, isDecimal, let number = Double(scalar.string), number.isFinite,
            isAllowed(number)
        else {
            mismatch(expected)
            return nil
        }
        return number
    }

    /// Whether the value is written as a number without a unit.
    var isWholeNumber: Bool {
        if case .scalar(let scalar) = node {
            ConfigurationUnits.wholeNumber(scalar.string) != nil
        } else {
            false
        }
    }

    /// The value as a time with its unit.
    ///
    /// - Parameter words: What may stand there instead, for the words of a problem.
    func duration(in range: ClosedRange<Duration>, orWords words: String? = nil) -> Duration? {
        let milliseconds = range.lowerBound.wholeMilliseconds...range.upperBound.wholeMilliseconds
        let kind = (words.map { "\($0) or " } ?? "") + "a duration"
        return quantity(kind, in: milliseconds, units: ConfigurationUnits.durations, example: "5s")
            .map { .milliseconds($0) }
    }

    /// The value as a number of bytes with its unit.
    func size(in range: ClosedRange<Int>) -> Int? {
        quantity("a size", in: range, units: ConfigurationUnits.sizes, example: "64KiB")
    }

    private func quantity(
        _ kind: String, in range: ClosedRange<Int>, units: [ConfigurationUnits.Unit], example: String
    ) -> Int? {
        let lower = ConfigurationUnits.text(range.lowerBound, units: units)
        let upper = ConfigurationUnits.text(range.upperBound, units: units)
        let expected = "\(kind) from \(lower) to \(upper)"
        guard let scalar = scalar("\(expected), as \(example)") else { return nil }
        guard let quantity = ConfigurationUnits.quantity(scalar.string, units: units) else {
            let symbols = ConfigurationSuggestion.alternatives(units.map(\.symbol))
            mismatch(
                "\(expected) with its unit (\(symbols)), as \(example)",
                suggestion: ConfigurationUnits.correction(of: scalar.string, units: units))
            return nil
        }
        guard range.contains(quantity) else {
            mismatch(expected)
            return nil
        }
        return quantity
    }

    /// The value as true or false.
    func boolean() -> Bool? {
        guard let scalar = scalar("true or false") else { return nil }
        guard !scalar.isQuoted, ["true", "false"].contains(scalar.string) else {
            let yes = ["yes", "on", "y", "1"].contains(scalar.string.lowercased())
            let no = ["no", "off", "n", "0"].contains(scalar.string.lowercased())
            mismatch("true or false", suggestion: yes ? "true" : no ? "false" : nil)
            return nil
        }
        return scalar.string == "true"
    }

    /// The value as one of the words of `Choice`.
    func choice<Choice: CaseIterable & RawRepresentable<String>>() -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        let expected = ConfigurationSuggestion.alternatives(words)
        guard let scalar = scalar(expected) else { return nil }
        guard let choice = Choice(rawValue: scalar.string) else {
            mismatch(
                expected, suggestion: ConfigurationSuggestion.nearest(to: scalar.string, among: words))
            return nil
        }
        return choice
    }

    /// The entries of a list, at least one, each read by `read`; nil if one of them does not fit.
    ///
    /// - Parameter hint: What to do where an empty list was written.
    func list<Element>(
        of expected: String, hint: String = "write at least one", _ read: (ConfigurationValue) -> Element?
    ) -> [Element]? {
        guard case .sequence(let sequence) = node else {
            if case .scalar(let scalar) = node, !node.isNothing {
                let isNumber = !scalar.isQuoted && Double(scalar.string) != nil
                let entry = isNumber ? scalar.string : ConfigurationSuggestion.quoted(scalar.string)
                problem("expected a list of \(expected), found \(node.summary); did you mean [\(entry)]?")
            } else {
                mismatch("a list of \(expected)")
            }
            return nil
        }
        guard !sequence.isEmpty else {
            problem("expected a list of \(expected), found an empty one: \(hint)")
            return nil
        }
        let elements = sequence.enumerated().compactMap { index, entry in
            let value = ConfigurationValue(
                node: entry, path: "\(path)[\(index)]", section: "\(section)[]", keyPosition: entry.position,
                report: report)
            report.locate(value.path, at: value.position)
            return read(value)
        }
        return elements.count == sequence.count ? elements : nil
    }

    /// The value as a section.
    func readSection<Section: ConfigurationSection>(name: String) -> Section {
        ConfigurationTable.read(
            node, name: name, path: path, section: section, at: position, report: report)
    }

    /// The sections under their names, in the order of the file; at least one is expected.
    func readNamedSections<Section: ConfigurationSection>() -> [Section] {
        guard case .mapping(let mapping) = node, !mapping.isEmpty else {
            mismatch("at least one name with its settings (name: {key: value})")
            return []
        }
        var names: Set<String> = []
        return mapping.compactMap { key, value in
            guard case .scalar(let scalar) = key, Self.isName(scalar.string) else {
                report.add(
                    "expected a name, 1 to 64 characters of A-Z a-z 0-9 _ -, found \(key.summary)",
                    path: path,
                    at: key.position)
                return nil
            }
            let path = "\(path).\(scalar.string)"
            guard names.insert(scalar.string).inserted else {
                report.add(ConfigurationTable.duplicateKeyMessage, path: path, at: key.position)
                return nil
            }
            report.locate(path, at: key.position)
            return ConfigurationTable.read(
                value, name: scalar.string, path: path, section: "\(section).*", at: key.position,
                report: report)
        }
    }

    /// The sections of a list, in order; at least one is expected.
    func readSections<Section: ConfigurationSection>() -> [Section] {
        list(of: "rules") { $0.readSection(name: "") } ?? []
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private func scalar(_ expected: String) -> Node.Scalar? {
        guard case .scalar(let scalar) = node, !node.isNothing else {
            mismatch(expected)
            return nil
        }
        return scalar
    }
}

extension Duration {
    /// The duration that a text states as in a configuration: `500ms`, `10s`; nil if it states none.
    package init?(text: String) {
        guard let milliseconds = ConfigurationUnits.quantity(text, units: ConfigurationUnits.durations) else {
            return nil
        }
        self = .milliseconds(milliseconds)
    }

    /// The duration as a configuration states it.
    package var text: String {
        ConfigurationUnits.text(wholeMilliseconds, units: ConfigurationUnits.durations)
    }

    /// The duration in milliseconds, which all durations of the configuration are whole numbers of.
    fileprivate var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
