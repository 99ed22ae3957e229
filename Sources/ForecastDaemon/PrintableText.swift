// Part of forecastd. SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text in one line, without characters that would move a terminal's cursor or worse.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control where "\t\r\n".unicodeScalars.contains(scalar): " "
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
