// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Floats at an address that is a multiple of 64 bytes, all zero at first, freed with their owner.
///
/// They are zero pages of the kernel: what is never touched costs address space, not memory.
package struct AlignedFloats: ~Copyable {
    /// The first float.
    package let start: UnsafeMutablePointer<Float>
    /// How many there are.
    package let count: Int

    /// Makes `count` zeros.
    package init(count: Int) {
        self.count = count
        // Not reserved: tables are made for the most streams there may be, mostly far more than come.
        let memory = mmap(
            nil, Self.byteCount(count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no address space for \(count) floats") }
        start = memory.bindMemory(to: Float.self, capacity: count)
    }

    deinit { munmap(start, Self.byteCount(count)) }

    private static func byteCount(_ count: Int) -> Int { max(1, count) * MemoryLayout<Float>.stride }
}
