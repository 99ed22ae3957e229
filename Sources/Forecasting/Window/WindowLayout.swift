// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where the parts of a stream's rolling window lie in its piece of memory.
///
/// Memory of zeros is an empty window.
package struct WindowLayout: Sendable {
    /// Ticks that the window has; 0 keeps none.
    let length: Int
    /// Ticks that can be taken back.
    let reach: Int
    /// Places of the ring that the ticks lie in: more than `length` where ticks can be taken back.
    let placeCount: Int
    /// Places are summed up in blocks, whose sums are joined by a binary tree where there are several.
    let blockCount: Int
    /// Nodes of the tree that keeps the values in order, without values below them and with.
    let leafCount: Int
    let innerCount: Int

    let marks: Int
    let values: Int
    let moments: Int
    let counts: Int
    let keys: Int
    let entries: Int
    /// Bytes of all parts.
    package let byteCount: Int

    /// Places of a block: the bits of a word.
    static let blockSize = 64
    /// The most entries of a node.
    static let nodeSize = 64

    /// Lays out windows of `length` ticks, of which the newest `reach` can be taken back.
    ///
    /// What stands in for a tick that is taken back may be a gap as long as the window, so that as much is kept from
    /// before.
    package init(length: Int, reach: Int = 0) {
        precondition(length >= 0 && reach >= 0, "a window has ticks")
        self.length = length
        self.reach = reach
        guard length > 0 else {
            (placeCount, blockCount, leafCount, innerCount) = (0, 0, 0, 0)
            (marks, values, moments, counts, keys, entries, byteCount) = (0, 0, 0, 0, 0, 0, 0)
            return
        }
        let places = reach > 0 ? 2 * length + reach : length
        blockCount = (places + Self.blockSize - 1) / Self.blockSize
        placeCount = blockCount == 1 ? places : blockCount * Self.blockSize
        // Nodes but for the root are at least half full.
        let isOneLeaf = length <= Self.nodeSize
        leafCount = isOneLeaf ? 1 : length / (Self.nodeSize / 2) + 2
        innerCount = isOneLeaf ? 0 : leafCount / (Self.nodeSize / 2 - 1) + 4

        marks = MemoryLayout<RollingWindow.Header>.stride
        values = marks + 8 * blockCount
        moments = values + 8 * placeCount
        counts = moments + (blockCount > 1 ? 2 * blockCount * MemoryLayout<Moments>.stride : 0)
        keys = counts + (4 * (leafCount + innerCount) + 7) & ~7
        entries = keys + 8 * (isOneLeaf ? length : Self.nodeSize * (leafCount + innerCount))
        byteCount = entries + innerCount * Self.nodeSize * MemoryLayout<OrderedKeys.Entry>.stride
    }
}
