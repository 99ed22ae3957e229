// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the daemon keeps the streams' state, over all pipelines; counts are since its start.
package struct StateKeepingReport: Codable, Sendable, Equatable {
    /// The newest snapshot.
    package struct Snapshot: Codable, Sendable, Equatable {
        /// When it was done, UTC, RFC 3339; with several pipelines the oldest of theirs.
        package var time: String
        /// Its bytes.
        package var bytes: Int
        /// How long it took.
        package var seconds: Double

        /// Makes an account.
        package init(time: String, bytes: Int, seconds: Double) {
            (self.time, self.bytes, self.seconds) = (time, bytes, seconds)
        }
    }

    /// Whether the disk is full, so that what comes now would be lost by a restart.
    package var full: Bool
    /// Observations that came while it was, and were not journalled.
    package var lost: UInt64
    /// Snapshots that were made, and those that did not come to an end.
    package var snapshots, failedSnapshots: UInt64
    /// The newest one; nil before the first.
    package var snapshot: Snapshot?
    /// Records of the journal that a power cut might lose.
    package var unsynchronised: UInt64
    /// The longest that the disk took to make the journal durable, in seconds.
    package var longestSynchronisation: Double

    /// Makes an account.
    package init(
        full: Bool, lost: UInt64, snapshots: UInt64, failedSnapshots: UInt64, snapshot: Snapshot?,
        unsynchronised: UInt64, longestSynchronisation: Double
    ) {
        (self.full, self.lost) = (full, lost)
        (self.snapshots, self.failedSnapshots, self.snapshot) = (snapshots, failedSnapshots, snapshot)
        (self.unsynchronised, self.longestSynchronisation) = (unsynchronised, longestSynchronisation)
    }

    private enum CodingKeys: String, CodingKey {
        case full, lost, snapshots, snapshot, unsynchronised
        case failedSnapshots = "failed_snapshots"
        case longestSynchronisation = "longest_synchronisation"
    }
}
