// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where an engine puts the state of streams that it lets go, and takes it from when they come back: a file, say.
///
/// Entries lie side by side, each where the engine says. It uses no place again as long as a copy of its state that may
/// still be gone back to knows what lies there.
package struct StreamShelf {
    /// Bytes that every entry begins with and that are the shelf's, to know the entry by.
    package static let headerLength = 24
    /// Entries begin at multiples of this, in bytes.
    package static let alignment = 4096

    /// Puts an entry, header included, at a place, and says whether there was room.
    ///
    /// Its number tells it from others at the same place.
    let put: (_ entry: UnsafeMutableRawBufferPointer, _ number: UInt64, _ place: Int) -> Bool
    /// Fills the memory with the entry of that size, number and place; says whether it is whole.
    let take: (_ entry: UnsafeMutableRawBufferPointer, _ number: UInt64, _ place: Int) -> Bool

    /// Makes a shelf of what puts and takes.
    package init(
        put: @escaping (UnsafeMutableRawBufferPointer, UInt64, Int) -> Bool,
        take: @escaping (UnsafeMutableRawBufferPointer, UInt64, Int) -> Bool
    ) {
        (self.put, self.take) = (put, take)
    }
}
