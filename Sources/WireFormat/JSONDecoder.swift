// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Reads `{"ts": …, "value": …}`, `{"ts": …, "values": {"temp": …, "hum": …}}`, and arrays of them.
///
/// The grammar is RFC 8259's, strictly. Field names are compared as they are written, without resolving
/// escapes.
public struct JSONDecoder: Sendable {
    private let fields: FieldTree
    private let timeUnit: TimeUnit
    private let allowsNumbersAsText: Bool

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - fields: The names of the fields.
    ///   - timeUnit: The unit of times that are numbers.
    ///   - allowsNumbersAsText: Whether `"21.5"` is understood as `21.5`.
    public init(
        fields: FieldNames = FieldNames(), timeUnit: TimeUnit = .s, allowsNumbersAsText: Bool = false
    ) {
        self.fields = FieldTree(fields)
        self.timeUnit = timeUnit
        self.allowsNumbersAsText = allowsNumbersAsText
    }

    func decode(
        _ payload: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var json = JSONScanner(payload, allowsNumbersAsText: allowsNumbersAsText)
        json.skipBlanks()
        try objects(&json, base: base, into: &message)
        json.skipBlanks()
        guard json.isAtEnd else { throw .syntax }
        guard message.count > 0 else { throw .missingValue }
    }

    /// Reads an object, or an array of objects.
    private func objects(
        _ scanner: inout JSONScanner, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        guard scanner.isAtArray else { return try object(&scanner, base: base, into: &message) }
        var state = try scanner.beginArray()
        while try scanner.nextElement(&state) { try object(&scanner, base: base, into: &message) }
    }

    private func object(
        _ scanner: inout JSONScanner, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var reading = ObjectReading()
        let start = message.count
        var state = try scanner.beginObject()
        while let name = try scanner.nextField(&state) {
            let field = fields.field(name)
            if case .branch(let branch) = field {
                // A copy, so that what most messages read stays in registers.
                var inner = reading
                try descend(into: branch, of: &scanner, to: &inner, base: base, into: &message)
                reading = inner
            } else {
                try read(field, from: &scanner, to: &reading, base: base, into: &message)
            }
        }
        if reading.hasValues, let time = reading.time { message.setTime(time, from: start) }
        if let value = reading.value {
            try message.append(time: reading.time, value: value, base: base)
        }
        guard message.count > start else { throw .missingValue }
    }

    /// Reads the value at hand as `field`, which is no branch, or skips it.
    @inline(__always)
    private func read(
        _ field: FieldTree.Field?, from scanner: inout JSONScanner, to reading: inout ObjectReading,
        base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        switch field {
        case .time:
            guard reading.time == nil else { throw .duplicateField }
            reading.time = try scanner.time(in: timeUnit)
        case .value:
            guard reading.value == nil else { throw .duplicateField }
            reading.value = try scanner.number()
            if reading.value == nil { throw .missingValue }
        case .values:
            guard !reading.hasValues else { throw .duplicateField }
            reading.hasValues = true
            try readValues(&scanner, base: base, into: &message)
        case .branch, nil: try scanner.skipValue()
        }
    }

    /// Reads an object of values of streams of their own.
    @inline(never)
    private func readValues(
        _ scanner: inout JSONScanner, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        var state = try scanner.beginObject()
        while let name = try scanner.nextField(&state) {
            // A null field has no value this time; the others still count.
            guard let value = try scanner.number() else { continue }
            try message.append(value: value, base: base, field: name)
        }
    }

    /// Reads what is asked for inside of the object or array at hand; there is nothing in anything else.
    @inline(never)
    private func descend(
        into branch: Int, of scanner: inout JSONScanner, to reading: inout ObjectReading,
        base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        if scanner.isAtObject {
            var state = try scanner.beginObject()
            while let name = try scanner.nextField(&state) {
                let field = fields.field(name, in: branch)
                if case .branch(let inner) = field {
                    try descend(into: inner, of: &scanner, to: &reading, base: base, into: &message)
                } else {
                    try read(field, from: &scanner, to: &reading, base: base, into: &message)
                }
            }
        } else if scanner.isAtArray {
            var (state, index) = (try scanner.beginArray(), 0)
            while try scanner.nextElement(&state) {
                let field = fields.field(at: index, in: branch)
                if case .branch(let inner) = field {
                    try descend(into: inner, of: &scanner, to: &reading, base: base, into: &message)
                } else {
                    try read(field, from: &scanner, to: &reading, base: base, into: &message)
                }
                index += 1
            }
        } else {
            try scanner.skipValue()
        }
    }
}
