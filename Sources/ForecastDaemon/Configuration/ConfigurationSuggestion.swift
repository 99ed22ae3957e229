// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Finding the word that was probably meant, and quoting the one that was written.
package enum ConfigurationSuggestion {
    /// The candidate nearest to `word`, or nil if none is near enough to be worth a guess.
    ///
    /// Case, `-` and `_` count for nothing, so `highWaterMark` is `high_water_mark`; beyond that one edit for
    /// every three letters is near, and so is a word cut short.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let sought = normalized(word)
        guard !sought.isEmpty && sought.count <= 64 else { return nil }
        let allowed = max(1, sought.count / 3)
        var best: (distance: Int, candidate: String)?
        for candidate in candidates {
            let letters = normalized(candidate)
            let distance = editDistance(sought, letters)
            // A word that shares no letter with the candidate is no misspelling of it, short as both may be.
            guard distance <= allowed && distance < max(sought.count, letters.count) else { continue }
            if distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        if let best { return best.candidate }
        return sought.count < 3 ? nil : candidates.first { normalized($0).starts(with: sought) }
    }

    /// The end of a message that offers `suggestion`; empty without one.
    static func question(_ suggestion: String?) -> String {
        suggestion.map { "; did you mean \(quoted($0))?" } ?? ""
    }

    /// `text` in quotes on one line: control characters escaped, cut after 60 characters.
    package static func quoted(_ text: String) -> String {
        let start = String(String.UnicodeScalarView(text.unicodeScalars.prefix(60)))
        let rest = text.unicodeScalars.count > 60 ? "…" : ""
        return "\"" + line(start, escaping: "\"") + rest + "\""
    }

    /// `text` on one line: control characters escaped, and another one.
    static func line(_ text: String, escaping other: Unicode.Scalar? = nil) -> String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            if scalar.properties.generalCategory == .control || scalar == other {
                line += scalar.escaped(asASCII: true)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
    }

    /// `words` as `a, b or c`.
    static func alternatives(_ words: [String]) -> String {
        guard words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
    }

    private static func normalized(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn `left` into `right`.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = last[j] + (left[i] == right[j] ? 0 : 1)
                cost = min(cost, last[j + 1] + 1, row[j] + 1)
                if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
