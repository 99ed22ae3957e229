// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import StateStore
import TestSupport

// How a simulated daemon begins, and what it must have found.
extension DaemonSimulation {
    func attempt<Result: ~Copyable>(_ body: () throws(DaemonError) -> Result) throws(End) -> Result {
        do throws(DaemonError) { return try body() } catch {
            if error.status != .data && (disk.hasCrashed || disk.faults.failures > 0) {
                throw .diskFailed
            }
            throw .violation("refused: \(error)")
        }
    }

    func recover() throws(End) {
        recovered = nil
        var engine = ForecastEngine(plan: scene.plans[plan].forecasts, seed: generator.next())
        let snapshot = newestSnapshot()
        let writer = try attempt { () throws(DaemonError) in
            try EngineRecovery(
                statePlan, disk: disk, path: "disk", identity: generator.next(), options: Self.options
            )
            .recover(&engine, spareRoom: spareRoom)
        }
        try check(&engine, snapshot: snapshot, last: writer.appended)
        try checkProducers(of: engine)
        let link = try attempt { () throws(DaemonError) in
            try StateLink(
                engineDoorbell: Doorbell(), groupLimit: statePlan.groupLimit, report: statePlan.report,
                fail: { [unowned self] _ in fail() },
                wait: { [unowned self] _ in _ = storage?.turn() })
        }
        let synchroniser = writer.synchroniser
        storage = StateStorage(
            statePlan, link: link, disk: disk, synchroniser: synchroniser, spill: nil, spareRoom: spareRoom,
            clock: { [unowned self] in clock })
        let log = EngineLog(writer, link: link, durability: statePlan.durability)
        stage = EngineStage(
            scene.plans[plan], engine: engine, log: log, questions: scene.questions,
            successions: successions)
        (self.synchroniser, self.link) = (synchroniser, link)
        disk.meanwhile = { [unowned self] name in
            guard name.hasPrefix("journal-"), pick(0...2) == 0, !hasFailed else { return }
            try? turn()
        }
    }

    /// The disk failed: the process ends, and nothing reaches the disk any more.
    func fail() {
        hasFailed = true
        disk.faults.crash = 0
    }

    /// The record that the newest whole snapshot leads to; 0 for none.
    func newestSnapshot() -> UInt64 {
        let copy = disk.faults
        defer { disk.faults = copy }
        disk.faults = SimulatedDisk.Faults()
        return (try? SnapshotStore.search(disk).newest?.sequence) ?? 0
    }

    /// Holds what was recovered against an engine that was told the same and never stopped.
    func check(_ engine: inout ForecastEngine, snapshot: UInt64, last: UInt64) throws(End) {
        guard last >= written else { throw .violation("record \(written) was kept, and the last is \(last)") }
        if snapshot > 0 { counts.restored += 1 }
        guard let found = explanation(of: &engine, snapshot: snapshot, last: last) else {
            throw .violation(
                "the state after record \(last), from a snapshot at \(snapshot), is none that it may be")
        }
        if stoppedClean && found.eventCount < history.eventCount {
            throw .violation("it stopped in order, and something is lost")
        }
        if found.isTorn { counts.torn += 1 }
        history.goOn(from: found, last: last)
        (durable, written, stoppedClean) = (last, last, false)
    }

    /// Holds what an engine knows of producers against what they were told.
    func checkProducers(of engine: borrowing ForecastEngine) throws(End) {
        let newest = Self.newestMessages(of: engine)
        let isKept =
            switch statePlan.durability {
            case .commit: true
            case .interval: !hasLostPower
            case .none: false
            }
        let acknowledged = producers.acknowledged
        if !isKept { excused = acknowledged }
        if acknowledged.indices.contains(where: {
            newest[$0] < acknowledged[$0] && acknowledged[$0] > excused[$0]
        }) {
            throw .violation("those up to \(acknowledged) were acknowledged, and up to \(newest) there are")
        }
        hasLostPower = false
        // What was acknowledged and is gone they do not send again.
        (known, applied) = (newest, zip(newest, acknowledged).map(max))
        producers.begin(newest: newest, at: senders.now)
    }

    private static func newestMessages(of engine: borrowing ForecastEngine) -> [UInt64] {
        SimulatedProducers.keys.map { engine.producers.newest(of: $0.utf8.span.bytes) }
    }

    /// What an engine was told that has come to the same state; nil if nothing that may be.
    func explanation(
        of engine: inout ForecastEngine, snapshot: UInt64, last: UInt64
    ) -> DaemonHistory.Candidate? {
        guard let recovered else { return nil }
        counts.replayed += Int(recovered.observations)
        var copy = StateSimulationTests.Run(scene.plans[plan].forecasts, streams: scene.streams, seed: 2)
        var reader = StateSimulationTests.reader(StateSimulationTests.chunks(of: &engine))
        guard (try? copy.engine.restore(from: &reader)) != nil else { return nil }
        let found = whatFollows(&copy)
        let observations = Int(recovered.observations)
        let newest = Self.newestMessages(of: engine)
        return history.candidates(plan: plan, snapshot: snapshot, last: last, observations: observations)
            .first {
                guard $0.numbers == newest else { return false }
                var other = StateSimulationTests.Run(
                    scene.plans[0].forecasts, streams: scene.streams, seed: 1)
                $0.tell(&other.engine, in: scene)
                return whatFollows(&other) == found
            }
    }

    /// What an engine publishes of a few ticks more of each stream: to the bit, all that its state has an effect on.
    func whatFollows(_ run: inout StateSimulationTests.Run) -> [String] {
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
        var engine = ForecastEngine(plan: scene.plans[plan].forecasts, seed: generator.next())
        let snapshot = newestSnapshot()
        let writer = try EngineRecovery(
            statePlan, disk: disk, path: "disk", identity: generator.next(), options: Self.options
        ).recover(&engine, spareRoom: spareRoom)
        return explanation(of: &engine, snapshot: snapshot, last: writer.appended) != nil
    }
}
