// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

struct StreamTableTests {
    @Test(arguments: [0, 1, 0xFFFF_FFFF_FFFF_FFFF] as [UInt64])
    func numbersIdentifiersInTheOrderTheyCome(seed: UInt64) {
        var generator = SeededGenerator(seed: 7)
        var table = StreamTable(capacity: 3000, seed: seed)
        var reference: [String: UInt32] = [:]
        let alphabet = Array("abcXYZ019._:/-")
        while reference.count < 3000 {
            let length = Int.random(in: 1...StreamIdentifier.maximumLength, using: &generator)
            let name = String((0..<length).map { _ in alphabet.randomElement(using: &generator)! })
            let known = table.slot(of: name.utf8.span.bytes)
            #expect(known == reference[name])
            if known == nil {
                let slot = table.insert(name.utf8.span.bytes)
                #expect(Int(slot) == reference.count)
                reference[name] = slot
            }
        }
        for (name, slot) in reference {
            #expect(table.slot(of: name.utf8.span.bytes) == slot)
            let bytes = table.identifier(of: slot).withUnsafeBytes { Array($0) }
            #expect(bytes == Array(name.utf8))
        }
        #expect(table.count == table.capacity)
    }

    @Test func tellsPrefixesApart() {
        var table = StreamTable(capacity: 8, seed: 1)
        for name in ["a", "aa", "aaaaaaaa", "aaaaaaaaa"] { _ = table.insert(name.utf8.span.bytes) }
        for (index, name) in ["a", "aa", "aaaaaaaa", "aaaaaaaaa"].enumerated() {
            #expect(table.slot(of: name.utf8.span.bytes) == UInt32(index))
        }
        #expect(table.slot(of: "aaa".utf8.span.bytes) == nil)
    }

    /// Few buckets, so that what is taken out lies in the way of others.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func whatIsTakenOutMakesRoom(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = StreamTable(capacity: 8, seed: seed)
        var reference: [String: UInt32] = [:]
        for _ in 0..<20_000 {
            let name = String(repeating: "n", count: Int.random(in: 1...30, using: &generator))
            let known = table.slot(of: name.utf8.span.bytes)
            #expect(known == reference[name], "seed \(seed)")
            if let known {
                let (length, isUsed) = (table.identifier(of: known).byteCount, table.isUsed(known))
                #expect(length == name.utf8.count && isUsed)
                guard Bool.random(using: &generator) else { continue }
                table.remove(known)
                reference[name] = nil
                let isStillUsed = table.isUsed(known)
                #expect(!isStillUsed)
            } else if table.count < table.capacity {
                let slot = table.insert(name.utf8.span.bytes)
                #expect(!reference.values.contains(slot) && slot < 8)
                reference[name] = slot
            }
            let (count, slotCount) = (table.count, table.slotCount)
            #expect(count == reference.count && slotCount <= 8)
        }
    }

    @Test(arguments: [
        ("plant.a_1:x/y-z", true), ("a", true), (String(repeating: "x", count: 128), true), ("", false),
        (String(repeating: "x", count: 129), false), ("a b", false), ("é", false), ("a\u{0}", false),
        ("a;b", false), ("a,b", false),
    ])
    func knowsWhatMayBeAnIdentifier(name: String, isValid: Bool) {
        #expect(StreamIdentifier.isValid(name.utf8.span.bytes) == isValid)
    }

    /// Ids are checked eight bytes at a time: every byte counts at every place.
    @Test func checksEveryByteOfAnIdentifier() {
        for length in 1...20 {
            var identifier = [UInt8](repeating: UInt8(ascii: "a"), count: length)
            for place in 0..<length {
                for byte in 0...255 as ClosedRange<UInt8> {
                    identifier[place] = byte
                    #expect(
                        StreamIdentifier.isValid(identifier.span.bytes) == StreamIdentifier.isAllowed(byte),
                        "byte \(byte) at \(place) of \(length)")
                }
                identifier[place] = UInt8(ascii: "z")
            }
        }
    }
}
