// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Reads columns of numbers: `20.5`, or `1700000000 20.5 ok`.
public struct TextDecoder: Sendable {
    private let columns: ColumnList
    private let timeUnit: TimeUnit

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - columns: What stands in the columns, from the left; valid.
    ///   - timeUnit: The unit of times.
    public init(columns: [Column] = [.value], timeUnit: TimeUnit = .s) {
        self.columns = ColumnList(columns)
        self.timeUnit = timeUnit
    }

    func decode(
        _ payload: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var scanner = ByteScanner(payload)
        var time: Timestamp?
        skipSeparators(&scanner)
        for index in 0..<columns.count {
            guard !scanner.isAtEnd else { throw .columnCount }
            switch columns.kind(index) {
            case .value, .named:
                let value = try DecimalNumber(&scanner).double()
                try columns.append(time: time, value: value, ofColumn: index, base: base, to: &message)
            case .time: time = try timeUnit.timestamp(DecimalNumber(&scanner))
            case .skip: while !scanner.isAtEnd && !Self.isSeparator(scanner.byte) { scanner.advance() }
            }
            guard scanner.isAtEnd || Self.isSeparator(scanner.byte) else { throw .syntax }
            skipSeparators(&scanner)
        }
        guard scanner.isAtEnd else { throw .columnCount }
        if columns.hasLateTime { message.setTime(time, from: 0) }
    }

    private func skipSeparators(_ scanner: inout ByteScanner) {
        while !scanner.isAtEnd && Self.isSeparator(scanner.byte) { scanner.advance() }
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\r"),
            UInt8(ascii: "\n"):
            true
        default: false
        }
    }
}
