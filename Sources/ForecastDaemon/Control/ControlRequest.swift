// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a running daemon can be told over its control socket: a line of JSON, `{"request": …}`.
package struct ControlRequest: Codable, Sendable {
    /// What is to be done.
    package enum Kind: String, Codable, Sendable {
        /// Put the configuration in force.
        case reload
    }

    var request = Kind.reload
    /// Whether only to say what that would change.
    var plan: Bool?
}
