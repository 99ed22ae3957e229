// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import StateStore
import TestSupport

/// A daemon's core, from what the engine is told to what is on the disk, through crashes, power cuts, full and broken
/// disks; all from one seed, and after each start held against an engine that never stopped.
final class DaemonSimulation: @unchecked Sendable {
    /// Why a life of the daemon ended.
    enum End: Error, Equatable {
        /// The disk failed, as it may.
        case diskFailed
        /// What must not happen.
        case violation(String)
    }

    static let options = JournalOptions(segmentSize: 4096 + 3000, maximumPayload: 900)

    /// Room for a snapshot.
    private static let ballastSize = 300_000

    let disk: SimulatedDisk
    private(set) var counts = Counts()
    private var generator: SeededGenerator
    private var senders: NastyStreams
    private let scene: DaemonScene
    private let spareRoom: SpareRoom<SimulatedDisk>
    private var plan: StatePlan
    private var history = DaemonHistory()
    private var producers: SimulatedProducers
    /// The last message of each producer that was applied.
    private var applied = SimulatedProducers.keys.map { _ in UInt64(0) }
    private var hasPowerFailed = false

    private var stage: EngineStage<SimulatedDisk>?
    private var storage: StateStorage<SimulatedDisk>?
    private var synchroniser: JournalSynchroniser<SimulatedDisk>?
    private var link: StateLink?
    private var sink = CountingSink()
    private var hasFailed = false
    private var recovered: StateEvent.Recovered?
    private var clock = ContinuousClock.now
    /// The last records that must outlast a power cut, and the end of the process.
    private var (durable, written): (UInt64, UInt64) = (0, 0)
    private var stoppedClean = false

    /// - Parameter durability: By default one that the seed decides.
    init(
        seed: UInt64, scene: DaemonScene, omission: SimulatedDisk.Omission? = nil,
        mistake: SimulatedProducers.Mistake? = nil, durability: StatePlan.Durability? = nil
    ) {
        disk = SimulatedDisk(seed: seed &* 31 &+ 7)
        disk.omission = omission
        generator = SeededGenerator(seed: seed)
        self.scene = scene
        producers = SimulatedProducers(mistake: mistake)
        senders = NastyStreams(streamCount: scene.streams.count, seed: seed)
        spareRoom = SpareRoom(Ballast(disk, size: Self.ballastSize), at: clock)
        plan = StatePlan(
            directory: "",
            durability: durability ?? StatePlan.Durability.allCases.randomElement(using: &generator)!,
            snapshotEvery: .seconds(60), snapshotAfter: 6000, ballast: Self.ballastSize)
        plan.report = { [unowned self] event in note(event) }
    }

    private func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private func note(_ event: StateEvent) {
        switch event {
        case .recovered(let recovered): self.recovered = recovered
        case .full: counts.fullDisks += 1
        case .room(let lost): counts.lost += Int(lost)
        default: break
        }
    }

