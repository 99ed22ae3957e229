// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import StateStore

/// A file of a simulated disk.
package final class SimulatedFile: DiskFile, @unchecked Sendable {
    private let nameAtFirst: String
    private let node: SimulatedDisk.Node
    private let disk: SimulatedDisk
    private let life: Int

    init(_ name: String, _ node: SimulatedDisk.Node, _ disk: SimulatedDisk) {
        (nameAtFirst, self.node, self.disk, life) = (name, node, disk, disk.life)
    }

    /// The name that the file has by now.
    package var name: String { disk.name(of: node) ?? nameAtFirst }

    private func begin(_ operation: DiskError.Operation) throws(DiskError) {
        precondition(life == disk.life, "a process that has ended uses its file")
        try disk.begin(operation, nameAtFirst)
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError) -> Int {
        try begin(.write)
        return try disk.write(bytes, to: node, at: offset)
    }

    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskError) -> Int {
        try begin(.read)
        let count = max(0, min(bytes.count, node.cached.count - offset))
        if count > 0 {
            node.cached.withUnsafeBytes {
                bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
            }
        }
        return count
    }

    package func size() throws(DiskError) -> Int {
        try begin(.measure)
        return node.cached.count
    }

    package func preallocate(_ size: Int) throws(DiskError) {
        try begin(.preallocate)
        try disk.preallocate(node, size)
    }

    package func truncate(to size: Int) throws(DiskError) {
        try begin(.truncate)
        if disk.omission == .cuttingTheTail, name.hasPrefix("journal-") { return }
        disk.resize(node, to: size)
    }

    package func synchronise() throws(DiskError) {
        try begin(.synchronise)
        try disk.synchronise(node, name)
    }
}
