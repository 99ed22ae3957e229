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
    static let ballastSize = 300_000

    let disk: SimulatedDisk
    var counts = Counts()
    var generator: SeededGenerator
    var senders: NastyStreams
    let scene: DaemonScene
    var spareRoom: SpareRoom<SimulatedDisk>
    var statePlan: StatePlan
    /// The number of the plan that a start follows, and of the one that the engine does.
    var (plan, planInForce) = (0, 0)
    var successions: SuccessionBox
    var isReloading = false
    var history = DaemonHistory()
    var producers: SimulatedProducers
    /// The last message of each producer that the engine knows, and that counts as applied.
    var (known, applied) = ([UInt64](), [UInt64]())
    /// What producers were told that a cut of the power took away again, as it may.
    var excused = SimulatedProducers.keys.map { _ in UInt64(0) }
    /// Whether more may be gone than the end of a process takes.
    var hasLostPower = false

    var stage: EngineStage<SimulatedDisk>?
    var storage: StateStorage<SimulatedDisk>?
    var synchroniser: JournalSynchroniser<SimulatedDisk>?
    var link: StateLink?
    var sink = CountingSink()
    var hasFailed = false
    var recovered: StateEvent.Recovered?
    var clock = ContinuousClock.now
    /// The last records that must outlast a power cut, and the end of the process.
    var (durable, written): (UInt64, UInt64) = (0, 0)
    var stoppedClean = false

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
        successions = Self.successionBox()
        statePlan = StatePlan(
            directory: "",
            durability: durability ?? StatePlan.Durability.allCases.randomElement(using: &generator)!,
            snapshotEvery: .seconds(60), snapshotAfter: 6000, ballast: Self.ballastSize)
        statePlan.report = { [unowned self] event in note(event) }
    }

    static func successionBox() -> SuccessionBox {
        do { return SuccessionBox(doorbell: try Doorbell()) } catch { fatalError("\(error)") }
    }

    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    func note(_ event: StateEvent) {
        switch event {
        case .recovered(let recovered): self.recovered = recovered
        case .full: counts.fullDisks += 1
        case .onlyNewest: counts.onlyNewest += 1
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

    func setFaults() {
        disk.faults.shortWrites = pick(0...1) * 200
        disk.faults.failures = pick(0...3) == 0 ? 30 : 0
        if pick(0...3) > 0 { disk.faults.crash = pick(1...pick(2...600)) }
    }

    func endLife() {
        if let synchroniser {
            (durable, written) = (max(durable, synchroniser.durable), synchroniser.written)
        }
        if let link { counts.snapshots += Int(link.status.snapshots) }
        stage = nil
        storage = nil
        (synchroniser, link, hasFailed) = (nil, nil, false)
        (successions, isReloading, planInForce) = (Self.successionBox(), false, plan)
        spareRoom = SpareRoom(Ballast(disk, size: Self.ballastSize), at: clock)
        // What the disk failed to synchronise the kernel may have forgotten.
        if disk.hasFailed { written = durable }
        let isCut = pick(0...2) > 0
        hasLostPower = hasLostPower || isCut || disk.hasFailed
        guard isCut else { return disk.endProcess() }
        disk.cutPower()
        counts.powerCuts += 1
        written = durable
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

    func act() throws(End) {
        clock += .milliseconds(pick(0...9) == 0 ? pick(0...40_000) : pick(0...1500))
        switch pick(0...19) {
        case 0...9: try turn()
        case 10...16: _ = storage!.turn()
        case 17: reload()
        default: disk.faults.capacity = pick(0...1) == 0 ? disk.usedBytes + pick(0...20) * 1024 : .max
        }
        if hasFailed { throw .diskFailed }
    }

    /// Begins to put another plan in force, or goes on with it; whatever happens, the next start follows it.
    func reload() {
        let (_, progress) = AsyncStream.makeStream(of: Void.self)
        guard !isReloading else { return successions.agree(progress: progress) }
        plan = pick(0...scene.plans.count - 1)
        let (old, new) = (scene.plans[planInForce], scene.plans[plan])
        successions.offer(
            Successor(
                new, succession: Succession(from: old.forecasts, to: new.forecasts),
                quota: StreamQuota(limit: new.forecasts.streamsLimit)), progress: progress)
        isReloading = true
    }

    /// One turn of the loop.
    func turn() throws(End) {
        let wasFull = link!.status.isFull
        var turn = DaemonHistory.Turn(
            before: synchroniser!.written,
            mode: wasFull || statePlan.durability == .none ? .lost : .journalled)
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
        // Where the disk has failed nothing is said any more.
        if !hasFailed {
            let position = producers.hasNews ? stage!.notePosition() : nil
            producers.endTurn(at: position, keptPosition: stage!.keptPosition())
        }
        turn.written = synchroniser!.written
        if turn.mode == .journalled && (link!.status.isFull || hasFailed) { turn.mode = .unclear }
        if stage!.endTurn(at: now) {
            turn.reload = plan
            (planInForce, isReloading) = (plan, false)
            counts.reloads += 1
        }
        turn.through = synchroniser!.written
        history.turns.append(turn)
    }

    /// Takes in a message of a producer, if one has arrived.
    func takeMessage(for turn: inout DaemonHistory.Turn, at now: Timestamp) throws(End) {
        producers.act(by: &generator, at: now)
        guard let (producer, number) = producers.arrival(by: &generator, at: now) else { return }
        guard number == applied[producer] + 1 else {
            throw .violation("message \(number) of \(producer) is applied after \(applied[producer])")
        }
        turn.events.append(.message(producer: producer, number: number, previous: known[producer]))
        (known[producer], applied[producer]) = (number, number)
        let content = SimulatedProducers.content(of: producer, number, streamCount: scene.streams.count)
        let key = SimulatedProducers.keys[producer]
        let message = NumberedMessage(producer: producer, number: number)
        while !stage!.beginMessage(message, of: key.utf8.span.bytes, observations: content.count, at: now) {
            try forecast(at: now)
        }
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

    func forecast(at now: Timestamp) throws(End) {
        do { try stage!.forecast(to: &sink, at: now) } catch { throw .violation("\(error)") }
    }

    /// Stops as a daemon does that was asked to.
    func stop() throws(End) {
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
