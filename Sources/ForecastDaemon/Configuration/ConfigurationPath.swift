// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Paths of a configuration.
enum ConfigurationPath {
    /// A path as it was written, a relative one made to start where the configuration's `file` stands.
    static func resolve(_ path: String, besideFile file: String) -> String {
        guard !path.hasPrefix("/"), !path.hasPrefix(SecretFile.credentials),
            let slash = file.lastIndex(of: "/")
        else { return path }
        return file[...slash] + path
    }
}
