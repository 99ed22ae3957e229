// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// A reused buffer that a message is written in.
///
/// It is made large enough for the longest message.
struct ByteBuffer: ~Copyable {
    private let bytes: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private(set) var count = 0

    /// The most bytes that a number takes: sign, 17 digits, point, `e-324`, or zeros up to 10^16.
    static let maximumNumberLength = 26

    init(capacity: Int) {
        self.capacity = capacity
        bytes = .allocate(capacity: capacity)
    }

    deinit { bytes.deallocate() }

    /// What was written.
    var span: RawSpan {
        @_lifetime(borrow self) get {
            let span = Span(_unsafeStart: UnsafePointer(bytes), count: count).bytes
            return _overrideLifetime(span, borrowing: self)
        }
    }

    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        reserve(text.utf8CodeUnitCount)
        (bytes + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    mutating func append(_ text: [UInt8]) {
        reserve(text.count)
        text.withUnsafeBufferPointer { (bytes + count).update(from: $0.baseAddress!, count: text.count) }
        count += text.count
    }

    mutating func append(_ text: RawSpan) {
        reserve(text.byteCount)
        text.withUnsafeBytes {
            UnsafeMutableRawPointer(bytes + count).copyMemory(
                from: $0.baseAddress!, byteCount: text.byteCount)
        }
        count += text.byteCount
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        bytes[count] = byte
        count += 1
    }

    /// Appends an integer.
    mutating func append(_ value: UInt64) {
        let length = Self.decimalLength(value)
        reserve(length)
        Self.writeDigits(value, length: length, to: bytes + count)
        count += length
    }

    /// Appends the shortest number that reads back as `value`, or `null` where it is not finite.
    mutating func append(_ value: Double) {
        guard value.isFinite else { return append("null") }
        if value == 0 { return append(UInt8(ascii: "0")) }
        append(ShortestDecimal(value.magnitude), isNegative: value < 0)
    }

    /// Appends the shortest number that reads back as `value`, or `null` where it is not finite.
    mutating func append(_ value: Float) {
        guard value.isFinite else { return append("null") }
        if value == 0 { return append(UInt8(ascii: "0")) }
        append(ShortestDecimal(value.magnitude), isNegative: value < 0)
    }

    private mutating func append(_ number: ShortestDecimal, isNegative: Bool) {
        reserve(Self.maximumNumberLength)
        if isNegative { append(UInt8(ascii: "-")) }
        let length = Self.decimalLength(number.digits)
        let pointPosition = length + number.exponent  // digits before the point
        switch pointPosition {
        case length...17:  // 1200
            Self.writeDigits(number.digits, length: length, to: bytes + count)
            (bytes + count + length).update(repeating: UInt8(ascii: "0"), count: pointPosition - length)
            count += pointPosition
        case 1..<max(length, 2) where length > pointPosition:  // 12.5
            Self.writeDigits(number.digits, length: length, to: bytes + count + 1)
            (bytes + count).update(from: bytes + count + 1, count: pointPosition)
            bytes[count + pointPosition] = UInt8(ascii: ".")
            count += length + 1
        case -4...0:  // 0.00125
            append("0.")
            (bytes + count).update(repeating: UInt8(ascii: "0"), count: -pointPosition)
            count += -pointPosition
            Self.writeDigits(number.digits, length: length, to: bytes + count)
            count += length
        default:  // 1.25e-7
            Self.writeDigits(number.digits, length: length, to: bytes + count + 1)
            bytes[count] = bytes[count + 1]
            if length > 1 {
                bytes[count + 1] = UInt8(ascii: ".")
                count += length + 1
            } else {
                count += 1
            }
            append(UInt8(ascii: "e"))
            let exponent = pointPosition - 1
            if exponent < 0 { append(UInt8(ascii: "-")) }
            append(UInt64(exponent.magnitude))
        }
    }

    /// Appends a time as RFC 3339.
    mutating func appendRFC3339(_ time: Timestamp) {
        reserve(RFC3339.maximumLength)
        count += RFC3339.write(time, to: bytes + count)
    }

    /// Appends an integer divided by 10^`decimals`, exactly, without trailing zeros.
    mutating func append(_ value: Int64, decimals: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var divisor: UInt64 = 1
        for _ in 0..<decimals { divisor *= 10 }
        append(value.magnitude / divisor)
        var rest = value.magnitude % divisor
        guard rest > 0 else { return }
        append(UInt8(ascii: "."))
        while rest > 0 {
            divisor /= 10
            append(UInt8(ascii: "0") + UInt8(rest / divisor))
            rest %= divisor
        }
    }

    @inline(__always)
    private func reserve(_ length: Int) {
        precondition(count + length <= capacity, "a message outgrew the buffer that was made for the longest")
    }

    @inline(__always)
    private static func decimalLength(_ value: UInt64) -> Int {
        var length = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            length += 4
        }
        return length + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    @inline(__always)
    private static func writeDigits(_ value: UInt64, length: Int, to bytes: UnsafeMutablePointer<UInt8>) {
        var rest = value
        for index in stride(from: length - 1, through: 0, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
