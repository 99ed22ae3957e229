// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
package import ZeroMQ

/// The two files of a new key pair.
package struct KeyFiles: Sendable, Encodable {
    /// The path of the secret key's file, which its owner alone can read.
    package let secret: String
    /// The path of the public key's file.
    package let `public`: String
    /// The public key.
    package let key: String

    /// Makes a key pair and writes it; what is there already is left as it is.
    ///
    /// - Parameter random: Makes pairs, of which one is taken whose public key no program takes for an option.
    /// - Throws: A `DaemonError` where a file exists or cannot be made; then none is left of this pair.
    package init(
        name: String, directory: String, random: () -> CurveKeyPair = CurveKeyPair.random
    ) throws(DaemonError) {
        var pair = random()
        while pair.publicKey.text.hasPrefix("-") { pair = random() }
        let stem = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
        (secret, `public`, key) = (stem + ".secret", stem + ".public", pair.publicKey.text)
        try Self.make(pair.secretKey.text + "\n", at: secret, mode: 0o600)
        do { try Self.make("\(key) \(name)\n", at: `public`, mode: 0o644) } catch {
            unlink(secret)
            throw error
        }
    }

    private static func make(_ text: String, at path: String, mode: mode_t) throws(DaemonError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let advice =
                errno == EEXIST
                ? "; keys are never overwritten: take another name, or move the file away" : ""
            throw DaemonError(
                errno == EACCES ? .permission : .cannotCreate,
                "\(path): expected the path of a file that can be made: \(String(cString: strerror(errno)))\(advice)"
            )
        }
        let isWritten = write(descriptor, text, text.utf8.count) == text.utf8.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWritten else {
            unlink(path)
            throw DaemonError(.inputOutput, "\(path): cannot be written: \(String(cString: strerror(code)))")
        }
    }
}
