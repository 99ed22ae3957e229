// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

struct GlobTests {
    @Test(arguments: [
        ("plant.*.temp", "plant.a.temp", true), ("plant.*.temp", "plant..temp", true),
        ("plant.*.temp", "plant.a.b.temp", true), ("plant.*.temp", "plant.a.temps", false), ("*", "x", true),
        ("a?c", "abc", true), ("a?c", "ac", false), ("a*b*c", "a1b2b3c", true), ("a**", "a", true),
        ("a", "A", false),
    ])
    func matches(pattern: String, identifier: String, isMatch: Bool) throws {
        #expect(try Glob(pattern).matches(identifier.utf8.span.bytes) == isMatch)
    }

    @Test func equalsTheRecursiveDefinition() throws {
        func slow(_ pattern: Substring, _ text: Substring) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == "*" {
                return slow(pattern.dropFirst(), text) || (!text.isEmpty && slow(pattern, text.dropFirst()))
            }
            guard let next = text.first, first == "?" || first == next else { return false }
            return slow(pattern.dropFirst(), text.dropFirst())
        }
        var generator = SeededGenerator(seed: 8)
        var matchCount = 0
        for _ in 0..<20_000 {
            let pattern = String(
                (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                    "ab*?".randomElement(using: &generator)!
                })
            let text = String(
                (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                    "ab".randomElement(using: &generator)!
                })
            let expected = slow(pattern[...], text[...])
            #expect(try Glob(pattern).matches(text.utf8.span.bytes) == expected, "\(pattern) \(text)")
            matchCount += expected ? 1 : 0
        }
        #expect((2000...18_000).contains(matchCount))
    }

    @Test(arguments: [("plant.*", "plant."), ("*", ""), ("a?b", "a"), ("plain", "plain")])
    func knowsItsLiteralPrefix(pattern: String, prefix: String) throws {
        #expect(try Glob(pattern).literalPrefix == prefix)
    }

    @Test(arguments: ["", "a b", "é", "a[b]", String(repeating: "a", count: 257)])
    func refusesWhatNoIdentifierHas(pattern: String) {
        #expect(throws: Glob.GlobError.self) { try Glob(pattern) }
    }
}
