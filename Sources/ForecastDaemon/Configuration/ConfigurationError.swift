// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a configuration cannot be used: its description has one line per problem, meant for a person.
public enum ConfigurationError: Error, Sendable, Equatable {
    /// The file could not be opened or read; `errno` says why.
    case unreadable(path: String, errno: Int32)
    /// The file was read and is not a valid configuration: every problem in it, in the order of the file.
    case invalid([ConfigurationProblem])
}

extension ConfigurationError: CustomStringConvertible {
    /// The most problems that are printed; beyond it the rest is only counted.
    private static let printedLimit = 50

    /// One line per problem, without a line break at the end.
    public var description: String {
        switch self {
        case .unreadable(let path, let code):
            return "cannot read the configuration \(path): \(String(cString: strerror(code)))"
        case .invalid(let problems):
            var lines = problems.prefix(Self.printedLimit).map(\.description)
            if problems.count > Self.printedLimit {
                lines.append("and \(problems.count - Self.printedLimit) more problems")
            }
            return lines.joined(separator: "\n")
        }
    }
}

/// One thing that is wrong in a configuration file, with its place.
public struct ConfigurationProblem: Sendable, Hashable {
    /// The file as it was named by the caller.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// The column, from 1, in Unicode scalars.
    public var column: Int
    /// The keys that lead to the place, as `streams[0].model`; empty for the file as a whole.
    public var path: String
    /// What was expected and what was found, on one line.
    public var message: String

    /// Makes a problem; what would end the line, as a part of the file may, is escaped.
    public init(file: String, line: Int, column: Int, path: String, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.path = ConfigurationSuggestion.line(path)
        self.message = ConfigurationSuggestion.line(message)
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// The problem as `file:line:column: path: message`.
    public var description: String {
        let place = "\(file):\(line):\(column): "
        return path.isEmpty ? place + message : place + path + ": " + message
    }
}

extension DaemonError {
    /// The error of a command that could not read its configuration.
    package init(_ error: ConfigurationError) {
        switch error {
        case .unreadable(_, let code): self.init(code == EACCES ? .permission : .noInput, "\(error)")
        case .invalid: self.init(.configuration, "\(error)")
        }
    }
}