    /// Lives some lives, and says what happened that must not.
    func run() -> String? {
        for life in 0...pick(2...5) {
            do throws(End) {
                setFaults()
                try recover()
                for _ in 0..<pick(0...50) { try act() }
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
        if pick(0...3) > 0 { disk.faults.crash = pick(1...pick(2...600)) }
    }

    private func endLife() {
        if let synchroniser {
            (durable, written) = (max(durable, synchroniser.durable), synchroniser.written)
        }
        if let link { counts.snapshots += Int(link.status.snapshots) }
        stage = nil
        storage = nil
        (synchroniser, link, hasFailed) = (nil, nil, false)
        // What the disk failed to synchronise the kernel may have forgotten.
        if disk.hasFailed { written = durable }
        hasPowerFailed = pick(0...2) > 0
        guard hasPowerFailed else { return disk.endProcess() }
        disk.cutPower()
        counts.powerCuts += 1
        written = durable
    }

    // MARK: Recovery

    private func attempt<Result: ~Copyable>(_ body: () throws(DaemonError) -> Result) throws(End) -> Result {
        do throws(DaemonError) { return try body() } catch {
            if error.status != .data && (disk.hasCrashed || disk.faults.failures > 0) {
                throw .diskFailed
            }
            throw .violation("refused: \(error)")
        }
    }

    private func recover() throws(End) {
        recovered = nil
        var engine = ForecastEngine(plan: scene.plan, seed: generator.next())
        let snapshot = newestSnapshot()
        let writer = try attempt { () throws(DaemonError) in
            try EngineRecovery(
                plan, disk: disk, path: "disk", identity: generator.next(), options: Self.options
            )
            .recover(&engine, spareRoom: spareRoom)
        }
        try check(&engine, snapshot: snapshot, last: writer.appended)
        try checkProducers(of: engine)
        let link = try attempt { () throws(DaemonError) in
            try StateLink(
                engineDoorbell: Doorbell(), groupLimit: plan.groupLimit, report: plan.report,
                fail: { [unowned self] _ in fail() },
                wait: { [unowned self] _ in _ = storage?.turn() })
        }
        let synchroniser = writer.synchroniser
        storage = StateStorage(
            plan, link: link, disk: disk, synchroniser: synchroniser, spill: nil, spareRoom: spareRoom,
            clock: { [unowned self] in clock })
        let log = EngineLog(writer, link: link, durability: plan.durability)
        stage = EngineStage(
            scene.pipelinePlan, engine: engine, log: log, questions: scene.questions,
            successions: scene.successions)
        (self.synchroniser, self.link) = (synchroniser, link)
        disk.meanwhile = { [unowned self] name in
            guard name.hasPrefix("journal-"), pick(0...2) == 0, !hasFailed else { return }
            try? turn()
        }
    }

    /// The disk failed: the process ends, and nothing reaches the disk any more.
    private func fail() {
        hasFailed = true
        disk.faults.crash = 0
    }

    /// The record that the newest whole snapshot leads to; 0 for none.
    private func newestSnapshot() -> UInt64 {
        let copy = disk.faults
        defer { disk.faults = copy }
        disk.faults = SimulatedDisk.Faults()
        return (try? SnapshotStore.search(disk).newest?.sequence) ?? 0
    }

    /// Holds what was recovered against an engine that was told the same and never stopped.
    private func check(_ engine: inout ForecastEngine, snapshot: UInt64, last: UInt64) throws(End) {
        guard last >= written else { throw .violation("record \(written) was kept, and the last is \(last)") }
        if snapshot > 0 { counts.restored += 1 }
        guard let found = explanation(of: &engine, snapshot: snapshot, last: last) else {
            throw .violation(
                "the state after record \(last), from a snapshot at \(snapshot), is none that it may be")
        }
        if stoppedClean && found.events.count < history.eventCount {
            throw .violation("it stopped in order, and something is lost")
        }
        if found.isTorn { counts.torn += 1 }
        history.goOn(from: found, last: last)
        (durable, written, stoppedClean) = (last, last, false)
    }

    /// Holds what an engine knows of producers against what they were told.
    private func checkProducers(of engine: borrowing ForecastEngine) throws(End) {
        let newest = SimulatedProducers.keys.map { engine.producers.newest(of: $0.utf8.span.bytes) }
        guard newest == history.base.numbers else {
            throw .violation("messages up to \(history.base.numbers) were applied, and the engine knows of \(newest)")
        }
        let isKept =
            switch plan.durability {
            case .commit: true
            case .interval: !hasPowerFailed
            case .none: false
            }
        let acknowledged = producers.acknowledged
        if isKept, zip(newest, acknowledged).contains(where: <) {
            throw .violation("messages up to \(acknowledged) were acknowledged, and there are those up to \(newest)")
        }
        applied = newest
        producers.begin(newest: newest, at: senders.now)
    }

    /// What an engine was told that has come to the same state; nil if nothing that may be.
    private func explanation(
        of engine: inout ForecastEngine, snapshot: UInt64, last: UInt64
    ) -> DaemonHistory.Candidate? {
        guard let recovered else { return nil }
        counts.replayed += Int(recovered.observations)
        var copy = StateSimulationTests.Run(scene.plan, streams: scene.streams, seed: 2)
        var reader = StateSimulationTests.reader(StateSimulationTests.chunks(of: &engine))
        guard (try? copy.engine.restore(from: &reader)) != nil else { return nil }
        let found = whatFollows(&copy)
        return history.candidates(snapshot: snapshot, last: last, observations: Int(recovered.observations))
            .first {
                var other = StateSimulationTests.Run(scene.plan, streams: scene.streams, seed: 1)
                $0.tell(&other.engine, streams: scene.streams)
                return whatFollows(&other) == found
            }
    }

    /// What an engine publishes of a few ticks more of each stream: to the bit, all that its state has an effect on.
    private func whatFollows(_ run: inout StateSimulationTests.Run) -> [String] {
        for number in 0..<8 {
            let now = Timestamp(nanoseconds: senders.now.nanoseconds + Int64(1 + number) * 1_000_000_000)
            for stream in scene.streams.indices {
                let observation = Observation(time: now, value: Double(stream + number % 3))
                run.take(.observation(stream: stream, observation, now: now))
            }
            run.take(.endOfTurn(now: now, passesTime: number == 4))
        }
        return run.published + ["\(run.engine.timeCounts)"]
    }

    /// Finds the state again without going on from it, and says whether it is one that may be.
    func recoverOnce() throws(DaemonError) -> Bool {
        recovered = nil
        var engine = ForecastEngine(plan: scene.plan, seed: generator.next())
        let snapshot = newestSnapshot()
        let writer = try EngineRecovery(
            plan, disk: disk, path: "disk", identity: generator.next(), options: Self.options
        ).recover(&engine, spareRoom: spareRoom)
        return explanation(of: &engine, snapshot: snapshot, last: writer.appended) != nil
    }

    // MARK: Life

    /// A life without faults, that ends at once; with snapshots in it.
    func liveUndisturbed(turns: Int) throws(End) {
        try recover()
        disk.meanwhile = nil
        for number in 1...turns {
            clock += .seconds(number % 20 == 0 ? 70 : 2)
            try turn()
            _ = storage!.turn()
        }
        stage = nil
        storage = nil
        disk.endProcess()
    }

    private func act() throws(End) {
        clock += .milliseconds(pick(0...9) == 0 ? pick(0...40_000) : pick(0...1500))
        switch pick(0...9) {
        case 0...4: try turn()
        case 5...8: _ = storage!.turn()
        default: disk.faults.capacity = pick(0...1) == 0 ? disk.usedBytes + pick(0...20) * 1024 : .max
        }
        if hasFailed { throw .diskFailed }
    }

    /// One turn of the loop.
    private func turn() throws(End) {
        let wasFull = link!.status.isFull
        var turn = DaemonHistory.Turn(
            before: synchroniser!.written, mode: wasFull || plan.durability == .none ? .lost : .journalled)
        var event = senders.next()
        while case .observation(let stream, let observation, let now) = event {
            let identifier = scene.streams[stream]
            while !stage!.accept(observation, of: identifier.utf8.span.bytes, input: 0, at: now) {
                try forecast(at: now)
                turn.events.append(.step(now))
            }
            turn.events.append(.observation(stream, observation, now))
            event = senders.next()
        }
        guard case .endOfTurn(let now, let passesTime) = event else { return }
        for _ in 0..<pick(0...8) { try takeMessage(for: &turn, at: now) }
        counts.observations += turn.events.count
        try forecast(at: now)
        turn.events.append(.step(now))
        if passesTime {
            do { try stage!.passTime(to: &sink, at: now) } catch { throw .violation("\(error)") }
            turn.events.append(.silence(now))
        }
        let position = producers.hasNews ? stage!.notePosition() : nil
        producers.endTurn(at: position, keptPosition: stage!.keptPosition())
        turn.written = synchroniser!.written
        if turn.mode == .journalled && (link!.status.isFull || hasFailed) { turn.mode = .unclear }
        _ = stage!.endTurn(at: now)
        turn.through = synchroniser!.written
        history.turns.append(turn)
    }

    /// Takes in a message of a producer, if one has arrived.
    private func takeMessage(for turn: inout DaemonHistory.Turn, at now: Timestamp) throws(End) {
        producers.act(by: &generator, at: now)
        guard let (producer, number) = producers.arrival(by: &generator, at: now) else { return }
        guard number == applied[producer] + 1 else {
            throw .violation("message \(number) of \(producer) is applied after \(applied[producer])")
        }
        applied[producer] = number
        let content = SimulatedProducers.content(of: producer, number, streamCount: scene.streams.count)
        let key = SimulatedProducers.keys[producer]
        let message = NumberedMessage(producer: producer, number: number)
        while !stage!.beginMessage(message, of: key.utf8.span.bytes, observations: content.count, at: now) {
            try forecast(at: now)
        }
        turn.events.append(.message(producer: producer, number: number, now))
        for (stream, value) in content {
            let observation = Observation(time: now, value: value, isTimedByArrival: true)
            while !stage!.accept(observation, of: scene.streams[stream].utf8.span.bytes, input: 0, at: now) {
                try forecast(at: now)
                turn.events.append(.step(now))
            }
            turn.events.append(.observation(stream, observation, now, isOfMessage: true))
        }
        stage!.endMessage()
    }

    private func forecast(at now: Timestamp) throws(End) {
        do { try stage!.forecast(to: &sink, at: now) } catch { throw .violation("\(error)") }
    }

    /// Stops as a daemon does that was asked to.
    private func stop() throws(End) {
        disk.meanwhile = nil
        let wasFull = link!.status.isFull || disk.faults.capacity < .max
        do { try stage!.finish(to: &sink, at: Timestamp(nanoseconds: 0)) } catch {
            throw .violation("\(error)")
        }
        history.turns.append(
            DaemonHistory.Turn(before: synchroniser!.written, through: synchroniser!.written))
        if hasFailed { throw .diskFailed }
        guard !wasFull else { return }
        stoppedClean = true
        counts.cleanStops += 1
    }
}
