// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

@Suite struct KeyTableTests {
    static func key(_ number: Int) -> [UInt8] { Array("k\(number)".utf8) }

    /// Keys that come and go are found as a dictionary finds them; slots are none's but one's.
    @Test(arguments: [1, 3, 40]) func findsWhatADictionaryFinds(capacity: Int) {
        var generator = SeededGenerator(seed: UInt64(capacity))
        var table = KeyTable(capacity: capacity, longest: 8, seed: 7)
        var slots: [Int: Int] = [:]
        for _ in 0..<20_000 {
            let number = Int.random(in: 0..<2 * capacity, using: &generator)
            let key = Self.key(number)
            let found = table.slot(of: key.span.bytes)
            #expect(found == slots[number])
            if let slot = slots[number] {
                let foundKey = table.key(slot).withUnsafeBytes { Array($0) }
                #expect(foundKey == key)
                if Bool.random(using: &generator) {
                    table.remove(slot)
                    slots[number] = nil
                }
            } else if table.count < capacity {
                let slot = table.insert(key.span.bytes)
                #expect((0..<capacity).contains(slot) && !slots.values.contains(slot))
                slots[number] = slot
            }
            #expect(table.count == slots.count)
        }
    }
}
