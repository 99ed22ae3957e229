// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Reads columns of numbers: `20.5`, or `1700000000 20.5 ok`.
public struct TextDecoder: Sendable {
    /// What a column holds.
    public enum Column: String, CaseIterable, Sendable {
        /// The observation's value.
        case value
        /// The observation's time.
        case ts
        /// Anything that is not read.
        case skip
    }

    private let columns: [Column]
    private let timeUnit: TimeUnit

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - columns: What stands in the columns, from the left; `value` once, `ts` at most once.
    ///   - timeUnit: The unit of times.
    public init(columns: [Column] = [.value], timeUnit: TimeUnit = .s) {
        precondition(
            columns.count { $0 == .value } == 1 && columns.count { $0 == .ts } <= 1,
            "text has one value column and at most one ts column")
        self.columns = columns
        self.timeUnit = timeUnit
    }

    func decode(
        _ payload: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var scanner = ByteScanner(payload)
        var time: Timestamp?
        var value = 0.0
        skipSeparators(&scanner)
        for column in columns {
            guard !scanner.isAtEnd else { throw .columnCount }
            switch column {
            case .value: value = try DecimalNumber(&scanner).double()
            case .ts: time = try timeUnit.timestamp(DecimalNumber(&scanner))
            case .skip: while !scanner.isAtEnd && !Self.isSeparator(scanner.byte) { scanner.advance() }
            }
            guard scanner.isAtEnd || Self.isSeparator(scanner.byte) else { throw .syntax }
            skipSeparators(&scanner)
        }
        guard scanner.isAtEnd else { throw .columnCount }
        try message.append(time: time, value: value, base: base)
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
