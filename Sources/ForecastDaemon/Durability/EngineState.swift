// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// The state of all pipelines in a directory of their own: found again at the start, and kept from then on.
final class EngineState: Sendable {
    private let plan: StatePlan
    private let directory: StateDirectory
    private let spareRoom: SpareRoom<LocalDisk>
    /// Makes it unpredictable to senders which pipeline takes which stream, and is the same at each start.
    let seed: UInt64

    /// Opens the directory of a plan for so many pipelines, or makes it.
    ///
    /// - Throws: A `DaemonError` where it cannot be used, or is used by another process.
    init(_ plan: StatePlan, pipelineCount: Int) throws(DaemonError) {
        self.plan = plan
        do throws(StateDirectoryError) {
            directory = try StateDirectory(path: plan.directory, ballastSize: plan.ballast)
        } catch { throw DaemonError(error) }
        spareRoom = SpareRoom(directory.ballast, at: .now)
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
    ) throws(DaemonError) -> EngineLog<LocalDisk> {
        let disk: LocalDisk
        do throws(DiskError) { disk = try directory.pipeline(index) } catch { throw DaemonError(error) }
        let recovery = try EngineRecovery(plan, disk: disk, path: disk.path)
        let writer = try recovery.recover(&engine, spareRoom: spareRoom)
        let link = try StateLink(engineDoorbell: doorbell, report: plan.report)
        // The next start has less to take in anew, and nothing of what was passed over.
        link.wantSnapshot()
        let synchroniser = writer.synchroniser
        try StorageThread.start(number: index + 1, link: link) { [plan, spareRoom] in
            StateStorage(plan, link: link, disk: disk, synchroniser: synchroniser, spareRoom: spareRoom)
        }
        return EngineLog(writer, link: link, keepsObservations: plan.durability != .none)
    }
}

extension EngineStage<LocalDisk> {
    /// Makes the engine of one of `plan.pipelineCount` pipelines, which share `quota`, with the state that it had.
    ///
    /// - Parameters:
    ///   - index: The pipeline's number, from 0.
    ///   - doorbell: Wakes the thread that runs it.
    /// - Throws: A `DaemonError` where the state cannot be had.
    init(
        _ plan: PipelinePlan, questions: QuestionBox, quota: StreamQuota? = nil, state: EngineState?,
        index: Int = 0, doorbell: Doorbell
    ) throws(DaemonError) {
        var engine = ForecastEngine(
            plan: plan.forecastsOfOnePipeline, seed: .random(in: 0...(.max)), quota: quota)
        let log = try state?.recover(&engine, index: index, doorbell: doorbell)
        self.init(plan, engine: engine, log: log, questions: questions)
    }
}
