// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CChecksum

/// CRC-32C by one of the variants of `CChecksum`.
package struct Checksum: Sendable {
    private let update: crc32c_update_function

    /// The fastest that this machine can run.
    package static let best = Checksum(update: crc32c_best())

    /// All that this machine can run, slowest first.
    package static var available: [Checksum] {
        (0..<2).compactMap { crc32c_variant($0) }.map { Checksum(update: $0) }
    }

    /// The checksum of `bytes`, or of those that have the checksum `start` and then these.
    @inline(__always)
    package func callAsFunction(_ bytes: UnsafeRawBufferPointer, after start: UInt32 = 0) -> UInt32 {
        update(start, bytes.baseAddress, bytes.count)
    }

    /// The checksum of numbers, as 8 bytes each, little endian.
    func callAsFunction(_ numbers: UInt64...) -> UInt32 {
        numbers.reduce(0) { sum, number in
            withUnsafeBytes(of: number.littleEndian) { self($0, after: sum) }
        }
    }
}
