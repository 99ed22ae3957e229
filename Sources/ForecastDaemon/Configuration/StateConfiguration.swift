// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the streams' state is kept, so that a restart forgets nothing.
public struct StateConfiguration: Sendable, Equatable {
    /// The directory, a relative one made to start at the configuration's directory.
    public var directory = ""
    /// What outlasts the end of the process and of the machine.
    package var durability = StatePlan.Durability.interval
    /// The longest time between two snapshots.
    public var snapshotEvery = Duration.seconds(60)
    /// Bytes of the journal after which a snapshot is taken before that time.
    public var snapshotAfter = 256 << 20
    /// Bytes that are kept free for when the disk is full.
    public var ballast = 64 << 20
    /// Bytes for the state of streams that there is no room for in memory; 0 for none.
    public var spillLimit = 1 << 30
}

extension StateConfiguration {
    /// Makes the directory's path relative to where the configuration `file` stands.
    mutating func resolveDirectory(besideFile file: String) {
        directory = ConfigurationPath.resolve(directory, besideFile: file)
    }
}

extension StateConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        directory =
            table.require("directory", "the path of a directory of its own")?.text("the path of a directory")
            ?? ""
        table.read("durability", into: &durability)
        table.read("snapshot_every", in: .seconds(1)...(.seconds(86_400)), into: &snapshotEvery)
        table.read("snapshot_after", bytesIn: 1 << 20...1 << 40, into: &snapshotAfter)
        table.read("ballast", bytesIn: 0...1 << 40, into: &ballast)
        table.read("spill_limit", bytesIn: 0...1 << 36, into: &spillLimit)
    }
}
