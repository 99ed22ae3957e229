// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import StateStore
import Synchronization

/// The state of all pipelines on the disk, locked by this process.
final class EngineState: Sendable {
    private let plan: StatePlan
    private let directory: StateDirectory
    /// One thread at a time sees to it.
    private let ballast: Mutex<Ballast<LocalDisk>>
    /// Makes it unpredictable to senders which pipeline takes which stream, and is the same at each start.
    let seed: UInt64

    /// Observations taken in anew between two reports of it.
    private static let reportInterval: UInt64 = 1 << 17

    /// Opens the directory of a plan for so many pipelines, or makes it.
    ///
    /// - Throws: A `DaemonError` that says why it cannot be used.
    init(_ plan: StatePlan, pipelineCount: Int) throws(DaemonError) {
        self.plan = plan
        do throws(StateDirectoryError) {
            directory = try StateDirectory(path: plan.directory, ballastSize: plan.ballast)
        } catch { throw DaemonError(error) }
        ballast = Mutex(directory.ballast)
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
        let streams = try Self.restore(&engine, from: recovery.snapshot, path: disk.path)
        let observations = try replay(&recovery, to: &engine, path: disk.path)
        for loss in recovery.losses { plan.report(.lost("\(disk.path)/\(loss)")) }
        let isEmpty = recovery.snapshot == nil && recovery.sequence == 0
        let log = try keep(recovery, index: index, disk: disk, doorbell: doorbell)
        plan.report(.recovered(.init(streams: streams, observations: observations, isEmpty: isEmpty)))
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
            let writer = try recovery.resume()
            synchroniser = writer.synchroniser
            log = EngineLog(writer, link: link, keepsObservations: plan.durability != .none)
        } catch { throw DaemonError(error) }
        // The next start has less to take in anew, and nothing of what was passed over.
        link.wantSnapshot()
        try StorageThread.start(
            plan, link: link, number: index + 1, disk: disk, synchroniser: synchroniser, state: self)
        return log
    }

    private static func restore(
        _ engine: inout ForecastEngine, from snapshot: SnapshotReader<LocalDisk>?, path: String
    ) throws(DaemonError) -> Restoration {
        guard var snapshot else { return Restoration() }
        var reader = StateReader { () throws(StateError) in
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
    ///
    /// - Returns: How many observations it said.
    private func replay(
        _ recovery: inout Recovery<LocalDisk>, to engine: inout ForecastEngine, path: String
    ) throws(DaemonError) -> UInt64 {
        var (now, observations, reported) = (Timestamp(nanoseconds: 0), UInt64(0), UInt64(0))
        while true {
            let step: JournalStep
            do throws(StoreError) { step = try recovery.next() } catch { throw DaemonError(error) }
            switch step {
            case .record: break
            case .end, .torn: return observations
            case .damaged(let damage):
                throw DaemonError(
                    .data,
                    "\(path)/\(damage): what they said of streams is gone; restore the file, or start with --accept-loss "
                        + "to go on without it")
            }
            do throws(StateError) {
                try TurnRecord.replay(recovery.payload, to: &engine, now: &now, observations: &observations)
            } catch { throw DaemonError(.data, "\(path), record \(recovery.sequence): \(error)") }
            guard observations - reported >= Self.reportInterval else { continue }
            reported = observations
            plan.report(.replaying(observations: observations))
        }
    }

    /// Gives up what is kept free on the disk.
    func releaseBallast() throws(DiskError) {
        try ballast.withLock { ballast throws(DiskError) in try ballast.release() }
    }

    /// Keeps some of the disk free again, if there is room.
    func takeBallast() throws(DiskError) {
        try ballast.withLock { ballast throws(DiskError) in _ = try ballast.take() }
    }
}
