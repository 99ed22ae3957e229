// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a request has to show to be told anything but health (RFC 6750).
package struct BearerToken: Sendable, CustomStringConvertible {
    /// The characters.
    package let text: String

    /// Nothing of it, so that no message can tell it.
    package var description: String { "a token" }

    /// The fewest and the most characters: with fewer it could be guessed.
    package static let lengths = 16...512

    /// Takes a token; nil if it is none: `A-Z a-z 0-9 - . _ ~ + /` and `=` at the end.
    package init?(_ text: String) {
        guard Self.lengths.contains(text.utf8.count), text.wholeMatch(of: #/[A-Za-z0-9\-._~+\/]+=*/#) != nil
        else {
            return nil
        }
        self.text = text
    }

    /// Whether the value of an Authorization header has the token.
    ///
    /// How long that takes tells nothing of how much of it was right.
    func isShown(by header: String?) -> Bool {
        let words = header?.split(separator: " ", omittingEmptySubsequences: true) ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else { return false }
        let (shown, bytes) = (Array(words[1].utf8), Array(text.utf8))
        var difference = shown.count ^ bytes.count
        for index in bytes.indices {
            difference |= Int((index < shown.count ? shown[index] : 0) ^ bytes[index])
        }
        return difference == 0
    }
}
