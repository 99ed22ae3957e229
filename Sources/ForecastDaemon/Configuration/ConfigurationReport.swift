// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a reading of one file gathers: its problems, the places of its values, and the keys it knows.
///
/// A class because the table of a section and those of its parents, alive at the same time, write into one.
final class ConfigurationReport {
    /// The file's name as problems print it.
    let file: String
    /// The problems so far, in the order of reading.
    private var problems: [ConfigurationProblem] = []
    /// Where each value that the reader took stands, by path.
    private var positions: [String: ConfigurationPosition] = [:]
    /// Which list of binds holds an endpoint first.
    private var binders: [String: String] = [:]
    /// Which list connects to an endpoint.
    private var connectors: [String: String] = [:]
    /// The keys that the reader asked for.
    private(set) var knownKeys: Set<ConfigurationKey> = []
    /// The keys that the file holds.
    private(set) var writtenKeys: Set<ConfigurationKey> = []

    init(file: String) {
        self.file = file
    }

    /// Notes a problem at `position`.
    func add(_ message: String, path: String, at position: ConfigurationPosition) {
        problems.append(
            ConfigurationProblem(
                file: file, line: position.line, column: position.column, path: path, message: message))
    }

    /// Where the value at `path` stands, if the reader took one.
    func position(of path: String) -> ConfigurationPosition? {
        positions[path]
    }

    /// Remembers where the value of `path` stands.
    func locate(_ path: String, at position: ConfigurationPosition) {
        positions[path] = position
    }

    /// Remembers that the list at `path` uses `endpoint`; why it cannot, where another list does.
    func claim(_ endpoint: String, for use: ConfigurationEndpoint.Use, by path: String) -> String? {
        if let binder = binders[endpoint] {
            return use == .binding
                ? "\(endpoint) is bound by \(binder) already"
                : "\(endpoint) is bound by \(binder): this daemon would talk with itself"
        }
        guard use == .binding else {
            connectors[endpoint] = path
            return nil
        }
        binders[endpoint] = path
        return connectors[endpoint].map {
            "\(endpoint) is what \($0) connects to: this daemon would talk with itself"
        }
    }

    /// Remembers that the reader asked for `key`.
    func know(_ key: ConfigurationKey) {
        knownKeys.insert(key)
    }

    /// Remembers that the file holds `key`.
    func write(_ key: ConfigurationKey) {
        writtenKeys.insert(key)
    }

    /// Whether nothing was found wrong.
    var isClean: Bool { problems.isEmpty }

    /// What was found wrong, in the order of the file.
    var error: ConfigurationError {
        let ordered = problems.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }
        return .invalid(ordered.map(\.element))
    }
}

/// A key of the configuration apart from any one file, as `inputs.*.socket` or `streams[].match`.
package struct ConfigurationKey: Hashable, Sendable {
    /// The kind of mapping that holds the key; empty for the whole file.
    package var section: String
    /// The key in it.
    package var name: String
}

extension ConfigurationKey: CustomStringConvertible {
    /// Section and name, joined as a path.
    package var description: String { section.isEmpty ? name : "\(section).\(name)" }
}
