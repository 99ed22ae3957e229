// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Floats at an address that is a multiple of 64 bytes, all zero at first, freed with their owner.
///
/// Large ones are zero pages of the kernel: what is never touched costs address space, not memory.
struct AlignedFloats: ~Copyable {
    /// The first float.
    let start: UnsafeMutablePointer<Float>
    /// How many there are.
    let count: Int
    private let allocation: UnsafeMutableRawPointer

    init(count: Int) {
        self.count = count
        guard let memory = calloc(count * MemoryLayout<Float>.stride + 64, 1) else {
            fatalError("no address space for \(count) floats")
        }
        allocation = memory
        start = memory.alignedUp(toMultipleOf: 64).bindMemory(to: Float.self, capacity: count)
    }

    deinit { free(allocation) }
}
