// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import ZeroMQ

/// A file with a secret: a key or a token, in one line, that nobody but its owner may read.
package enum SecretFile {
    /// What a path begins with that is in the directory of the service manager's credentials.
    static let credentials = "$CREDENTIALS_DIRECTORY/"
    private static let longest = 4096

    /// Reads the secret.
    ///
    /// - Parameters:
    ///   - key: The key of the configuration or the option that names the file, for messages.
    ///   - environment: Variables of the process; of use where the path begins with `$CREDENTIALS_DIRECTORY/`.
    /// - Throws: A `DaemonError` where the file cannot be read, others can read it too, or it is somebody else's.
    package static func line(
        _ path: String, key: String, environment: (String) -> String? = ProcessEnvironment.variable
    ) throws(DaemonError) -> String {
        let (path, isCredential) = try resolved(path, key: key, environment: environment)
        let (text, mode) = try SmallFile.read(
            path, key: key, atMost: longest, owners: isCredential ? nil : [0, geteuid()],
            advice: key.hasPrefix("--")
                ? "run this as its owner"
                : "let systemd hand it over (LoadCredential=) and write \(credentials)NAME, see Documentation/Security.md"
        )
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.count == 1, let line = lines.first, !line.contains(where: \.isWhitespace) else {
            throw DaemonError(
                .configuration,
                "\(key): \(path): expected one line without blanks, found "
                    + (lines.count == 1 ? "some in it" : "\(lines.count) lines")
                    + (lines.first.flatMap(publicKey) == nil
                        ? "" : "; this is a public key, its secret one is in NAME.secret"))
        }
        guard isCredential || mode & 0o077 == 0 else {
            throw DaemonError(
                .permission,
                "\(key): \(path): expected a file that its owner alone can read (mode 0600), found mode "
                    + "0\(String(mode & 0o7777, radix: 8)): chmod 600 \(path); whoever has read it can pass for this side, so "
                    + "if others may have, make a new one")
        }
        return String(line)
    }

    /// The key of a line as `keygen` writes it into a file that is no secret: the key, a blank, and whose it is.
    private static func publicKey(_ line: Substring) -> CurveKey? {
        line.split(whereSeparator: \.isWhitespace).first.flatMap { CurveKey(text: String($0)) }
    }

    /// The path of a file, and whether that is one of the service manager's credentials.
    static func resolved(
        _ path: String, key: String, environment: (String) -> String? = ProcessEnvironment.variable
    ) throws(DaemonError) -> (path: String, isCredential: Bool) {
        // Any path begins with an empty one.
        let directory = environment("CREDENTIALS_DIRECTORY").flatMap { $0.isEmpty ? nil : $0 }
        guard path.hasPrefix(credentials) else {
            // The service manager's own files may be readable by a group.
            return (path, directory.map { path.hasPrefix($0 + "/") && !path.contains("/../") } ?? false)
        }
        guard let directory else {
            throw DaemonError(
                .configuration,
                "\(key): \(path): expected the variable CREDENTIALS_DIRECTORY, which systemd sets where the unit has "
                    + "LoadCredential=, found none")
        }
        return (directory + "/" + path.dropFirst(credentials.count), true)
    }
}
