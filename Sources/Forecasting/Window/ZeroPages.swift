// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Memory of zeros for tables most of whose rows may never be used.
///
/// A page takes memory when it is first written to; until then it takes address space, of which there is more than any
/// machine has memory.
package struct ZeroPages: ~Copyable {
    package let start: UnsafeMutableRawPointer
    private let byteCount: Int

    /// Maps at least `count` elements of `stride` bytes.
    package init(count: Int, stride: Int) {
        let (product, overflow) = count.multipliedReportingOverflow(by: stride)
        precondition(count >= 1 && stride >= 1 && !overflow, "a table has rows, and fits into addresses")
        byteCount = product
        // Without MAP_NORESERVE the kernel refuses tables larger than the machine's memory.
        let memory = mmap(
            nil, product, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no address space for \(product) bytes") }
        start = memory
    }

    /// The bytes of so many rows of `stride` bytes each, which is how a row's memory is saved and restored.
    func bytes(of rows: Range<Int>, stride: Int) -> UnsafeMutableRawBufferPointer {
        precondition(rows.upperBound * stride <= byteCount, "no such rows in the table")
        return UnsafeMutableRawBufferPointer(
            start: start + rows.lowerBound * stride, count: rows.count * stride)
    }

    deinit { munmap(start, byteCount) }
}
