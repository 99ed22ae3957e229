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
    public func matches(_ identifier: RawSpan) -> Bool { match(identifier) { _, _ in } }

    /// The wildcards of the pattern, each a `*` or `?`.
    public var wildcardCount: Int { bytes.count { $0 == Self.anyRun || $0 == Self.anyByte } }

    /// What the wildcards stand for in `identifier`, in their order; nil if it does not match.
    ///
    /// Where that can be read in several ways, each `*` but the last stands for as little as it can, the first one first:
    /// in `a.b.c`, the wildcards of `*.*` stand for `a` and `b.c`.
    public func captures(in identifier: RawSpan) -> [Range<Int>]? {
        var captures = [Range<Int>](repeating: 0..<0, count: wildcardCount)
        return match(identifier) { captures[$0] = $1 } ? captures : nil
    }

    /// Whether all of `identifier` matches; says what each wildcard stands for, anew where it turns out to be more.
    ///
    /// Only the last `*` met is ever widened, so that the time is at most the product of both lengths.
    @inline(__always)
    private func match(_ identifier: RawSpan, _ capture: (_ wildcard: Int, Range<Int>) -> Void) -> Bool {
        identifier.withUnsafeBytes { text in
            var (position, pattern, wildcard) = (0, 0, 0)
            var (lastRun, runStart, runEnd, lastWildcard) = (-1, 0, 0, 0)
            while position < text.count {
                if pattern < bytes.count, bytes[pattern] == Self.anyRun {
                    (lastRun, runStart, runEnd, lastWildcard) = (pattern, position, position, wildcard)
                    capture(wildcard, position..<position)
                    pattern += 1
                    wildcard += 1
                } else if pattern < bytes.count,
                    bytes[pattern] == Self.anyByte || bytes[pattern] == text[position]
                {
                    if bytes[pattern] == Self.anyByte {
                        capture(wildcard, position..<position + 1)
                        wildcard += 1
                    }
                    pattern += 1
                    position += 1
                } else if lastRun >= 0 {
                    runEnd += 1
                    capture(lastWildcard, runStart..<runEnd)
                    (pattern, position, wildcard) = (lastRun + 1, runEnd, lastWildcard + 1)
                } else {
                    return false
                }
            }
            guard bytes[pattern...].allSatisfy({ $0 == Self.anyRun }) else { return false }
            for offset in 0..<bytes.count - pattern { capture(wildcard + offset, position..<position) }
            return true
        }
    }
}
