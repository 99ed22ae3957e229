// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The rolling windows of all streams, each laid out as its rule says.
package struct RollingWindowTable: ~Copyable {
    private let layouts: [WindowLayout]
    private let rowCount: Int
    private let rowBytes: Int
    private let pages: ZeroPages

    /// Makes empty windows.
    ///
    /// A window whose stream never comes costs address space, not memory.
    ///
    /// - Parameter layouts: One for each rule.
    package init(rowCount: Int, layouts: [WindowLayout]) {
        self.layouts = layouts
        rowBytes = layouts.map(\.byteCount).max() ?? 0
        self.rowCount = rowBytes > 0 ? rowCount : 1
        pages = ZeroPages(count: self.rowCount, stride: max(rowBytes, 1))
    }

    /// The memory of the window of the stream in a slot.
    func bytes(of slot: UInt32, rule: Int) -> UnsafeMutableRawBufferPointer {
        let row = pages.bytes(of: Int(slot)..<Int(slot) + 1, stride: rowBytes)
        return UnsafeMutableRawBufferPointer(rebasing: row[..<layouts[rule].byteCount])
    }

    /// The window of the stream in a slot.
    package subscript(slot slot: UInt32, rule rule: Int) -> RollingWindow {
        precondition(slot < rowCount && layouts[rule].length > 0, "no such window")
        return RollingWindow(layouts[rule], pages.start + rowBytes * Int(slot))
    }
}
