// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A pattern for stream ids: `*` stands for any run of bytes, `?` for one byte, all others for themselves.
public struct Glob: Sendable, Equatable {
    /// Why a text is no pattern.
    public struct GlobError: Error, Equatable, CustomStringConvertible {
        /// What was expected, and what was found.
        public let description: String
    }

    /// The pattern's text.
    public let pattern: String
    private let bytes: [UInt8]

    private static let anyRun = UInt8(ascii: "*")
    private static let anyByte = UInt8(ascii: "?")

    /// Reads a pattern.
    ///
    /// - Throws: A `GlobError` if it is empty, longer than 256 bytes, or has a character that no id has.
    public init(_ pattern: String) throws(GlobError) {
        let bytes = Array(pattern.utf8)
        guard (1...256).contains(bytes.count) else {
            throw GlobError(description: "expected a pattern of 1 to 256 bytes, found \(bytes.count)")
        }
        if let scalar = pattern.unicodeScalars.first(where: { !Self.isAllowed($0) }) {
            throw GlobError(
                description: "expected *, ? and the characters of stream ids (A-Z a-z 0-9 . _ : / -), "
                    + "found \"\(scalar)\" in \"\(pattern)\"")
        }
        self.pattern = pattern
        self.bytes = bytes
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        guard let byte = UInt8(exactly: scalar.value) else { return false }
        return byte == anyRun || byte == anyByte || StreamIdentifier.isAllowed(byte)
    }

    /// Matches every id.
    public static let everything = Glob(bytes: [anyRun])

    private init(bytes: [UInt8]) {
        pattern = String(decoding: bytes, as: UTF8.self)
        self.bytes = bytes
    }

    /// What every matching id begins with.
    public var literalPrefix: String {
        String(decoding: bytes.prefix { $0 != Self.anyRun && $0 != Self.anyByte }, as: UTF8.self)
    }

    /// Whether the whole of `identifier` matches.
    ///
    /// Only the last `*` met is ever widened, so that the time is at most the product of both lengths.
    public func matches(_ identifier: RawSpan) -> Bool {
        identifier.withUnsafeBytes { text in
            var (position, pattern) = (0, 0)
            var (lastRun, runEnd) = (-1, 0)
            while position < text.count {
                if pattern < bytes.count, bytes[pattern] == Self.anyRun {
                    (lastRun, runEnd) = (pattern, position)
                    pattern += 1
                } else if pattern < bytes.count,
                    bytes[pattern] == Self.anyByte || bytes[pattern] == text[position]
                {
                    pattern += 1
                    position += 1
                } else if lastRun >= 0 {
                    runEnd += 1
                    (pattern, position) = (lastRun + 1, runEnd)
                } else {
                    return false
                }
            }
            return bytes[pattern...].allSatisfy { $0 == Self.anyRun }
        }
    }
}
