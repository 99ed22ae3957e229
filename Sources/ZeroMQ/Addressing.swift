// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a `router` socket says to a message for one of its peers.
public enum Addressing: Sendable {
    /// The frames may follow.
    case open
    /// The peer's queue is full.
    case full
    /// The peer is not connected, or not any more.
    case absent
}
