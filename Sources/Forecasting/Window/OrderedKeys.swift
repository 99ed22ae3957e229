// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Values in order, some of them several times, in memory laid out beforehand: a B+ tree whose nodes have at most 64
/// entries and, but for the root, at least half as many.
///
/// A value goes in and out, and the one with a given rank is found, in time that grows with the logarithm of their
/// number. Up to 64 values are one leaf: a sorted array. Leaves have the first numbers, inner nodes those after them.
///
/// (Bayer and McCreight 1972; the counts in inner nodes make the ranks.)
struct OrderedKeys {
    /// What an inner node says of one of its children, besides the child's least key.
    struct Entry {
        var child: UInt32
        /// Keys below the child.
        var size: UInt32
    }

    let layout: WindowLayout
    let header: UnsafeMutablePointer<RollingWindow.Header>
    let counts: UnsafeMutablePointer<UInt32>
    let keys: UnsafeMutablePointer<Int64>
    let entries: UnsafeMutablePointer<Entry>

    init(_ layout: WindowLayout, _ base: UnsafeMutableRawPointer) {
        self.layout = layout
        header = base.assumingMemoryBound(to: RollingWindow.Header.self)
        counts = (base + layout.counts).assumingMemoryBound(to: UInt32.self)
        keys = (base + layout.keys).assumingMemoryBound(to: Int64.self)
        entries = (base + layout.entries).assumingMemoryBound(to: Entry.self)
    }

    /// A whole number that is ordered as the value is, to the last bit: -0 is less than 0.
    static func key(_ value: Double) -> Int64 {
        let bits = Int64(bitPattern: value.bitPattern)
        return bits ^ (bits >> 63 & .max)
    }

    static func value(_ key: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: key ^ (key >> 63 & .max)))
    }

    /// Keys in all.
    var count: Int { size(of: Int(header.pointee.root), level: Int(header.pointee.height)) }

    /// The key with `rank` lesser or equal ones before it.
    func key(rank: Int) -> Int64 {
        var (node, rank) = (Int(header.pointee.root), rank)
        for _ in 0..<header.pointee.height {
            var entry = children(of: node)
            while rank >= entry.pointee.size {
                rank -= Int(entry.pointee.size)
                entry += 1
            }
            node = Int(entry.pointee.child)
        }
        precondition(rank >= 0 && rank < counts[node], "no key has such a rank")
        return first(node)[rank]
    }

    func removeAll() {
        (header.pointee.root, header.pointee.height) = (0, 0)
        (header.pointee.leaves, header.pointee.freeLeaf) = (0, 0)
        (header.pointee.inners, header.pointee.freeInner) = (0, 0)
        counts[0] = 0
    }

    // What nodes have.

    func first(_ node: Int) -> UnsafeMutablePointer<Int64> { keys + WindowLayout.nodeSize * node }

    func children(of node: Int) -> UnsafeMutablePointer<Entry> {
        entries + WindowLayout.nodeSize * (node - layout.leafCount)
    }

    func size(of node: Int, level: Int) -> Int {
        guard level > 0 else { return Int(counts[node]) }
        let children = children(of: node)
        return (0..<Int(counts[node])).reduce(0) { $0 + Int(children[$1].size) }
    }

    /// Entries of a node whose key is at most `key`.
    func place(after key: Int64, in node: Int) -> Int {
        var (start, count) = (first(node), Int(counts[node]))
        while count > 0 {
            let half = (count + 1) / 2
            // Without a jump, which could not be foreseen.
            start += start[half - 1] <= key ? half : 0
            count -= half
        }
        return start - first(node)
    }
}
