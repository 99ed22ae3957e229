// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

extension BearerToken {
    /// Reads the token of a file.
    ///
    /// - Parameter key: The key of the configuration or the option that names the file, for messages.
    package init(file path: String, key: String) throws(DaemonError) {
        guard let token = Self(try SecretFile.line(path, key: key)) else {
            throw DaemonError(
                .configuration,
                "\(key): \(path): expected a token of \(Self.lengths.lowerBound) to \(Self.lengths.upperBound) of "
                    + "A-Z a-z 0-9 - . _ ~ + /, as `openssl rand -hex 32` makes, found another text")
        }
        self = token
    }

    /// Reads the token that a configuration asks for; nil where it asks for none.
    package init?(_ configuration: HTTPConfiguration) throws(DaemonError) {
        guard let path = configuration.token else { return nil }
        try self.init(file: path, key: "http.token")
    }
}
