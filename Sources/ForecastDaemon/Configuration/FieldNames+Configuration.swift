// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat

extension FieldNames: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        self.init()
        if let names = table.take("time")?.fieldNames() { time = names }
        if let names = table.take("value")?.fieldNames() { value = names }
        if let name = table.take("values")?.fieldName() { values = name }
        checkPlaces(table)
    }

    /// No field stands in the place of another, or inside of it.
    private func checkPlaces(_ table: borrowing ConfigurationTable) {
        var owners: [(path: [String], key: String)] = []
        for (key, names) in [("time", time), ("value", value), ("values", [values])] {
            for name in names {
                let path = FieldNames.path(of: name) ?? []
                let field = ConfigurationSuggestion.quoted(name)
                for owner in owners {
                    if owner.path == path {
                        table.problem(key, "the field \(field) is named by \(owner.key) already")
                    } else if owner.path.starts(with: path) || path.starts(with: owner.path) {
                        let other = ConfigurationSuggestion.quoted(owner.path.joined(separator: "/"))
                        table.problem(
                            key,
                            "one of the field \(field) and the field \(other) of \(owner.key) is inside of the "
                                + "other: a field is either read or looked into")
                    }
                }
                owners.append((path, key))
            }
        }
    }
}

extension ConfigurationValue {
    fileprivate func fieldNames() -> [String]? {
        list(of: "names of fields") { $0.fieldName() }
    }

    fileprivate func fieldName() -> String? {
        guard let name = text("the name of a field") else { return nil }
        guard FieldNames.path(of: name) != nil else {
            mismatch("a JSON pointer, in which ~ is written ~0 and / inside of a name ~1")
            return nil
        }
        return name
    }
}
