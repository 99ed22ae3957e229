// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// One page between two that cannot be read, so that a read outside of what is placed at its ends crashes.
struct GuardedMemory: ~Copyable {
    private let pages: UnsafeMutableRawPointer
    static let size = Int(getpagesize())

    init() {
        let size = Self.size
        pages = mmap(nil, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(pages != MAP_FAILED, "there is memory for three pages")
        precondition(
            mprotect(pages, size, PROT_NONE) == 0 && mprotect(pages + 2 * size, size, PROT_NONE) == 0)
    }

    deinit { munmap(pages, 3 * Self.size) }

    /// Copies `bytes`, which fit in a page, to its end or to its start and gives them to `body`.
    func place<Result>(
        _ bytes: [UInt8], atEnd: Bool, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let start = pages + (atEnd ? 2 * Self.size - bytes.count : Self.size)
        let place = UnsafeMutableRawBufferPointer(start: start, count: bytes.count)
        place.copyBytes(from: bytes)
        return body(UnsafeRawBufferPointer(place))
    }
}
