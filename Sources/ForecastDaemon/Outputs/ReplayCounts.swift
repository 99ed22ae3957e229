// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What was asked of a replay socket, and what became of it.
package struct ReplayCounts: Sendable, Equatable {
    /// Requests that came, good and bad.
    package var requests: UInt64 = 0
    /// Messages sent in answers.
    package var messages: UInt64 = 0
    /// Answers that told that what was asked for is not there any more.
    package var tooOld: UInt64 = 0
    /// Requests with an epoch that is not the publisher's.
    package var otherEpoch: UInt64 = 0
    /// Requests that could not be understood.
    package var malformed: UInt64 = 0
    /// Requests that came while too many others were being answered.
    package var busy: UInt64 = 0
    /// Answers given up because the peer went away or did not read.
    package var abandoned: UInt64 = 0

    /// Makes an account without counts.
    package init() {}
}
