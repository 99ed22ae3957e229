// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// The patterns of stream ids that a rule may have.
enum StreamPattern {
    /// Whether `text` could be an id, or the start of one.
    static func isText(_ text: String) -> Bool {
        (1...StreamIdentifier.maximumLength).contains(text.utf8.count)
            && text.utf8.allSatisfy(StreamIdentifier.isAllowed)
    }

    /// Whether `pattern` has only bytes of ids and wildcards, and can match an id at all.
    static func isValid(_ pattern: String) -> Bool {
        let literals = pattern.utf8.filter { $0 != UInt8(ascii: "*") }
        return !pattern.isEmpty && pattern.utf8.count <= 2 * StreamIdentifier.maximumLength
            && literals.count <= StreamIdentifier.maximumLength
            && literals.allSatisfy { $0 == UInt8(ascii: "?") || StreamIdentifier.isAllowed($0) }
    }
}

extension ConfigurationValue {
    /// The value as a pattern of stream ids.
    func streamPattern() -> String? {
        let expected = "a pattern of stream ids (A-Z a-z 0-9 . _ : / - and the wildcards * and ?)"
        guard let pattern = text(expected) else { return nil }
        guard StreamPattern.isValid(pattern) else {
            mismatch(expected)
            return nil
        }
        return pattern
    }
}
