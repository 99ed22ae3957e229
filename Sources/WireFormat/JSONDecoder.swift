// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc

/// Reads `{"ts": …, "value": …}`, `{"ts": …, "values": {"temp": …, "hum": …}}`, and arrays of them.
///
/// The grammar is RFC 8259's, strictly. Field names are compared as they are written, without resolving
/// escapes. Fields that are not asked for are skipped, but must be valid.
public struct JSONDecoder: Sendable {
    /// The names that fields may have.
    public struct FieldNames: Sendable, Equatable {
        /// Names of the time.
        public var time: [String]
        /// Names of the value.
        public var value: [String]
        /// Name of the object whose fields are values of streams of their own.
        public var values: String

        /// Makes a set of names, by default the usual ones.
        public init(
            time: [String] = ["ts", "ds"], value: [String] = ["value", "y"], values: String = "values"
        ) {
            self.time = time
            self.value = value
            self.values = values
        }
    }

    private enum Field { case time, value, values }

    private let names: [(bytes: [UInt8], field: Field)]
    private let timeUnit: TimeUnit

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - fields: The names of the fields.
    ///   - timeUnit: The unit of times that are numbers.
    public init(fields: FieldNames = FieldNames(), timeUnit: TimeUnit = .s) {
        names =
            fields.time.map { (Array($0.utf8), .time) } + fields.value.map { (Array($0.utf8), .value) }
            + [(Array(fields.values.utf8), .values)]
        self.timeUnit = timeUnit
    }

    func decode(
        _ payload: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var json = JSONScanner(payload)
        json.skipBlanks()
        if json.take("[") {
            try json.elements { json throws(DecodeError) in
                try object(&json, base: base, into: &message)
            }
        } else {
            try object(&json, base: base, into: &message)
        }
        json.skipBlanks()
        guard json.isAtEnd else { throw .syntax }
        guard message.count > 0 else { throw .missingValue }
    }

    private func object(
        _ json: inout JSONScanner, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var time: Timestamp?
        var value: Double?
        var (hasTime, hasValue, hasValues) = (false, false, false)
        let start = message.count
        try json.fields { json, name throws(DecodeError) in
            switch field(name) {
            case .time:
                guard !hasTime else { throw .duplicateField }
                hasTime = true
                time = try self.time(&json)
            case .value:
                guard !hasValue else { throw .duplicateField }
                hasValue = true
                value = try json.number()
                if value == nil { throw .missingValue }
            case .values:
                guard !hasValues else { throw .duplicateField }
                hasValues = true
                try json.fields { json, name throws(DecodeError) in
                    // A null field has no value this time; the others still count.
                    guard let value = try json.number() else { return }
                    try message.append(time: nil, value: value, base: base, field: name)
                }
            case nil: try json.skipValue()
            }
        }
        if let value { try message.append(time: nil, value: value, base: base) }
        guard message.count > start else { throw .missingValue }
        if hasTime { message.setTime(time, from: start) }
    }

    private func field(_ name: UnsafeRawBufferPointer) -> Field? {
        for index in names.indices
        where names[index].bytes.count == name.count
            && memcmp(names[index].bytes, name.baseAddress!, name.count) == 0
        {
            return names[index].field
        }
        return nil
    }

    private func time(_ json: inout JSONScanner) throws(DecodeError) -> Timestamp {
        if json.byte == UInt8(ascii: "\"") {
            guard let time = RFC3339.read(try json.string()) else { throw .timestamp }
            return time
        }
        guard let number = try json.decimal() else { throw .timestamp }
        return try timeUnit.timestamp(number)
    }
}
