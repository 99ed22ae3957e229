// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Numbers and times.
extension MessagePackScanner {
    /// A number that is no double, as exact as it is written.
    private enum Number {
        case integer(Int64)
        /// Above the largest `Int64`.
        case largeInteger(UInt64)
        case float(Float)

        var double: Double {
            switch self {
            case .integer(let number): Double(number)
            case .largeInteger(let number): Double(number)
            case .float(let number): Double(number)
            }
        }
    }

    /// Bytes that follow the head, 0xCA to 0xD3, of a number.
    static func numberSize(_ head: UInt8) -> Int {
        switch head {
        case 0xCA: 4
        case 0xCB: 8
        default: 1 << Int((head - 0xCC) & 3)  // unsigned, then signed, of 1, 2, 4 and 8 bytes
        }
    }

    /// Reads a finite number; nil for nil.
    @inline(__always)
    mutating func number() throws(DecodeError) -> Double? {
        // Most numbers are doubles: one comparison then.
        let value = scanner.byte == 0xCB ? try double() : try otherNumber()?.double
        guard value?.isFinite ?? true else { throw .notFinite }
        return value
    }

    /// Reads a time: a number in `unit`, a text as RFC 3339 writes it, or the type that MessagePack has for it.
    @inline(__always)
    mutating func time(in unit: TimeUnit) throws(DecodeError) -> Timestamp {
        if scanner.byte == 0xCB { return try unit.timestamp(try double()) }
        return try otherTime(in: unit)
    }

    private mutating func otherTime(in unit: TimeUnit) throws(DecodeError) -> Timestamp {
        if isAtString {
            guard let time = RFC3339.read(try string()) else { throw .timestamp }
            return time
        }
        if let time = try timestampExtension() { return time }
        switch try otherNumber() {
        case .integer(let number): return try unit.timestamp(number)
        case .float(let number): return try unit.timestamp(Double(number))
        case .largeInteger, nil: throw .timestamp
        }
    }

    /// Reads a boolean, a number or nil, as JSON writes it: `null` for a number that is not finite.
    mutating func literal() throws(DecodeError) -> String {
        switch scanner.byte {
        case 0xC2, 0xC3: return try takeHead() == 0xC3 ? "true" : "false"
        case 0xCB:
            let value = try double()
            return value.isFinite ? "\(value)" : "null"
        default: break
        }
        switch try otherNumber() {
        case .integer(let value): return "\(value)"
        case .largeInteger(let value): return "\(value)"
        case .float(let value): return value.isFinite ? "\(value)" : "null"
        case nil: return "null"
        }
    }

    /// Reads the double whose head is at hand.
    @inline(__always)
    private mutating func double() throws(DecodeError) -> Double {
        scanner.advance()
        return Double(bitPattern: try integer(8))
    }

    /// Reads a number that is no double; nil for nil.
    private mutating func otherNumber() throws(DecodeError) -> Number? {
        let head = scanner.byte
        switch head {
        case 0x00...0x7F, 0xE0...0xFF, 0xC0, 0xCA, 0xCC...0xD3: _ = try takeHead()
        default: throw try wrongType()
        }
        switch head {
        case 0xC0: return nil
        case 0xCA: return .float(Float(bitPattern: UInt32(truncatingIfNeeded: try integer(4))))
        case 0xCC...0xCF:
            let value = try integer(Self.numberSize(head))
            return Int64(exactly: value).map { .integer($0) } ?? .largeInteger(value)
        case 0xD0...0xD3:
            let size = Self.numberSize(head)
            let shift = Int64(64 - 8 * size)  // brings the sign to the top, and back
            return .integer((Int64(bitPattern: try integer(size)) << shift) >> shift)
        default: return .integer(Int64(Int8(bitPattern: head)))
        }
    }

    /// Reads a time of the type that MessagePack has for it: extension -1, of 4, 8 or 12 bytes; nil if something
    /// else is at hand.
    private mutating func timestampExtension() throws(DecodeError) -> Timestamp? {
        var (seconds, nanoseconds): (Int64, UInt64) = (0, 0)
        // The head and the type, or the head, the length and the type.
        switch scanner.word {
        case let word where word & 0xFFFF == 0xFFD6:
            scanner.advance(by: 2)
            seconds = Int64(try integer(4))
        case let word where word & 0xFFFF == 0xFFD7:
            scanner.advance(by: 2)
            let both = try integer(8)
            (seconds, nanoseconds) = (Int64(both & 0x3_FFFF_FFFF), both >> 34)
        case let word where word & 0xFF_FFFF == 0xFF_0CC7:
            scanner.advance(by: 3)
            nanoseconds = try integer(4)
            seconds = Int64(bitPattern: try integer(8))
        default: return nil
        }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard nanoseconds < 1_000_000_000, !overflow else { throw .timestamp }
        let (sum, carry) = whole.addingReportingOverflow(Int64(nanoseconds))
        guard !carry else { throw .timestamp }
        return Timestamp(nanoseconds: sum)
    }
}
