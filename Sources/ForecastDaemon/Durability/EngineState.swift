// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import StateStore
import Synchronization

/// The state of all pipelines on the disk, locked by this process.
final class EngineState: Sendable {
    private let plan: StatePlan
    private let directory: StateDirectory
    /// What is kept free on the disk, and when it may be taken again.
    private let ballast: Mutex<(room: Ballast<LocalDisk>, due: ContinuousClock.Instant)>
    /// Makes it unpredictable to senders which pipeline takes which stream, and is the same at each start.
    let seed: UInt64

    /// Time between two reports of how far an engine has come.
    private static let reportInterval = Duration.seconds(5)
    /// Time between two looks for room for the ballast: long enough that a snapshot has used what was given up.
    private static let ballastInterval = Duration.seconds(20)

    /// Opens the directory of a plan for so many pipelines, or makes it.
    ///
    /// - Throws: A `DaemonError` that says why it cannot be used.
    init(_ plan: StatePlan, pipelineCount: Int) throws(DaemonError) {
        self.plan = plan
        do throws(StateDirectoryError) {
            directory = try StateDirectory(path: plan.directory, ballastSize: plan.ballast)
        } catch { throw DaemonError(error) }
        ballast = Mutex((directory.ballast, .now))
        seed = try StateLayout.read(from: directory.disk, pipelineCount: pipelineCount).seed
    }

    /// Gives an engine the state that it had, and begins to keep it.
    ///
    /// - Parameters:
    ///   - index: The pipeline's number, from 0.
    ///   - doorbell: Wakes the engine's thread.
    /// - Throws: A `DaemonError` where the state cannot be read, or not all of it and that was not allowed.
    func recover(
        _ engine: inout ForecastEngine, index: Int, doorbell: Doorbell
    ) throws(DaemonError) -> EngineLog {
        let disk: LocalDisk
        do throws(DiskError) { disk = try directory.pipeline(index) } catch { throw DaemonError(error) }
        var recovery: Recovery<LocalDisk>
        do throws(StoreError) {
            recovery = try Recovery(
                disk, options: JournalOptions(maximumPayload: EngineLog.recordLength),
                identity: .random(in: 1...(.max)), acceptsLoss: plan.acceptsLoss)
        } catch { throw DaemonError(error) }
        for snapshot in recovery.damagedSnapshots { plan.report(.damaged("\(disk.path)/\(snapshot)")) }
        let streams = try restore(&engine, from: recovery.snapshot, path: disk.path)
        let counts = try replay(&recovery, to: &engine, path: disk.path)
        for loss in recovery.losses { plan.report(.lost("\(disk.path)/\(loss)")) }
        let reload = counts.reload.map { StateEvent.Recovered.Reload(isSame: $0 == engine.plan.digest) }
        let isEmpty = recovery.snapshot == nil && recovery.sequence == 0
        let log = try keep(recovery, index: index, disk: disk, doorbell: doorbell)
        plan.report(
            .recovered(
                .init(
                    streams: streams, observations: counts.observations, lost: counts.lost,
                    isEmpty: isEmpty, reload: reload)))
        return log
    }

    /// Goes on with the journal behind what was recovered.
    private func keep(
        _ recovery: Recovery<LocalDisk>, index: Int, disk: LocalDisk, doorbell: Doorbell
    ) throws(DaemonError) -> EngineLog {
        let link = try StateLink(engineDoorbell: doorbell, report: plan.report)
        let log: EngineLog
        let synchroniser: JournalSynchroniser<LocalDisk>
        do throws(StoreError) {
            let writer = try resume(recovery)
            synchroniser = writer.synchroniser
            log = EngineLog(writer, link: link, keepsObservations: plan.durability != .none)
        } catch { throw DaemonError(error) }
        // The next start has less to take in anew, and nothing of what was passed over.
        link.wantSnapshot()
        try StorageThread.start(
            plan, link: link, number: index + 1, disk: disk, synchroniser: synchroniser, state: self)
        return log
    }

    private func restore(
        _ engine: inout ForecastEngine, from snapshot: SnapshotReader<LocalDisk>?, path: String
    ) throws(DaemonError) -> Restoration {
        guard var snapshot else { return Restoration() }
        var reported = ContinuousClock.now
        var reader = StateReader { [plan] () throws(StateError) in
            if ContinuousClock.now - reported >= Self.reportInterval {
                reported = .now
                plan.report(.replaying(observations: 0))
            }
            do throws(StoreError) {
                guard try snapshot.next() else { return nil }
            } catch { throw StateError("\(error)") }
            return snapshot.chunk.withUnsafeBytes { [UInt8]($0) }
        }
        do throws(StateError) {
            return try engine.restore(from: &reader)
        } catch {
            throw DaemonError(
                .data,
                "\(path), snapshot through record \(snapshot.sequence): \(error); run the version of forecastd that wrote it, "
                    + "or move the directory away, after which all streams begin anew")
        }
    }

    /// Tells an engine what the journal says.
    private func replay(
        _ recovery: inout Recovery<LocalDisk>, to engine: inout ForecastEngine, path: String
    ) throws(DaemonError) -> TurnRecord.Counts {
        var (now, counts, reported) = (Timestamp(nanoseconds: 0), TurnRecord.Counts(), ContinuousClock.now)
        while try isRecord(&recovery, path: path) {
            do throws(StateError) {
                try TurnRecord.replay(recovery.payload, to: &engine, now: &now, counts: &counts)
            } catch { throw DaemonError(.data, "\(path), record \(recovery.sequence): \(error)") }
            guard ContinuousClock.now - reported >= Self.reportInterval else { continue }
            reported = .now
            plan.report(.replaying(observations: counts.observations))
        }
        // The last turn may have been cut off before its step.
        while engine.advance(at: now) {}
        return counts
    }

    /// Whether there is another record, which is then read.
    private func isRecord(
        _ recovery: inout Recovery<LocalDisk>, path: String
    ) throws(DaemonError) -> Bool {
        let step: JournalStep
        do throws(StoreError) { step = try recovery.next() } catch { throw DaemonError(error) }
        switch step {
        case .record: return true
        case .end, .torn: return false
        case .damaged(let damage):
            throw DaemonError(
                .data,
                "\(path)/\(damage): what they said of streams is gone; restore the file, or start with --accept-loss "
                    + "to go on without it")
        }
    }

    /// Begins a new segment; where there is no room for it, with what is kept free.
    private func resume(_ recovery: Recovery<LocalDisk>) throws(StoreError) -> JournalWriter<LocalDisk> {
        do throws(StoreError) {
            return try recovery.resume()
        } catch {
            guard case .disk(.full) = error else { throw error }
        }
        do throws(DiskError) { try releaseBallast() } catch { throw .disk(error) }
        return try recovery.resume()
    }

    /// Gives up what is kept free on the disk, for a while.
    func releaseBallast() throws(DiskError) {
        try ballast.withLock { ballast throws(DiskError) in
            try ballast.room.release()
            ballast.due = .now + Self.ballastInterval
        }
    }

    /// Keeps some of the disk free again, if there is room; to be asked now and then.
    func keepBallast() throws(DiskError) {
        try ballast.withLock { ballast throws(DiskError) in
            guard ContinuousClock.now >= ballast.due else { return }
            ballast.due = .now + Self.ballastInterval
            _ = try ballast.room.take()
        }
    }
}
