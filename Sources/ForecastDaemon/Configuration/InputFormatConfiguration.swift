// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import WireFormat

/// How the payload of an incoming message is read.
public enum InputFormatConfiguration: Sendable, Equatable {
    /// JSON objects, or arrays of them, with fields of these names.
    case json(FieldNames, numbersAsText: Bool)
    /// Lines of columns.
    case text([Column])
    /// InfluxDB's line protocol.
    case lineProtocol
    /// MessagePack maps, or arrays of them, with fields of these names.
    case messagePack(FieldNames)
    /// Doubles in columns.
    case float64([Column])
    /// Floats in columns.
    case float32([Column])
}

extension InputFormatConfiguration: ConfigurationSection {
    /// The words for the formats.
    private enum Format: String, CaseIterable {
        case json, text, lineprotocol, msgpack, f64, f32

        var hasFields: Bool { self == .json || self == .msgpack }
        var hasColumns: Bool { self == .text || self == .f64 || self == .f32 }
    }

    init(from table: inout ConfigurationTable) {
        var format = Format.json
        let isFormatKnown = table.read("format", into: &format)
        let fields: FieldNames = table.readSection("fields")
        var numbersAsText = false
        table.read("numbers_as_text", into: &numbersAsText)
        let columns = table.take("columns")?.columns() ?? [.value]
        switch format {
        case .json: self = .json(fields, numbersAsText: numbersAsText)
        case .text: self = .text(columns)
        case .lineprotocol: self = .lineProtocol
        case .msgpack: self = .messagePack(fields)
        case .f64: self = .float64(columns)
        case .f32: self = .float32(columns)
        }
        guard isFormatKnown else { return }
        if !format.hasFields { table.refuse("fields", Self.reason("json or msgpack", format)) }
        if format != .json { table.refuse("numbers_as_text", Self.reason("json", format)) }
        if !format.hasColumns { table.refuse("columns", Self.reason("text, f64 or f32", format)) }
        if format == .f32, columns.contains(.ts) {
            table.problem("columns", "f32 has no ts: single precision tells times of today apart by minutes")
        }
    }

    private static func reason(_ formats: String, _ found: Format) -> String {
        "only for format: \(formats); this input has \(found.rawValue)"
    }
}

extension InputFormatConfiguration {
    /// The unit of times where the configuration names none.
    var defaultTimeUnit: TimeUnit { self == .lineProtocol ? .ns : .s }

    /// Reads payloads of the format.
    func decoder(timeUnit: TimeUnit) -> PayloadDecoder {
        switch self {
        case .json(let fields, let numbersAsText):
            .json(JSONDecoder(fields: fields, timeUnit: timeUnit, allowsNumbersAsText: numbersAsText))
        case .text(let columns): .text(TextDecoder(columns: columns, timeUnit: timeUnit))
        case .lineProtocol: .lineProtocol(LineProtocolDecoder(timeUnit: timeUnit))
        case .messagePack(let fields): .messagePack(MessagePackDecoder(fields: fields, timeUnit: timeUnit))
        case .float64(let columns):
            .binary(BinaryDecoder(width: .double, columns: columns, timeUnit: timeUnit))
        case .float32(let columns):
            .binary(BinaryDecoder(width: .single, columns: columns, timeUnit: timeUnit))
        }
    }
}

extension ConfigurationValue {
    fileprivate func columns() -> [Column]? {
        let expected = "value, ts, skip, or a name behind a point (.temp: the stream ID.temp)"
        let columns = list(of: "columns") { value -> Column? in
            guard let text = value.text(expected) else { return nil }
            if let column = Column(text) { return column }
            let words = ["value", "ts", "skip"]
            let named = Column(".\(text)")?.text
            value.mismatch(
                expected, suggestion: ConfigurationSuggestion.nearest(to: text, among: words) ?? named)
            return nil
        }
        guard let columns else { return nil }
        guard Column.areValid(columns) else {
            problem(
                "expected one value or named column at least, and nothing but skip twice, found "
                    + columns.map(\.text).joined(separator: ", "))
            return nil
        }
        return columns
    }
}
