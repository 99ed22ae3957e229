// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import StateStore

/// A disk in memory that does to files what power cuts, full disks and broken disks do, as one seed says.
///
/// What is written, cut or preallocated is seen at once, and counts as pending until the file is synchronised. A power
/// cut keeps of what is pending any of the sectors, each as it was at some time since, and the size as it was at some
/// time since; of what was created, renamed and removed in the directory, either all up to some moment or any of it.
package final class SimulatedDisk: Disk, @unchecked Sendable {
    package static let sectorSize = 512

    /// What goes wrong, and how often.
    package struct Faults {
        /// Of 1000 writes, how many write only a part.
        package var shortWrites = 0
        /// Of 1000 synchronisations of a file or the directory, how many fail.
        package var failures = 0
        /// Bytes that all files together may have.
        package var capacity = Int.max
        /// How many bytes more are written before the disk is full, whatever room was taken up; nil for all.
        package var fullWrites: Int?
        /// The operations after which every one fails, until the disk is used anew; nil for never.
        package var crash: Int?

        package init() {}
    }

    /// What the disk leaves out: mistakes of a program that does not call for it.
    package enum Omission: CaseIterable, Sendable {
        case journalSynchronisation, snapshotSynchronisation, directorySynchronisation, cuttingTheTail
    }

    /// A file as the kernel has it and as the disk has it.
    final class Node {
        var cached: [UInt8] = []
        var stored: [UInt8] = []
        var pending: [Change] = []
    }

    enum Change {
        /// A sector's bytes, as they have become.
        case sector(Int, [UInt8])
        case size(Int)
    }

    enum Entry {
        case link(String, Node)
        case unlink(String)
        case rename(String, String, Node)
    }

    package var faults = Faults()
    package var omission: Omission?
    /// Called while a file is being synchronised, with its name: what another thread does meanwhile.
    package var meanwhile: ((String) -> Void)?
    package private(set) var operationCount = 0
    /// Whether the disk has failed to synchronise a file since the process began.
    package private(set) var hasFailed = false
    /// Counted up with each crash; files that were opened before it are dead.
    var life = 0
    private var generator: SeededGenerator
    private var cached: [String: Node] = [:]
    private var stored: [String: Node] = [:]
    private var pending: [Entry] = []

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    // MARK: What a program sees

    package func create(_ name: String) throws(DiskError) -> SimulatedFile {
        try begin(.create, name)
        if let node = cached[name] {
            resize(node, to: 0)
            return SimulatedFile(name, node, self)
        }
        let node = Node()
        cached[name] = node
        pending.append(.link(name, node))
        return SimulatedFile(name, node, self)
    }

    package func open(_ name: String) throws(DiskError) -> SimulatedFile {
        try begin(.open, name)
        guard let node = cached[name] else { throw .failed(.open, path: name, code: 2) }
        return SimulatedFile(name, node, self)
    }

    package func list() throws(DiskError) -> [String] {
        try begin(.list, ".")
        return cached.keys.sorted().shuffled(using: &generator)
    }

    package func rename(_ name: String, to newName: String) throws(DiskError) {
        try begin(.rename, name)
        guard let node = cached.removeValue(forKey: name) else {
            throw .failed(.rename, path: name, code: 2)
        }
        cached[newName] = node
        pending.append(.rename(name, newName, node))
    }

    package func remove(_ name: String) throws(DiskError) {
        try begin(.remove, name)
        if omission == .cuttingTheTail, name.hasPrefix("journal-") { return }
        guard cached.removeValue(forKey: name) != nil else { throw .failed(.remove, path: name, code: 2) }
        pending.append(.unlink(name))
    }

    package func synchroniseDirectory() throws(DiskError) {
        try begin(.synchronise, ".")
        if omission == .directorySynchronisation { return }
        if happens(faults.failures) { throw .failed(.synchronise, path: ".", code: 5) }
        stored = cached
        pending = []
    }

    /// Counts an operation, and fails if the crash has come.
    func begin(_ operation: DiskError.Operation, _ path: String) throws(DiskError) {
        operationCount += 1
        if let crash = faults.crash, operationCount > crash {
            throw .failed(operation, path: path, code: 5)
        }
    }

    /// Whether the crash has come.
    package var hasCrashed: Bool { faults.crash.map { operationCount > $0 } ?? false }

    // MARK: What happens to it

    /// Ends the process but not the machine: what the kernel has stays.
    package func endProcess() {
        (faults, operationCount, meanwhile, hasFailed) = (Faults(), 0, nil, false)
        life += 1
    }

    /// Cuts the power.
    package func cutPower() {
        endProcess()
        var nodes = stored
        let inOrder = Bool.random(using: &generator)
        let count = Int.random(in: 0...pending.count, using: &generator)
        for (index, entry) in pending.enumerated()
        where inOrder ? index < count : Bool.random(using: &generator) {
            switch entry {
            case .link(let name, let node): nodes[name] = node
            case .unlink(let name): nodes[name] = nil
            case .rename(let name, let newName, let node):
                if nodes[name] === node { nodes[name] = nil }
                nodes[newName] = node
            }
        }
        // In an order that the seed decides, not the dictionary.
        var settled: [ObjectIdentifier] = []
        for name in nodes.keys.sorted() {
            guard let node = nodes[name], !settled.contains(ObjectIdentifier(node)) else { continue }
            settled.append(ObjectIdentifier(node))
            store(node, portion: [0, 1, 2, 3].randomElement(using: &generator)!)
            node.cached = node.stored
        }
        (stored, cached, pending) = (nodes, nodes, [])
    }

    /// Stores of a file's pending changes as many thirds as `portion` says, picked at random.
    private func store(_ node: Node, portion: Int) {
        let sizes = node.pending.count { if case .size = $0 { true } else { false } }
        var sizesLeft = portion == 3 ? sizes : Int.random(in: 0...sizes, using: &generator)
        for change in node.pending {
            switch change {
            case .size(let size):
                guard sizesLeft > 0 else { continue }
                sizesLeft -= 1
                Self.resize(&node.stored, to: size)
            case .sector(let start, let bytes):
                guard Int.random(in: 0..<3, using: &generator) < portion else { continue }
                let end = min(start + bytes.count, node.stored.count)
                if start < end { node.stored.replaceSubrange(start..<end, with: bytes[..<(end - start)]) }
            }
        }
        node.pending = []
    }

    // MARK: Files

    func write(_ bytes: UnsafeRawBufferPointer, to node: Node, at offset: Int) throws(DiskError)
        -> Int
    {
        var count = bytes.count
        if count > 1, happens(faults.shortWrites) { count = Int.random(in: 1..<count, using: &generator) }
        let growth = max(0, offset + count - node.cached.count)
        let room = max(0, faults.capacity - usedBytes)
        if growth > room {
            count -= growth - room
            if count <= 0 { throw .full }
        }
        if let left = faults.fullWrites {
            if left == 0 { throw .full }
            count = min(count, left)
            faults.fullWrites = left - count
        }
        if offset + count > node.cached.count { resize(node, to: offset + count) }
        node.cached.replaceSubrange(offset..<offset + count, with: bytes[..<count])
        let size = Self.sectorSize
        for start in stride(from: offset / size * size, to: offset + count, by: size) {
            node.pending.append(
                .sector(start, Array(node.cached[start..<min(start + size, node.cached.count)])))
        }
        return count
    }

    func preallocate(_ node: Node, _ size: Int) throws(DiskError) {
        guard size > node.cached.count else { return }
        guard usedBytes + size - node.cached.count <= faults.capacity else { throw .full }
        resize(node, to: size)
    }

    func resize(_ node: Node, to size: Int) {
        Self.resize(&node.cached, to: size)
        node.pending.append(.size(size))
    }

    private static func resize(_ bytes: inout [UInt8], to size: Int) {
        if size < bytes.count {
            bytes.removeLast(bytes.count - size)
        } else {
            bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
        }
    }

    func synchronise(_ node: Node, _ name: String) throws(DiskError) {
        switch omission {
        case .journalSynchronisation where name.hasPrefix("journal-"): return
        case .snapshotSynchronisation where name.hasPrefix("snapshot"): return
        default: break
        }
        if happens(faults.failures) {
            // As Linux does it: what was not stored is not pending any more, and is seen until memory is short.
            hasFailed = true
            store(node, portion: Int.random(in: 0...2, using: &generator))
            if Bool.random(using: &generator) { node.cached = node.stored }
            throw .failed(.synchronise, path: name, code: 5)
        }
        // What comes while the disk is busy may get there too, but is not waited for.
        let changes = node.pending
        meanwhile?(name)
        let later = node.pending.dropFirst(changes.count)
        node.pending = changes
        store(node, portion: 3)
        node.pending = Array(later)
    }

    func happens(_ ofThousand: Int) -> Bool {
        ofThousand > 0 && Int.random(in: 0..<1000, using: &generator) < ofThousand
    }

    package var usedBytes: Int { cached.values.reduce(0) { $0 + $1.cached.count } }

    func name(of node: Node) -> String? { cached.first { $0.value === node }?.key }

    // MARK: What a test does to it

    /// The bytes of a file, as they are read.
    package subscript(_ name: String) -> [UInt8] {
        get { cached[name]?.cached ?? [] }
        set {
            let node = Node()
            (node.cached, node.stored) = (newValue, newValue)
            (cached[name], stored[name]) = (node, node)
        }
    }

    package var names: [String] { cached.keys.sorted() }
}
