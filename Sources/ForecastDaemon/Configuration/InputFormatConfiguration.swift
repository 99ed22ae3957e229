// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import WireFormat

/// How the payload of an incoming message is read.
public enum InputFormatConfiguration: Sendable, Equatable {
    /// JSON objects, or arrays of them, with fields of these names.
    case json(JSONDecoder.FieldNames)
    /// Lines of columns.
    case text([TextDecoder.Column])
}

extension InputFormatConfiguration: ConfigurationSection {
    /// The words for the formats.
    private enum Format: String, CaseIterable { case json, text }

    init(from table: inout ConfigurationTable) {
        var format = Format.json
        let isFormatKnown = table.read("format", into: &format)
        let fields: JSONDecoder.FieldNames = table.readSection("fields")
        let columns = table.take("columns")?.textColumns() ?? [.value]
        switch format {
        case .json: self = .json(fields)
        case .text: self = .text(columns)
        }
        guard isFormatKnown else { return }
        switch format {
        case .json: table.refuse("columns", "only for format: text; this input has json")
        case .text: table.refuse("fields", "only for format: json; this input has text")
        }
    }
}

extension JSONDecoder.FieldNames: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        self.init()
        if let names = table.take("time")?.fieldNames() { time = names }
        if let names = table.take("value")?.fieldNames() { value = names }
        if let name = table.take("values")?.text("the name of a field") { values = name }
        var owners: [String: String] = [:]
        for (key, names) in [("time", time), ("value", value), ("values", [values])] {
            for name in names {
                if let owner = owners[name] {
                    let field = ConfigurationSuggestion.quoted(name)
                    table.problem(key, "the field \(field) is named by \(owner) already")
                }
                owners[name] = key
            }
        }
    }
}

extension ConfigurationValue {
    fileprivate func fieldNames() -> [String]? {
        list(of: "names of fields") { $0.text("the name of a field") }
    }

    fileprivate func textColumns() -> [TextDecoder.Column]? {
        guard let columns: [TextDecoder.Column] = list(of: "columns", { $0.choice() }) else { return nil }
        let (values, times) = (columns.count { $0 == .value }, columns.count { $0 == .ts })
        if values != 1 || times > 1 {
            problem("expected one value and at most one ts among the columns, found \(values) and \(times)")
        }
        return columns
    }
}
