// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the fields that are read stand: at the top of an object, or inside of other fields.
///
/// A branch is what can be met inside of one object or array; the top is branch 0.
struct FieldTree: Sendable {
    /// What a name leads to.
    enum Field: Equatable, Sendable {
        case time, value, values
        /// An object or array with fields that are read inside; the number of its branch.
        case branch(Int)
    }

    private struct Entry: Sendable {
        var branch: Int
        var key: FieldKey
        var name: [UInt8]
        /// The name as the number of an array's element.
        var index: Int?
        var field: Field
    }

    /// Those of the top come first: most messages have no others.
    ///
    /// One array for all, because every one costs a message some nanoseconds of reference counting.
    private var entries: [Entry] = []
    private var topCount = 0

    /// Makes the tree of `names`, none of which may stand for two fields, or inside of another.
    init(_ names: FieldNames) {
        let fields =
            names.time.map { ($0, Field.time) } + names.value.map { ($0, Field.value) }
            + [(names.values, Field.values)]
        for (name, field) in fields {
            guard let path = FieldNames.path(of: name) else {
                preconditionFailure("\(name) is no pointer of RFC 6901")
            }
            insert(field, at: path)
        }
    }

    private mutating func insert(_ field: Field, at path: [String]) {
        var branch = 0
        for (depth, name) in path.enumerated() {
            let isLast = depth == path.count - 1
            let bytes = Array(name.utf8)
            if let known = entries.first(where: { $0.branch == branch && $0.name == bytes }) {
                guard case .branch(let next) = known.field, !isLast else {
                    preconditionFailure("\(path) stands for two fields, or inside of another")
                }
                branch = next
                continue
            }
            let next = (entries.map(\.branch).max() ?? 0) + 1 + entries.count
            let entry = Entry(
                branch: branch, key: bytes.withUnsafeBytes { FieldKey($0) }, name: bytes,
                index: Self.index(name), field: isLast ? field : .branch(next))
            entries.insert(entry, at: branch == 0 ? topCount : entries.count)
            if branch == 0 { topCount += 1 }
            branch = next
        }
    }

    /// The number of an element that `name` is, written without leading zeros.
    private static func index(_ name: String) -> Int? {
        guard let index = Int(name), String(index) == name, index >= 0 else { return nil }
        return index
    }

    /// What the name of a field at the top leads to.
    @inline(__always)
    func field(_ name: UnsafeRawBufferPointer) -> Field? {
        let key = FieldKey(name)
        for index in 0..<topCount where entries[index].key == key && isName(name, of: index) {
            return entries[index].field
        }
        return nil
    }

    /// What the name of a field inside of another leads to.
    func field(_ name: UnsafeRawBufferPointer, in branch: Int) -> Field? {
        let key = FieldKey(name)
        for index in topCount..<entries.count
        where entries[index].branch == branch && entries[index].key == key && isName(name, of: index) {
            return entries[index].field
        }
        return nil
    }

    /// What the number of an array's element leads to.
    func field(at number: Int, in branch: Int) -> Field? {
        entries.first { $0.branch == branch && $0.index == number }?.field
    }

    /// Whether `name` is that of the entry `index`, which has its key.
    @inline(__always)
    private func isName(_ name: UnsafeRawBufferPointer, of index: Int) -> Bool {
        name.count <= FieldKey.maximumLength
            || memcmp(entries[index].name, name.baseAddress!, name.count) == 0
    }
}

/// The length and up to eight bytes of a name: names that are no longer differ where their keys do.
private struct FieldKey: Equatable, Sendable {
    /// A name of so many bytes is all in its key.
    static let maximumLength = 8

    private let length: Int
    private let word: UInt64

    @inline(__always)
    init(_ name: UnsafeRawBufferPointer) {
        length = name.count
        switch length {
        case 8...: word = name.loadUnaligned(as: UInt64.self)
        case 4...7:  // the first four and the last four, which overlap
            word =
                UInt64(name.loadUnaligned(as: UInt32.self))
                | UInt64(name.loadUnaligned(fromByteOffset: length - 4, as: UInt32.self)) << 32
        case 1...3:  // the first, the middle and the last, which may be the same
            word = UInt64(name[0]) | UInt64(name[length >> 1]) << 8 | UInt64(name[length - 1]) << 16
        default: word = 0
        }
    }
}
