// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore
import TestSupport

/// A machine that keeps its state in a store, through crashes and power cuts, and producers that send again what was not
/// acknowledged; all from one seed, and all checked against what was done before.
final class StoreSimulation {
    /// Mistakes of whoever uses the store.
    enum Mistake: CaseIterable {
        case acknowledgesBeforeCommit, appliesDuplicates
    }

    /// Why a life of the machine ended.
    enum End: Error, Equatable {
        /// The disk failed, as it may.
        case diskFailed
        /// What must not happen.
        case violation(String)
    }

    /// How often what was to be tested came about.
    struct Counts {
        var (records, snapshots, restored, resent, replayed) = (0, 0, 0, 0, 0)
        var (powerCuts, tornTails, fullDisks, failures, cleanStops) = (0, 0, 0, 0, 0)

        private static var all: [WritableKeyPath<Counts, Int>] {
            [
                \.records, \.snapshots, \.restored, \.resent, \.replayed, \.powerCuts, \.tornTails,
                \.fullDisks,
                \.failures, \.cleanStops,
            ]
        }

        mutating func add(_ other: Counts) {
            for path in Self.all { self[keyPath: path] += other[keyPath: path] }
        }

        /// How often the rarest of all came about.
        var leastCount: Int { Self.all.map { self[keyPath: $0] }.min()! }
    }

    static let options = JournalOptions(segmentSize: 4096 + 1600, maximumPayload: 500)

    let disk: SimulatedDisk
    private let mistake: Mistake?
    private var generator: SeededGenerator
    private(set) var counts = Counts()

    private var machine = Machine()
    private var writer: JournalWriter<SimulatedDisk>?
    private var synchroniser: JournalSynchroniser<SimulatedDisk>?
    private var snapshots: SnapshotStore<SimulatedDisk>?
    /// A snapshot that waits for the journal to be durable.
    private var copy: (sequence: UInt64, chunks: [[UInt8]])?

    /// The machine after each record that was appended, from none on.
    private var states = [Machine()]
    /// The last record that was said to be durable, and the last that survives the end of the process.
    private var (durable, written): (UInt64, UInt64) = (0, 0)
    /// The last message of each producer that was acknowledged, and the one that it sends next.
    private var acknowledged = [UInt64](repeating: 0, count: Machine.producerCount)
    private var upcoming = [UInt64](repeating: 1, count: Machine.producerCount)

    init(seed: UInt64, omission: SimulatedDisk.Omission? = nil, mistake: Mistake? = nil) {
        disk = SimulatedDisk(seed: seed &* 31 &+ 7)
        disk.omission = omission
        self.mistake = mistake
        generator = SeededGenerator(seed: seed)
    }

    private func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// Lives some lives, and says what happened that must not.
    func run() -> String? {
        for life in 0...pick(3...8) {
            do throws(End) {
                setFaults()
                try recover()
                for _ in 0..<pick(0...60) { try act() }
                if life % 3 == 2 { try stop() }
            } catch {
                if case .violation(let text) = error { return text }
                if !disk.hasCrashed { counts.failures += 1 }
            }
            endLife()
        }
        do throws(End) { try recover() } catch {
            if case .violation(let text) = error { return text }
            return "a disk without faults failed"
        }
        return nil
    }

    private func setFaults() {
        disk.faults.shortWrites = pick(0...1) * 200
        disk.faults.failures = pick(0...3) == 0 ? 30 : 0
        if pick(0...3) > 0 { disk.faults.crash = pick(1...pick(2...400)) }
    }

    private func endLife() {
        writer = nil
        copy = nil
        // What the disk failed to synchronise the kernel may have forgotten.
        if disk.hasFailed { written = durable }
        if pick(0...2) == 0 { return disk.endProcess() }
        disk.cutPower()
        counts.powerCuts += 1
        written = durable
    }

    /// Does what `body` does; what the disk refuses ends the life, anything else must not be.
    private func attempt<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(End) -> Result {
        do throws(StoreError) { return try body() } catch {
            if case .disk(.failed) = error { throw .diskFailed }
            throw .violation("refused: \(error)")
        }
    }

    // MARK: Recovery

    private func recover() throws(End) {
        var recovery = try attempt { () throws(StoreError) in
            try Recovery(disk, options: Self.options, identity: generator.next())
        }
        snapshots = SnapshotStore(disk, identity: recovery.identity)
        machine = try restore(&recovery)
        while true {
            let step = try attempt { () throws(StoreError) in try recovery.next() }
            guard step == .record else {
                try check(ending: step)
                break
            }
            guard recovery.sequence == machine.count + 1 else {
                throw .violation("record \(recovery.sequence) came after \(machine.count)")
            }
            guard machine.apply(recovery.payload.withUnsafeBytes { Array($0) }) else {
                throw .violation("record \(recovery.sequence) is not the next of its producer")
            }
            counts.replayed += 1
        }
        let resumed = try attempt { () throws(StoreError) in try recovery.resume() }
        synchroniser = resumed.synchroniser
        writer = consume resumed
        begin()
    }

