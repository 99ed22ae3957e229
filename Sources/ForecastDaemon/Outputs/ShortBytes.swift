// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import WireFormat

/// At most `limit` bytes, kept in place.
package struct ShortBytes<let limit: Int> {
    private var storage = InlineArray<limit, UInt8>(repeating: 0)
    private var count = 0

    /// Copies `bytes`; nil if there are too many.
    package init?(_ bytes: RawSpan) {
        guard bytes.byteCount <= limit else { return nil }
        for index in 0..<bytes.byteCount {
            storage[index] = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        }
        count = bytes.byteCount
    }

    /// No bytes.
    package init() {}

    /// The bytes.
    package var bytes: RawSpan {
        @_lifetime(borrow self) get { storage.span.bytes.extracting(first: count) }
    }
}

extension RawSpan {
    /// Whether the bytes are those of `other`.
    func isEqual(to other: RawSpan) -> Bool { byteCount == other.byteCount && starts(with: other) }

    /// Whether the bytes begin with `prefix`.
    func starts(with prefix: RawSpan) -> Bool {
        guard byteCount >= prefix.byteCount else { return false }
        return withUnsafeBytes { bytes in
            prefix.withUnsafeBytes { prefix in
                prefix.isEmpty || memcmp(bytes.baseAddress!, prefix.baseAddress!, prefix.count) == 0
            }
        }
    }
}
