// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport

/// A shelf in memory, which loses what was not synchronised when the power is cut, as a file does.
final class MemoryShelf {
    /// By place.
    private var entries: [Int: [UInt8]] = [:]
    private var stored: [Int: [UInt8]] = [:]
    /// Whether there is room for nothing more.
    var isFull = false
    /// Entries that were taken and not whole.
    private(set) var destroyed = 0
    /// Where the next entry that is taken is destroyed; nil for nowhere.
    var damage: Int?
    private(set) var putCount = 0

    var shelf: StreamShelf {
        StreamShelf(
            put: { [self] entry, number, place in
                if isFull { return false }
                putCount += 1
                entry.storeBytes(of: number, toByteOffset: 8, as: UInt64.self)
                entry.storeBytes(of: Self.sum(entry), as: UInt64.self)
                entries[place] = Array(entry)
                return true
            },
            take: { [self] entry, number, place in
                guard let found = entries[place], found.count >= entry.count else {
                    destroyed += 1
                    return false
                }
                entry.copyBytes(from: found.prefix(entry.count))
                if let damage { entry[damage % entry.count] ^= 1 }
                let isWhole =
                    entry.load(fromByteOffset: 8, as: UInt64.self) == number
                    && entry.load(as: UInt64.self) == Self.sum(entry)
                if !isWhole { destroyed += 1 }
                return isWhole
            })
    }

    private static func sum(_ entry: UnsafeMutableRawBufferPointer) -> UInt64 {
        StreamIdentifier.hash(of: UnsafeRawBufferPointer(rebasing: entry[8...]).bytes, seed: 3)
    }

    func synchronise() { stored = entries }

    /// Keeps of what came since any part.
    func cutPower(_ generator: inout SeededGenerator) {
        for (place, entry) in entries.sorted(by: { $0.key < $1.key }) where stored[place] != entry {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: stored[place] = entry
            case 1:
                let cut = Int.random(in: 0..<entry.count, using: &generator)
                let old = stored[place] ?? []
                stored[place] = Array(entry[..<cut]) + Array(old.dropFirst(cut))
            default: break
            }
        }
        entries = stored
    }
}