    private func restore(_ recovery: inout Recovery<SimulatedDisk>) throws(End) -> Machine {
        guard var snapshot = recovery.snapshot else { return Machine() }
        var chunks: [[UInt8]] = []
        while try attempt({ () throws(StoreError) in try snapshot.next() }) {
            chunks.append(snapshot.chunk.withUnsafeBytes { Array($0) })
        }
        counts.restored += 1
        guard recovery.damagedSnapshots.isEmpty else { throw .violation("\(recovery.damagedSnapshots[0])") }
        guard let machine = Machine(chunks: chunks), machine.count == snapshot.sequence else {
            throw .violation("the snapshot is not what was written")
        }
        return machine
    }

    /// Holds the recovered machine against what was done.
    private func check(ending: JournalStep) throws(End) {
        if case .torn = ending { counts.tornTails += 1 }
        if case .damaged(let damage) = ending { throw .violation("\(damage)") }
        guard machine.count >= durable else {
            throw .violation("record \(durable) was durable, and the last is \(machine.count)")
        }
        guard machine.count >= written else {
            throw .violation("record \(written) was written, and the last is \(machine.count)")
        }
        guard machine.count < states.count, machine == states[Int(machine.count)] else {
            throw .violation("the state is not that after record \(machine.count)")
        }
        for producer in acknowledged.indices where machine.last[producer] < acknowledged[producer] {
            throw .violation("message \(acknowledged[producer]) of \(producer) was acknowledged and is lost")
        }
    }

    /// Goes on from the recovered machine.
    private func begin() {
        (durable, written) = (machine.count, machine.count)
        states.removeLast(states.count - 1 - Int(durable))
        upcoming = acknowledged.map { $0 + 1 }
        disk.meanwhile = { [unowned self] name in
            guard name.hasPrefix("journal-"), pick(0...1) == 0 else { return }
            try? turn()
        }
    }

    // MARK: Life

    private func act() throws(End) {
        switch pick(0...9) {
        case 0...4: try turn()
        case 5, 6: try synchronise()
        case 7: if copy == nil { copy = (machine.count, machine.chunks) }
        case 8: try finishSnapshot()
        default: disk.faults.capacity = pick(0...2) == 0 ? pick(4...40) * 1024 : .max
        }
    }

    /// One turn of the loop: some messages, one write, acknowledgements.
    private func turn() throws(End) {
        for _ in 0..<pick(0...6) {
            let producer = pick(0...Machine.producerCount - 1)
            let number = pick(0...9) == 0 ? max(1, upcoming[producer] - 1) : upcoming[producer]
            let length = pick(0...9) == 0 ? pick(0...480) : pick(0...60)
            try take(Machine.message(of: producer, number, length: length))
        }
        if pick(0...9) == 0 { _ = try outcome(writer!.mark()) }
        if try outcome(writer!.write()) { written = synchroniser!.written }
        acknowledge()
    }

    private func take(_ message: [UInt8]) throws(End) {
        let (producer, number) = (Int(message[0]), Machine.number(of: message))
        guard machine.isNew(message) || mistake == .appliesDuplicates else {
            counts.resent += 1
            upcoming[producer] = max(upcoming[producer], number + 1)
            return
        }
        guard try outcome(writer!.append(message.span.bytes)) else { return }
        guard machine.apply(message) else {
            throw .violation("message \(number) of \(producer) is not the next of its producer")
        }
        counts.records += 1
        states.append(machine)
        upcoming[producer] = number + 1
    }

    /// Whether something was done; it may not have been because the disk is full.
    private func outcome(_ outcome: JournalOutcome) throws(End) -> Bool {
        switch outcome {
        case .done: return true
        case .full:
            counts.fullDisks += 1
            return false
        case .failed: throw .diskFailed
        }
    }

    private func acknowledge() {
        let last = mistake == .acknowledgesBeforeCommit ? synchroniser!.written : synchroniser!.durable
        durable = max(durable, synchroniser!.durable)
        acknowledged = states[Int(last)].last
    }

    private func synchronise() throws(End) {
        _ = try outcome(synchroniser!.synchronise())
        acknowledge()
    }

    private func finishSnapshot() throws(End) {
        guard let copy, let snapshots, copy.sequence <= synchroniser!.durable else { return }
        self.copy = nil
        do throws(DiskError) {
            var snapshot = try snapshots.begin(through: copy.sequence)
            for chunk in copy.chunks { try snapshot.write(chunk.span.bytes) }
            try snapshot.finish(durable: synchroniser!.durable)
            try synchroniser!.trim(through: snapshots.superfluous())
            counts.snapshots += 1
        } catch {
            if error != .full { throw .diskFailed }
            counts.fullDisks += 1
        }
    }

    /// Stops as a daemon does that was asked to.
    private func stop() throws(End) {
        disk.meanwhile = nil
        guard try outcome(writer!.write()) else { return }
        written = synchroniser!.written
        try synchronise()
        guard try outcome(writer!.mark()), try outcome(writer!.write()) else { return }
        try synchronise()
        counts.cleanStops += 1
    }
}
