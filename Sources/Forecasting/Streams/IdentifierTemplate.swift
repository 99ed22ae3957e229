// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A stream id with gaps, filled by what the wildcards of a pattern stood for: `plant.$1.hum`.
///
/// `$1` is what the pattern's first `*` or `?` stood for, up to `$9`.
public struct IdentifierTemplate: Sendable, Equatable {
    /// Why a text is no template.
    public struct TemplateError: Error, Equatable, CustomStringConvertible {
        /// What was expected, and what was found.
        public let description: String
    }

    private enum Part: Sendable, Equatable {
        case literal([UInt8])
        /// What a wildcard, from 0, stood for.
        case capture(Int)
    }

    /// The template's text.
    public let text: String
    private let parts: [Part]
    /// What every id that can come of it matches.
    public let pattern: Glob

    /// Reads a template to be filled by the wildcards of `source`.
    ///
    /// - Parameter isPattern: Whether `*` and `?` may stand in it, so that what comes of it is a pattern itself.
    /// - Throws: A `TemplateError` if it has other characters than an id, or asks for a wildcard that `source` has not.
    public init(_ text: String, of source: Glob, isPattern: Bool = false) throws(TemplateError) {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            if byte == UInt8(ascii: "$") {
                let digit = bytes.next().map { Int($0) - Int(UInt8(ascii: "0")) } ?? 0
                let count = source.wildcardCount
                guard digit >= 1 && digit <= min(count, 9) else {
                    throw TemplateError(
                        description: count == 0
                            ? "expected no $: \"\(source.pattern)\" has neither * nor ?"
                            : "expected $1\(count > 1 ? " to $\(min(count, 9))" : ""), the wildcards of "
                                + "\"\(source.pattern)\"")
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                parts.append(.capture(digit - 1))
            } else if StreamIdentifier.isAllowed(byte) || isPattern && "*?".utf8.contains(byte) {
                literal.append(byte)
            } else {
                throw TemplateError(
                    description:
                        "expected the id of a stream (A-Z a-z 0-9 . _ : / -\(isPattern ? " * ?" : "")), with $1 for what the first "
                        + "* of match stands for")
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        let pattern = parts.map { part in
            if case .literal(let bytes) = part { String(decoding: bytes, as: UTF8.self) } else { "*" }
        }
        guard let glob = try? Glob(pattern.joined()) else {
            throw TemplateError(
                description: parts.isEmpty
                    ? "expected the id of a stream, found nothing"
                    : "expected the id of a stream of at most \(StreamIdentifier.maximumLength) bytes, found "
                        + "\(text.utf8.count)")
        }
        self.text = text
        self.parts = parts
        self.pattern = glob
    }

    /// The template that gives an id back that matches `source`.
    public static func identity(of source: Glob) -> String {
        var wildcards = 0
        return source.pattern.reduce(into: "") { text, character in
            guard character == "*" || character == "?" else { return text.append(character) }
            wildcards += 1
            text += "$\(wildcards)"
        }
    }

    /// The id that the wildcards of `identifier` make; nil where it would be too long, or empty.
    public func filled(by captures: [Range<Int>], in identifier: RawSpan) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let literal): bytes += literal
            case .capture(let wildcard):
                identifier.extracting(captures[wildcard]).withUnsafeBytes { bytes += $0 }
            }
        }
        return (1...StreamIdentifier.maximumLength).contains(bytes.count) ? bytes : nil
    }
}
