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

/// What wildcards stand for, and the ids that are made of it.
struct IdentifierTemplateTests {
    static func captures(_ pattern: String, _ identifier: String) throws -> [String]? {
        let bytes = Array(identifier.utf8)
        return try Glob(pattern).captures(in: bytes.span.bytes)?.map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("plant.*.temp", "plant.7.temp", ["7"]), ("*", "a.b", ["a.b"]), ("a", "a", []),
            ("*.*", "a.b.c", ["a", "b.c"]), ("*.*.c", "a.b.c.d.c", ["a", "b.c.d"]),
            ("a?c*", "abc", ["b", ""]),
            ("*?", "abc", ["ab", "c"]), ("?*?", "ab", ["a", "", "b"]), ("**", "ab", ["", "ab"]),
            ("*a*a", "xaya", ["x", "y"]), ("*.temp", "a.temp.temp", ["a.temp"]), ("a*", "b", nil),
            ("*ab", "aabab", ["aab"]), ("*?b", "b", nil),
        ] as [(String, String, [String]?)])
    func wildcardsStandForTheLeastFromTheLeft(pattern: String, identifier: String, expected: [String]?) throws
    {
        #expect(try Self.captures(pattern, identifier) == expected)
    }

    /// All ways to divide a text among the wildcards, tried out; the first one in order of the lengths is the right one.
    @Test func capturesAreTheFirstOfAllWays() throws {
        func ways(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> [[String]] {
            guard let head = pattern.first else { return text.isEmpty ? [[]] : [] }
            let rest = pattern.dropFirst()
            if head == "*" {
                return (0...text.count).flatMap { length in
                    ways(rest, text.dropFirst(length)).map { [String(text.prefix(length))] + $0 }
                }
            }
            guard let first = text.first, head == "?" || head == first else { return [] }
            return ways(rest, text.dropFirst()).map { head == "?" ? [String(first)] + $0 : $0 }
        }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<5000 {
            func word(_ letters: String, _ length: Int) -> String {
                String((0..<length).map { _ in letters.randomElement(using: &generator)! })
            }
            let pattern = word("ab*?", Int.random(in: 1...6, using: &generator))
            let text = word("ab", Int.random(in: 1...8, using: &generator))
            let expected = ways(ArraySlice(pattern), ArraySlice(text)).first
            #expect(try Self.captures(pattern, text) == expected, "\(pattern) on \(text)")
        }
    }

    @Test(arguments: [
        ("plant.*.temp", "plant.$1.hum", "plant.7.temp", "plant.7.hum"),
        ("*.?.t", "$2:$1:$2", "a.b.t", "b:a:b"), ("*", "shared", "x", "shared"), ("*-*", "$1$2", "a-b", "ab"),
    ])
    func templatesAreFilled(pattern: String, text: String, identifier: String, expected: String) throws {
        let glob = try Glob(pattern)
        let bytes = Array(identifier.utf8)
        let captures = glob.captures(in: bytes.span.bytes) ?? []
        let template = try IdentifierTemplate(text, of: glob)
        let filled = template.filled(by: captures, in: bytes.span.bytes) ?? []
        #expect(String(decoding: filled, as: UTF8.self) == expected)
        let isMatch = template.pattern.matches(filled.span.bytes)
        #expect(isMatch)
        let own = try IdentifierTemplate(IdentifierTemplate.identity(of: glob), of: glob)
        let again = own.filled(by: captures, in: bytes.span.bytes)
        #expect(again == bytes)
    }

    @Test(arguments: ["", "$2", "$0", "$", "a$", "$x", "a b", "ä", "a*", "?"])
    func otherTextsAreNoTemplates(text: String) throws {
        let glob = try Glob("a.*")
        #expect(throws: IdentifierTemplate.TemplateError.self) { try IdentifierTemplate(text, of: glob) }
    }

    @Test func aPatternMayComeOfATemplate() throws {
        let glob = try Glob("a.*.?")
        let template = try IdentifierTemplate("$1.*?", of: glob, isPattern: true)
        let bytes = Array("a.plant.7".utf8)
        let captures = glob.captures(in: bytes.span.bytes) ?? []
        #expect(template.filled(by: captures, in: bytes.span.bytes) == Array("plant.*?".utf8))
        for text in ["", "$3.*", "a b*", "$*"] {
            #expect(throws: IdentifierTemplate.TemplateError.self) {
                try IdentifierTemplate(text, of: glob, isPattern: true)
            }
        }
    }

    @Test func aTemplateThatIsTooLongSaysSo() throws {
        let text = String(repeating: "x", count: 257)
        let error = #expect(throws: IdentifierTemplate.TemplateError.self) {
            try IdentifierTemplate(text, of: .everything)
        }
        #expect(error?.description == "expected the id of a stream of at most 128 bytes, found 257")
    }

    @Test func idsThatAreTooLongAreNone() throws {
        let glob = try Glob("*")
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 65)
        let captures = glob.captures(in: bytes.span.bytes) ?? []
        let twice = try IdentifierTemplate("$1$1", of: glob).filled(by: captures, in: bytes.span.bytes)
        let once = try IdentifierTemplate("$1", of: glob).filled(by: captures, in: bytes.span.bytes)
        #expect(twice == nil && once == bytes)
    }
}
