// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What came of the messages and greetings of an input's producers, since the start.
package struct ProducerCounts: Sendable, Equatable {
    /// Producers that are remembered, and those of them that are connected.
    package var (known, connected) = (0, 0)
    /// Messages that had come before, and were not applied again.
    package var repeated: UInt64 = 0
    /// Messages before which one was missing, so that they were not applied.
    package var early: UInt64 = 0
    /// Messages of peers that had not said who they are.
    package var strangers: UInt64 = 0
    /// Greetings that were refused.
    package var refused: UInt64 = 0
    /// Messages that producers had, by their numbers, and will never send.
    package var lost: UInt64 = 0

    /// Makes an account without counts.
    package init() {}
}
