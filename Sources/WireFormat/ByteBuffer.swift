// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// A reused buffer that a message is written in.
///
/// It is made large enough for the longest message.
struct ByteBuffer: ~Copyable {
    private let bytes: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private(set) var count = 0

    /// The most bytes that a number takes: sign, 17 digits, point, `e-324`, or zeros up to 10^16; and that
    /// writing its digits changes behind it.
    static let maximumNumberLength = 26 + 7

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

    /// Appends the bytes of an integer, the highest one first.
    @inline(__always)
    mutating func append<Integer: FixedWidthInteger>(bigEndian value: Integer) {
        let size = MemoryLayout<Integer>.size
        reserve(size)
        UnsafeMutableRawPointer(bytes + count).storeBytes(of: value.bigEndian, as: Integer.self)
        count += size
    }

    /// Appends an integer.
    mutating func append(_ value: UInt64) {
        reserve(Self.maximumNumberLength)
        appendDigits(value, length: EightDigits.length(value))
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
        let length = EightDigits.length(number.digits)
        let pointPosition = length + number.exponent  // digits before the point
        switch pointPosition {
        case length...17:  // 1200
            appendDigits(number.digits * PowersOfTen.integers[number.exponent], length: pointPosition)
        case 1..<max(length, 2):  // 12.5
            appendDigits(number.digits, length: length, decimals: length - pointPosition)
        case -4...0:  // 0.00125
            append("0.")
            appendDigits(number.digits, length: length - pointPosition)
        default:  // 1.25e-7
            appendDigits(number.digits, length: length, decimals: length - 1)
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

    /// Appends a time as RFC 3339, as a string of MessagePack.
    mutating func appendRFC3339String(_ time: Timestamp) {
        reserve(1 + RFC3339.maximumLength)
        let length = RFC3339.write(time, to: bytes + count + 1)
        append(0xA0 | UInt8(length))
        count += length
    }

    /// Ends the string of MessagePack that was begun at `start`, of at most 31 bytes.
    mutating func endShortString(at start: Int) { bytes[start] = 0xA0 | UInt8(count - start - 1) }

    /// Appends an integer divided by 10^`decimals`, exactly, without trailing zeros.
    mutating func append(_ value: Int64, decimals: Int) {
        reserve(Self.maximumNumberLength)
        if value < 0 { append(UInt8(ascii: "-")) }
        var (digits, decimals) = (value.magnitude, decimals)
        while decimals > 0 && digits % 10 == 0 {
            digits /= 10
            decimals -= 1
        }
        appendDigits(digits, length: max(EightDigits.length(digits), decimals + 1), decimals: decimals)
    }

    /// Appends `value` as `length` digits, the last `decimals` of them behind a point.
    @inline(__always)
    private mutating func appendDigits(_ value: UInt64, length: Int, decimals: Int) {
        guard decimals > 0 else { return appendDigits(value, length: length) }
        let (integerLength, start) = (length - decimals, UnsafeMutableRawPointer(bytes + count))
        if length <= 8 {
            let digits = EightDigits.word(value, length: length)
            EightDigits.store(digits, to: start)
            EightDigits.store(
                digits >> UInt64(truncatingIfNeeded: 8 &* integerLength), to: start + (integerLength + 1))
        } else {
            let (integer, fraction) = value.quotientAndRemainder(dividingBy: PowersOfTen.integers[decimals])
            EightDigits.write(integer, length: integerLength, to: start)
            EightDigits.write(fraction, length: decimals, to: start + (integerLength + 1))
        }
        bytes[count + integerLength] = UInt8(ascii: ".")
        count += length + 1
    }

    /// Appends `value` as `length` digits, with zeros in front; room for them must be reserved.
    @inline(__always)
    private mutating func appendDigits(_ value: UInt64, length: Int) {
        EightDigits.write(value, length: length, to: UnsafeMutableRawPointer(bytes + count))
        count += length
    }

    @inline(__always)
    private func reserve(_ length: Int) {
        precondition(count + length <= capacity, "a message outgrew the buffer that was made for the longest")
    }
}
