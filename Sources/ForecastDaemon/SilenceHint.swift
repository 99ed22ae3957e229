// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import ZeroMQ

/// What to look at where a command hears nothing from the other side of its socket.
package enum SilenceHint {
    /// The likeliest reason, as questions or advice.
    ///
    /// - Parameters:
    ///   - connections: What became of the socket's connections.
    ///   - isSecured: Whether the socket proves who it is.
    ///   - unconnected: What to ask where there is no connection.
    ///   - connected: What to ask where there is one.
    package static func text(
        _ connections: ConnectionCounts, isSecured: Bool, unconnected: String, connected: String
    ) -> String {
        guard connections.failedHandshakes > 0 else { return connections.open > 0 ? connected : unconnected }
        return isSecured
            ? "whoever listens there refuses the connection: is --server-key its public key, "
                + "and does its clients list have the public key of --curve-key?"
            : "whoever listens there refuses the connection: it asks for keys, then give --curve-key FILE and "
                + "--server-key KEY; or it is not ZeroMQ."
    }
}
