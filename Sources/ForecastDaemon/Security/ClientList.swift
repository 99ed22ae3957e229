// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
package import ZeroMQ

/// A file of public keys: whoever has one of the secret keys may connect.
///
/// A line is a key, and behind a blank what it is for, which only people read; a line that begins with `# ` is a comment.
package enum ClientList {
    private static let largest = 16 << 20

    /// Reads the keys of the file at `path`.
    ///
    /// - Parameters:
    ///   - key: The key of the configuration that names the file, for messages.
    ///   - environment: As for a `SecretFile`.
    /// - Throws: A `DaemonError` where the file cannot be read, a line is no key, or others may write the file.
    package static func keys(
        path: String, key: String, environment: (String) -> String? = ProcessEnvironment.variable
    ) throws(DaemonError) -> Set<CurveKey> {
        let (path, isCredential) = try SecretFile.resolved(path, key: key, environment: environment)
        let (text, mode) = try SmallFile.read(
            path, key: key, atMost: largest, owners: isCredential ? nil : [0, geteuid()],
            advice: "it is no secret, let that user read it (chmod a+r)")
        guard mode & 0o022 == 0 else {
            throw DaemonError(
                .permission,
                "\(key): \(path): expected a file that its owner alone can write, found mode "
                    + "0\(String(mode & 0o7777, radix: 8)): chmod go-w \(path)")
        }
        var keys: Set<CurveKey> = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, first != "#" else { continue }
            guard let read = CurveKey(text: String(first)) else {
                throw DaemonError(
                    .configuration,
                    "\(path):\(index + 1):1: \(key): expected a public key, 40 characters as `forecastd keygen` prints, and "
                        + "behind a blank what it is for, or # and a comment, found "
                        + ConfigurationSuggestion.quoted(String(first)))
            }
            keys.insert(read)
        }
        return keys
    }
}
