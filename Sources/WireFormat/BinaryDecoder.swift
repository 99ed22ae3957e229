// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Reads columns of floating-point numbers as a machine has them, little endian.
///
/// A payload is one row of columns; or several, if each has its time: rows without one could as well be a
/// sender that has other columns.
public struct BinaryDecoder: Sendable {
    /// The numbers' type.
    public enum Width: Sendable {
        /// Four bytes, IEEE 754 single precision.
        case single
        /// Eight bytes, IEEE 754 double precision.
        case double
    }

    private let width: Width
    private let columns: ColumnList
    private let timeUnit: TimeUnit

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - width: The numbers' type; single precision holds no times.
    ///   - columns: What the columns are, in order; valid.
    ///   - timeUnit: The unit of times.
    public init(width: Width, columns: [Column] = [.value], timeUnit: TimeUnit = .s) {
        self.width = width
        self.columns = ColumnList(columns)
        self.timeUnit = timeUnit
        precondition(
            width == .double || !self.columns.hasTime, "single precision holds no time of this century")
    }

    func decode(
        _ payload: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        let size = width == .double ? 8 : 4
        let rowLength = columns.count * size
        guard payload.count == rowLength || columns.hasTime && payload.count.isMultiple(of: rowLength) else {
            throw .columnCount
        }
        var position = 0
        while position < payload.count {
            let start = message.count
            var time: Timestamp?
            for index in 0..<columns.count {
                switch columns.kind(index) {
                case .value, .named:
                    let value = number(payload, at: position)
                    guard value.isFinite else { throw .notFinite }
                    try columns.append(time: time, value: value, ofColumn: index, base: base, to: &message)
                case .time: time = try timeUnit.timestamp(number(payload, at: position))
                case .skip: break
                }
                position += size
            }
            if columns.hasLateTime { message.setTime(time, from: start) }
        }
    }

    /// The number at `position`, which lies inside of the payload with all its bytes.
    @inline(__always)
    private func number(_ payload: UnsafeRawBufferPointer, at position: Int) -> Double {
        switch width {
        case .double:
            let bits = payload.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            return Double(bitPattern: UInt64(littleEndian: bits))
        case .single:
            let bits = payload.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            return Double(Float(bitPattern: UInt32(littleEndian: bits)))
        }
    }
}
