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
        skipBlanks(&scanner)
        for index in 0..<columns.count {
            guard !scanner.isAtEnd else { throw .columnCount }
            switch columns.kind(index) {
            case .value, .named:
                guard !Self.isDivider(scanner.byte) else { throw .missingValue }
                let value = try DecimalNumber(&scanner).double()
                try columns.append(time: time, value: value, ofColumn: index, base: base, to: &message)
            case .time: time = try timeUnit.timestamp(DecimalNumber(&scanner))
            case .skip: while !scanner.isAtEnd && !Self.isSeparator(scanner.byte) { scanner.advance() }
            }
            guard scanner.isAtEnd || Self.isSeparator(scanner.byte) else { throw .syntax }
            endColumn(&scanner)
        }
        guard scanner.isAtEnd else { throw .columnCount }
        if columns.hasLateTime { message.setTime(time, from: 0) }
    }

    /// Passes over what stands between two columns: blanks, and at most one comma or semicolon, so that two of them have
    /// an empty column between them.
    private func endColumn(_ scanner: inout ByteScanner) {
        skipBlanks(&scanner)
        guard !scanner.isAtEnd, Self.isDivider(scanner.byte) else { return }
        scanner.advance()
        skipBlanks(&scanner)
    }

    private func skipBlanks(_ scanner: inout ByteScanner) {
        while !scanner.isAtEnd && Self.isBlank(scanner.byte) { scanner.advance() }
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { isBlank(byte) || isDivider(byte) }

    private static func isDivider(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";")
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
        default: false
        }
    }
}
