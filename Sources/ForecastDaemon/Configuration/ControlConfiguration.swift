// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where the running daemon is told what changes it.
public struct ControlConfiguration: Sendable, Equatable {
    /// The path of a Unix socket, a relative one made to start at the configuration's directory.
    public var path = ""
}

extension ControlConfiguration {
    /// Makes the path relative to where the configuration `file` stands.
    mutating func resolvePath(besideFile file: String) {
        path = ConfigurationPath.resolve(path, besideFile: file)
    }
}

extension ControlConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        path = table.require("path", "the path of a Unix socket")?.text("the path of a Unix socket") ?? ""
    }
}
