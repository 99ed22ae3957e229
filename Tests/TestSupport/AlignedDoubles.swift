// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Doubles at a multiple of 64 bytes, zero at first.
package final class AlignedDoubles {
    /// The first of them.
    package let start: UnsafeMutablePointer<Double>
    private let memory: UnsafeMutableRawPointer

    /// Makes `count` zeros.
    package init(_ count: Int) {
        memory = .allocate(byteCount: max(count, 1) * MemoryLayout<Double>.stride, alignment: 64)
        start = memory.initializeMemory(as: Double.self, repeating: 0, count: count)
    }

    deinit { memory.deallocate() }
}
