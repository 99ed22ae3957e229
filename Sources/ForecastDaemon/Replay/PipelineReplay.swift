// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// An engine that goes through a pipeline's journal once more, from a snapshot on.
final class PipelineReplay {
    /// The pipeline's directory.
    let path: String
    private(set) var engine: ForecastEngine
    /// What became of the snapshot's streams, and what the records say.
    let streams: Restoration
    private(set) var counts = TurnRecord.Counts()
    /// The clock's time in the record that `next` found.
    private(set) var time = Timestamp(nanoseconds: 0)
    private var recovery: EngineRecovery<LocalDisk>

    /// Takes over the newest snapshot that contains less of the journal than up to a record, if there is one.
    init(
        _ state: EngineState, pipeline index: Int, _ plan: PipelinePlan, before limit: UInt64 = .max
    ) throws(DaemonError) {
        let disk = try state.disk(ofPipeline: index)
        path = disk.path
        recovery = try state.recovery(of: disk, before: limit)
        var engine = EngineState.engine(plan)
        streams = try recovery.restore(&engine)
        self.engine = engine
    }

    /// The record up to which the snapshot contains the journal; 0 without one.
    var firstSequence: UInt64 { recovery.files.snapshot?.sequence ?? 0 }

    /// The number of the record that `next` found.
    var sequence: UInt64 { max(recovery.files.sequence, firstSequence) }

    /// Goes on to the next record, if there is one.
    func next() throws(DaemonError) -> Bool {
        guard try recovery.isRecord() else { return false }
        do throws(StateError) { time = try TurnRecord.clock(of: recovery.files.payload) ?? time } catch {
            throw problem(error)
        }
        return true
    }

    /// Tells the engine what the record says.
    ///
    /// - Parameter forecast: Called whenever it has new forecasts.
    func play(_ forecast: (borrowing ForecastEngine) -> Void) throws(DaemonError) {
        // A copy, whose payload may be in hand while the engine changes.
        let files = recovery.files
        do throws(StateError) {
            try TurnRecord.replay(
                files.payload, to: &engine, now: &time, counts: &counts, forecast: forecast)
        } catch { throw problem(error) }
    }

    /// Forecasts what waits behind the last record: its turn may have been cut off before its step.
    func finish(_ forecast: (borrowing ForecastEngine) -> Void) {
        while engine.advance(at: time) { forecast(engine) }
    }

    private func problem(_ error: StateError) -> DaemonError {
        DaemonError(.data, "\(path), record \(recovery.files.sequence): \(error)")
    }
}
