// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Walks over the bytes of InfluxDB's line protocol.
struct LineScanner {
    private var scanner: ByteScanner

    /// Where a word ends, unless a backslash stands in front.
    enum End {
        /// A measurement, or the value of a tag: at a comma or a blank.
        case series
        /// The name of a tag or a field: at an equals sign.
        case key
    }

    init(_ bytes: UnsafeRawBufferPointer) { scanner = ByteScanner(bytes) }

    mutating func take(_ character: Unicode.Scalar) -> Bool { scanner.take(UInt8(ascii: character)) }

    /// Steps over blanks; false if there is none.
    mutating func skipBlanks() -> Bool {
        let start = scanner.position
        while scanner.take(UInt8(ascii: " ")) {}
        return scanner.position > start
    }

    /// Steps over empty lines and comments; false at the end.
    mutating func skipToLine() -> Bool {
        while !scanner.isAtEnd {
            switch scanner.byte {
            case UInt8(ascii: " "), UInt8(ascii: "\r"), UInt8(ascii: "\n"): scanner.advance()
            case UInt8(ascii: "#"): while !scanner.isAtEnd && !take("\n") { scanner.advance() }
            default: return true
            }
        }
        return false
    }

    /// Reads a word of at least one byte, with its backslashes.
    mutating func word(endedBy end: End) throws(DecodeError) -> UnsafeRawBufferPointer {
        let start = scanner.position
        loop: while true {
            switch scanner.byte {
            case UInt8(ascii: ","), UInt8(ascii: " "):
                guard end == .series else { throw .syntax }
                break loop
            case UInt8(ascii: "="):
                guard end == .key else { throw .syntax }
                break loop
            case UInt8(ascii: "\\"):
                scanner.advance()
                guard scanner.byte >= UInt8(ascii: " ") else { throw .syntax }
                scanner.advance()
            case 0..<UInt8(ascii: " "): throw .syntax  // the line's end, which is too early, or no text
            default: scanner.advance()
            }
        }
        guard scanner.position > start else { throw .syntax }
        return scanner.bytes(from: start)
    }

    /// Reads the value of a field; nil for a text or a boolean.
    mutating func value() throws(DecodeError) -> Double? {
        switch scanner.byte {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let number = try DecimalNumber(&scanner)
            let isSigned = take("i")
            if isSigned || take("u") {
                guard number.isWritten(asInteger: isSigned) else { throw .syntax }
            }
            return try number.double()
        case UInt8(ascii: "\""): try skipText()
        default: try skipBoolean()
        }
        return nil
    }

    private mutating func skipText() throws(DecodeError) {
        scanner.advance()
        while !take("\"") {
            if take("\\"), scanner.isAtEnd { throw .syntax }
            guard !scanner.isAtEnd else { throw .syntax }
            scanner.advance()
        }
    }

    private mutating func skipBoolean() throws(DecodeError) {
        let isBoolean =
            switch scanner.byte {
            case UInt8(ascii: "t"): scanner.take(word: "true") || take("t")
            case UInt8(ascii: "T"): scanner.take(word: "True") || scanner.take(word: "TRUE") || take("T")
            case UInt8(ascii: "f"): scanner.take(word: "false") || take("f")
            case UInt8(ascii: "F"): scanner.take(word: "False") || scanner.take(word: "FALSE") || take("F")
            default: false
            }
        guard isBoolean else { throw .syntax }
    }

    /// Steps over the end of the line with the blanks before it; false if only blanks were there.
    mutating func takeEnd() throws(DecodeError) -> Bool {
        let hasBlanks = skipBlanks()
        let hasReturn = take("\r")
        if scanner.isAtEnd || take("\n") { return true }
        guard hasBlanks && !hasReturn else { throw .syntax }
        return false
    }

    /// Reads the time at the end of a line, and the end.
    mutating func time(in unit: TimeUnit) throws(DecodeError) -> Timestamp {
        let number = try DecimalNumber(&scanner)
        guard number.isWritten(asInteger: true), try takeEnd() else { throw .syntax }
        return try unit.timestamp(number)
    }
}

extension DecimalNumber {
    /// Whether the number is written as an integer, with or without a sign, as a suffix or a time asks for.
    fileprivate func isWritten(asInteger isSigned: Bool) -> Bool {
        (isSigned || !isNegative)
            && text.allSatisfy { $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
    }
}
