// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Yams

/// A part of the configuration that is read from one mapping.
protocol ConfigurationSection {
    /// Takes every key of the section from `table`, wherever a key is absent or wrong keeping the default.
    ///
    /// What comes out is used only if the whole file had no problem.
    init(from table: inout ConfigurationTable)
}

/// The strict reader of one mapping: keys are taken one by one, and what is left over is a problem.
///
/// Every key that the section knows is asked for, whether it applies or not, so that the reader itself is the
/// list of known keys.
struct ConfigurationTable: ~Copyable {
    static let duplicateKeyMessage = "the key stands twice in this mapping: keep one of them"

    /// The last part of the path: the name of an input, an output or a model.
    let name: String
    private let path: String
    private let section: String
    private let position: ConfigurationPosition
    private let report: ConfigurationReport
    private var entries: [(key: String, position: ConfigurationPosition, value: Node)] = []
    private var known: [String] = []
    private var isMapping = true

    /// Reads a section from `node` and reports what it does not know; an absent node is an empty mapping.
    static func read<Section: ConfigurationSection>(
        _ node: Node?, name: String, path: String, section: String, at position: ConfigurationPosition,
        report: ConfigurationReport
    ) -> Section {
        var table = ConfigurationTable(
            name: name, path: path, section: section, position: position, report: report)
        if let node { table.fill(from: node) }
        let result = Section(from: &table)
        table.refuseLeftovers()
        return result
    }

    private init(
        name: String, path: String, section: String, position: ConfigurationPosition,
        report: ConfigurationReport
    ) {
        self.name = name
        self.path = path
        self.section = section
        self.position = position
        self.report = report
    }

    private mutating func fill(from node: Node) {
        guard case .mapping(let mapping) = node else {
            let place = node.isNothing ? position : node.position
            report.add("expected a mapping (key: value), found \(node.summary)", path: path, at: place)
            isMapping = false
            return
        }
        var keys: Set<String> = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                report.add("expected a name as key, found \(key.summary)", path: path, at: key.position)
                continue
            }
            // The parser lets 1 and "1" pass as two keys.
            guard keys.insert(scalar.string).inserted else {
                report.add(Self.duplicateKeyMessage, path: path(to: scalar.string), at: key.position)
                continue
            }
            entries.append((scalar.string, key.position, value))
            report.write(ConfigurationKey(section: section, name: scalar.string))
        }
    }

    private func refuseLeftovers() {
        for entry in entries {
            let near = ConfigurationSuggestion.nearest(to: entry.key, among: known)
            let hint =
                near.map { "; did you mean \(ConfigurationSuggestion.quoted($0))?" }
                ?? "; known keys: \(known.joined(separator: ", "))"
            report.add(
                "unknown key \(ConfigurationSuggestion.quoted(entry.key))\(hint)", path: path,
                at: entry.position)
        }
    }

    /// Takes the value of `key` out of the table; nil if the key is absent.
    mutating func take(_ key: String) -> ConfigurationValue? {
        known.append(key)
        report.know(ConfigurationKey(section: section, name: key))
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        let value = ConfigurationValue(
            node: entry.value, path: path(to: key), section: section(of: key), keyPosition: entry.position,
            report: report)
        report.locate(value.path, at: value.position)
        return value
    }

    /// As `take`, but an absent key is a problem; `purpose` says what the key is for.
    mutating func require(_ key: String, _ purpose: String) -> ConfigurationValue? {
        let value = take(key)
        if value == nil { problem("missing key \"\(key)\": \(purpose)") }
        return value
    }

    /// Reads the section under `key`; where it is absent, its defaults.
    mutating func readSection<Section: ConfigurationSection>(_ key: String) -> Section {
        if let value = take(key) { return value.readSection(name: key) }
        return Self.read(
            nil, name: key, path: path(to: key), section: section(of: key), at: position, report: report)
    }

    /// Notes a problem of `key`: at its value if it was written, else at the table.
    func problem(_ key: String, _ message: String) {
        let path = path(to: key)
        report.add(message, path: path, at: report.position(of: path) ?? position)
    }

    /// Notes a problem of the whole table, unless it is none, which is problem enough.
    func problem(_ message: String) {
        guard isMapping else { return }
        report.add(message, path: path, at: position)
    }

    /// Notes that `key`, if it was written, does not apply here.
    func refuse(_ key: String, _ reason: String) {
        if has(key) { problem(key, reason) }
    }

    /// Whether the file has `key`, which was taken before.
    func has(_ key: String) -> Bool {
        report.position(of: path(to: key)) != nil
    }

    private func path(to key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    private func section(of key: String) -> String {
        section.isEmpty ? key : "\(section).\(key)"
    }
}

extension ConfigurationTable {
    /// Reads a whole number into `result`.
    mutating func read(_ key: String, in range: ClosedRange<Int>, into result: inout Int) {
        if let number = take(key)?.integer(in: range) { result = number }
    }

    /// Reads true or false into `result`.
    mutating func read(_ key: String, into result: inout Bool) {
        if let answer = take(key)?.boolean() { result = answer }
    }

    /// Reads a duration into `result`.
    mutating func read(_ key: String, in range: ClosedRange<Duration>, into result: inout Duration) {
        if let duration = take(key)?.duration(in: range) { result = duration }
    }

    /// Reads a size into `result`, in bytes; the range is in bytes too.
    mutating func read(_ key: String, bytesIn range: ClosedRange<Int>, into result: inout Int) {
        if let size = take(key)?.size(in: range) { result = size }
    }

    /// Reads one of the words of `Choice` into `result`; false if something else stands there.
    @discardableResult
    mutating func read<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, into result: inout Choice
    ) -> Bool {
        guard let value = take(key) else { return true }
        guard let choice: Choice = value.choice() else { return false }
        result = choice
        return true
    }
}
