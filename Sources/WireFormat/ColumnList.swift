// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// The columns of a message as a decoder goes through them.
struct ColumnList: Sendable {
    enum Kind { case value, time, skip, named }

    private struct Entry: Sendable {
        var kind: Kind
        var name: [UInt8] = []
    }

    private let entries: [Entry]

    /// Whether there is a column of times.
    let hasTime: Bool
    /// Whether a value stands before the time.
    let hasLateTime: Bool

    /// How many columns there are.
    var count: Int { entries.count }

    init(_ columns: [Column]) {
        precondition(Column.areValid(columns), "columns have at least one value, and nothing but skip twice")
        entries = columns.map { column in
            switch column {
            case .value: Entry(kind: .value)
            case .ts: Entry(kind: .time)
            case .skip: Entry(kind: .skip)
            case .named(let name): Entry(kind: .named, name: Array(name.utf8))
            }
        }
        hasTime = columns.contains(.ts)
        hasLateTime = hasTime && columns.prefix { $0 != .ts }.contains(where: \.isValue)
    }

    /// What the column `index` holds.
    @inline(__always)
    func kind(_ index: Int) -> Kind { entries[index].kind }

    /// Appends the value of the column `index` to the message, at the time that is known so far.
    @inline(__always)
    func append(
        time: Timestamp?, value: Double, ofColumn index: Int, base: UnsafeRawBufferPointer,
        to message: inout DecodedMessage
    ) throws(DecodeError) {
        guard entries[index].kind == .named else {
            return try message.append(time: time, value: value, base: base)
        }
        try entries[index].name.withUnsafeBufferPointer { name throws(DecodeError) in
            try message.append(time: time, value: value, base: base, field: UnsafeRawBufferPointer(name))
        }
    }
}
