// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing

/// Reads damaged manuals: whatever stands in a file, it is read or refused with a place inside of it.
@Suite struct ConfigurationMutationTests {
    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func damagedManualIsReadOrRefused(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let manual = Array(try ConfigurationManualTests.manualText().unicodeScalars)
        // Without its comments, so that most damage meets a key or a value.
        let lines = manual.split(separator: "\n").filter { $0.first { $0 != " " } != "#" }
        let bare = Array(lines.joined(separator: ["\n"]))
        var refused = 0
        for _ in 0..<150 {
            let text = String(String.UnicodeScalarView(mutated(bare, using: &random)))
            do throws(ConfigurationError) {
                _ = try DaemonConfiguration.parse(text, file: "f.yaml")
            } catch {
                refused += 1
                expectPlaces(error, in: text, seed: seed)
            }
        }
        #expect(refused > 50, "seed \(seed)")
    }

    private func expectPlaces(_ error: ConfigurationError, in text: String, seed: UInt64) {
        guard case .invalid(let problems) = error else {
            Issue.record("seed \(seed): \(error)")
            return
        }
        // The parser also counts U+0085, U+2028 and U+2029 as line breaks; none of them is put in below.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(!problems.isEmpty, "seed \(seed)")
        for problem in problems {
            let isInside =
                problem.line >= 1 && problem.line <= lines.count && problem.column >= 1
                && problem.column <= lines[problem.line - 1].count + 1
            #expect(isInside, "seed \(seed): \(problem)\n\(text)")
            #expect(
                !problem.message.isEmpty && !problem.description.contains("\n"), "seed \(seed): \(problem)")
        }
    }

    private func mutated(
        _ text: [Unicode.Scalar], using random: inout SplitMix64
    ) -> [Unicode.Scalar] {
        let odd: [Unicode.Scalar] = [
            " ", "\n", "\t", ":", "-", "[", "]", "{", "}", ",", "#", "&", "*", "!", "|", ">", "'", "\"", "%",
            "@",
            "`", "?", "~", "0", "9", "x", "\\", "\u{0}", "\u{7}", "ä", "\u{1f600}", "\u{feff}",
        ]
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<text.count, using: &random)
            let end = min(text.count, place + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text[place] = odd.randomElement(using: &random)!
            case 1: text.insert(odd.randomElement(using: &random)!, at: place)
            case 2: text.removeSubrange(place..<end)
            case 3:
                text.insert(contentsOf: text[place..<end], at: Int.random(in: 0...text.count, using: &random))
            default: text.swapAt(place, end - 1)
            }
        }
        return text
    }
}

/// A small generator whose sequence is the same everywhere (Steele, Lea & Flood 2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
