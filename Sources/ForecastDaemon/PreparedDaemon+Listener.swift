// Part of forecastd. SPDX-License-Identifier: Apache-2.0

extension PreparedDaemon {
    /// Where others connect to, for which the service manager may keep sockets.
    var keptEndpoints: [String] {
        let outputs = configuration.outputs
        return configuration.inputs.flatMap(\.connection.bind) + outputs.flatMap(\.connection.bind)
            + outputs.flatMap { $0.replay?.bind ?? [] } + (configuration.http.map { [$0.endpoint] } ?? [])
    }

    /// The socket by which the service manager listens for HTTP, as in `forecastd-http.socket`; nil where it does not.
    ///
    /// It must listen where the configuration says: commands ask there, and what holds of an address that other machines
    /// reach, or do not, is decided by that.
    ///
    /// - Throws: A `DaemonError` where unit and configuration say different things.
    func passedListener(from passed: inout PassedDescriptors) throws(DaemonError) -> Int32? {
        guard let descriptor = passed.take("http") else { return nil }
        let found = ListeningAddress(of: descriptor)
        let unit = "the socket \"http\" that the service manager has passed (ListenStream= of its unit)"
        let place = found.map { "\($0)" } ?? "no TCP socket that listens"
        guard let http = configuration.http else {
            throw DaemonError(
                .configuration,
                "expected the key http, because of \(unit), found none: write http: {bind: \"\(place)\"}, or disable the unit"
            )
        }
        let hosts = http.host == "localhost" ? ["127.0.0.1", "::1"] : [http.host]
        guard let found, hosts.contains(where: { ListeningAddress(host: $0, port: http.port) == found })
        else {
            throw DaemonError(
                .configuration,
                "http.bind: expected the address of \(unit), which is \(place), found \(http.authority): write the same in both"
            )
        }
        guard passed.take("http") == nil else {
            throw DaemonError(
                .configuration,
                "expected one socket \"http\" of the service manager, found two: leave one ListenStream= in its unit, as "
                    + "nobody would answer at the other")
        }
        return descriptor
    }
}
