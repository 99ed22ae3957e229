// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

extension Encodable {
    /// The value as one line of JSON, keys in alphabetical order.
    package func jsonText() throws -> String {
        let encoder = Foundation.JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
