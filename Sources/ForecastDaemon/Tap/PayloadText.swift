// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Payloads for a person to read.
package enum PayloadText {
    /// Bytes that are shown of what is no text.
    private static let hexadecimalLimit = 32

    /// A payload as text, or what its beginning is in hexadecimal if it is no text.
    package static func whole(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self)?.printable
            ?? bytes.prefix(hexadecimalLimit).map {
                String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
            }.joined()
    }

    /// The same of what may have been cut within a character.
    package static func beginning(_ bytes: [UInt8]) -> String {
        for count in 0...min(3, bytes.count) {
            if let text = String(validating: bytes.dropLast(count), as: UTF8.self) { return text.printable }
        }
        return whole(bytes)
    }
}
