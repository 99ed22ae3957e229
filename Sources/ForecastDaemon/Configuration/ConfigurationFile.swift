// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reading the bytes of a configuration file as text.
enum ConfigurationFile {
    /// The largest file that is read, in bytes; a thousand rules take a tenth of it.
    static let maximumSize = 1 << 20

    /// The text of the file at `path`, valid UTF-8.
    static func text(path: String) throws(ConfigurationError) -> String {
        let bytes = try bytes(path: path)
        guard bytes.count <= maximumSize else {
            let limit = ConfigurationUnits.text(maximumSize, units: ConfigurationUnits.sizes)
            throw problem("expected a configuration of at most \(limit), found a larger file", path, .start)
        }
        do {
            return String(copying: try UTF8Span(validating: bytes.span))
        } catch {
            let valid = String(decoding: bytes[..<error.byteOffsets.lowerBound], as: UTF8.self)
            throw problem(
                "expected UTF-8 text, found a byte that is none: save the file as UTF-8",
                path,
                ConfigurationPosition(after: valid.unicodeScalars))
        }
    }

    /// The bytes of the file at `path`, cut a little beyond `maximumSize`.
    private static func bytes(path: String) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= maximumSize {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(path: path, errno: errno) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private static func problem(
        _ message: String, _ file: String, _ position: ConfigurationPosition
    ) -> ConfigurationError {
        .invalid([
            ConfigurationProblem(
                file: file, line: position.line, column: position.column, path: "", message: message)
        ])
    }
}
