// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A key of the terminal.
package enum TopKey: Equatable, Sendable {
    case up, down, pageUp, pageDown, home, end, enter, escape, backspace, interrupt
    case character(Character)

    /// The keys that bytes of a terminal stand for; what is not known is passed over.
    package static func keys(_ bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var rest = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\u{1B}":
                guard let next = rest.first, next == "[" || next == "O" else {
                    keys.append(.escape)
                    continue
                }
                rest.removeFirst()
                let end = rest.firstIndex { ("@"..."~").contains($0) } ?? rest.endIndex
                let sequence = String(
                    String.UnicodeScalarView(rest[rest.startIndex..<min(end + 1, rest.endIndex)]))
                rest = rest[min(end + 1, rest.endIndex)...]
                if let key = sequences[sequence] { keys.append(key) }
            case "\r", "\n": keys.append(.enter)
            case "\u{7F}", "\u{8}": keys.append(.backspace)
            case "\u{3}", "\u{4}": keys.append(.interrupt)  // Ctrl-C, Ctrl-D
            case let scalar where scalar.value >= 32: keys.append(.character(Character(scalar)))
            default: break
            }
        }
        return keys
    }

    private static let sequences: [String: TopKey] = [
        "A": .up, "B": .down, "5~": .pageUp, "6~": .pageDown, "H": .home, "F": .end, "1~": .home, "4~": .end,
    ]
}
