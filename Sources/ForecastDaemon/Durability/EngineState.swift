// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore
import Synchronization

/// The state of all pipelines in a directory of their own: found again at the start, and kept from then on.
///
/// One thread divides it anew, before any other takes part.
final class EngineState: Sendable {
    let plan: StatePlan
    let directory: StateDirectory
    private let spareRoom: SpareRoom<LocalDisk>
    private let currentLayout: Mutex<StateLayout>

    /// Opens the directory of a plan; one that is new is laid out for so many pipelines.
    ///
    /// - Throws: A `DaemonError` that says why it cannot be used.
    init(_ plan: StatePlan, pipelineCount: Int) throws(DaemonError) {
        self.plan = plan
        do throws(StateDirectoryError) {
            directory = try StateDirectory(path: plan.directory, ballastSize: plan.ballast)
        } catch { throw DaemonError(error) }
        spareRoom = SpareRoom(directory.ballast, at: .now)
        if let layout = try StateLayout.read(from: directory.disk) {
            currentLayout = Mutex(layout)
            return
        }
        let edition = StateEdition(pipelineCount: pipelineCount, seed: .random(in: 0...(.max)))
        let layout = StateLayout(edition: edition)
        do throws(DiskError) { try layout.write(to: directory.disk) } catch { throw DaemonError(error) }
        currentLayout = Mutex(layout)
    }

    /// Which directories count.
    var layout: StateLayout { currentLayout.withLock { $0 } }

    /// Makes unpredictable to senders which pipeline takes which stream, and is the same at each start.
    var seed: UInt64 { layout.edition.seed }

    /// Lets another edition count, and remembers the one that did.
    func adopt(_ edition: StateEdition) throws(DiskError) {
        let layout = StateLayout(edition: edition, before: layout.edition)
        try layout.write(to: directory.disk)
        currentLayout.withLock { $0 = layout }
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
        let disk = try disk(ofPipeline: index)
        let recovery = try recovery(of: disk)
        let spill = try recovery.giveShelf(to: &engine)
        let writer = try recovery.recover(&engine, spareRoom: spareRoom)
        let link = try StateLink(
            engineDoorbell: doorbell, groupLimit: plan.groupLimit, report: plan.report)
        // The next start has less to take in anew, and nothing of what was passed over.
        link.wantSnapshot()
        let synchroniser = writer.synchroniser
        try StorageThread.start(number: index + 1, link: link) { [plan, spareRoom] in
            StateStorage(
                plan, link: link, disk: disk, synchroniser: synchroniser, spill: spill, spareRoom: spareRoom)
        }
        return EngineLog(writer, link: link, durability: plan.durability)
    }

    /// The directory of a pipeline, in the edition that counts.
    func disk(ofPipeline index: Int) throws(DaemonError) -> LocalDisk {
        do throws(DiskError) {
            return try directory.pipeline(index, edition: layout.edition.number)
        } catch { throw DaemonError(error) }
    }

    /// What is in a pipeline's directory.
    ///
    /// - Parameter limit: As for `Recovery.init`.
    func recovery(
        of disk: LocalDisk, before limit: UInt64 = .max
    ) throws(DaemonError) -> EngineRecovery<LocalDisk> {
        try EngineRecovery(plan, disk: disk, path: disk.path, before: limit)
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
        _ plan: PipelinePlan, questions: QuestionBox, successions: SuccessionBox, quota: StreamQuota? = nil,
        state: EngineState?, index: Int = 0, doorbell: Doorbell
    ) throws(DaemonError) {
        var engine = plan.engine(quota: quota)
        let log = try state?.recover(&engine, index: index, doorbell: doorbell)
        self.init(plan, engine: engine, log: log, questions: questions, successions: successions)
    }
}
