// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// How the pipelines keep their state.
package struct StatePlan: Sendable {
    /// What outlasts the end of the process and of the machine.
    package enum Durability: String, Sendable, CaseIterable {
        /// Snapshots alone.
        case none
        /// And what has been received, but for the last second where the power is cut.
        case interval
        /// And all that has been acknowledged, whatever happens.
        case commit
    }

    /// Where all of it is.
    package var directory: String
    /// What outlasts what.
    package var durability: Durability
    /// The longest time between two snapshots.
    package var snapshotEvery: Duration
    /// Bytes of the journal after which a snapshot is taken before that time.
    package var snapshotAfter: Int
    /// Bytes that are kept free for when the disk is full.
    package var ballast: Int
    /// Whether to go on where parts of the journal are destroyed, without what was in them.
    package var acceptsLoss = false
    /// Tells what becomes of the state; called on threads of the pipelines.
    package var report: @Sendable (StateEvent) -> Void = { _ in }

    package init(
        directory: String, durability: Durability, snapshotEvery: Duration, snapshotAfter: Int, ballast: Int
    ) {
        (self.directory, self.durability, self.ballast) = (directory, durability, ballast)
        (self.snapshotEvery, self.snapshotAfter) = (snapshotEvery, snapshotAfter)
    }

    /// Bytes of the journal that are made durable before their time.
    package var groupLimit: Int { durability == .commit ? 256 << 10 : .max }
    /// Time between two calls that make the journal durable.
    var synchroniseEvery: Duration { durability == .commit ? .milliseconds(5) : .seconds(1) }
}

/// What becomes of the state of a pipeline.
package enum StateEvent: Sendable {
    /// Observations of the journal that have been taken in anew so far.
    case replaying(observations: UInt64)
    /// Streams are as they were.
    case recovered(Recovered)
    /// The streams are divided among another number of pipelines; the directories of before are kept.
    case divided(from: Int, to: Int, Restoration, kept: [String])
    /// A snapshot that cannot be used, which is one generation lost.
    case damaged(String)
    /// Records of the journal that are destroyed, and were passed over because that was allowed.
    case lost(String)
    /// The state of a stream that was on disk is destroyed, and the stream begins anew.
    case destroyed(String)
    /// There is no room for a snapshot; the journal goes on.
    case noSnapshot
    /// There was no room for a snapshot beside two others, and the older one was removed.
    case onlyNewest
    /// The disk is full: what comes now does not outlast the process.
    case full
    /// There is room again, after so many observations that were not journalled.
    case room(lost: UInt64)

    /// What was found at the start.
    package struct Recovered: Sendable {
        /// The streams that were saved.
        package var streams: Restoration
        /// Observations taken in anew from the journal.
        package var observations: UInt64 = 0
        /// Observations that were taken in and never journalled, because the disk was full.
        package var lost: UInt64 = 0
        /// Whether there was nothing.
        package var isEmpty: Bool
        /// Observations of streams for which there was no room.
        package var unplaced = 0
        /// The last reload after the snapshot; nil where there was none.
        package var reload: Reload?

        /// A reload that no snapshot followed before the process ended.
        package struct Reload: Sendable {
            /// Whether rules and models are those that it put in force.
            package var isSame: Bool
        }
    }
}
