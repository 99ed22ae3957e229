// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

extension StoredState {
    /// Goes through the journals once more, each from the older snapshot on, and prints the forecasts.
    ///
    /// - Parameters:
    ///   - pace: How fast.
    ///   - lines: What prints them.
    package func replay(_ pace: ReplayPace, to lines: ForecastLines) throws(DaemonError) {
        try EngineState.refuseIdle(plan)
        let count = state.layout.edition.pipelineCount
        var waiting: [PipelineReplay] = []
        for index in 0..<count {
            let replay = try PipelineReplay(
                state, pipeline: index, plan.divided(into: count),
                before: try newestSequence(ofPipeline: index) ?? .max)
            guard replay.streams.left == 0 else { throw Self.noRoom(for: replay.streams.left) }
            if try replay.next() { waiting.append(replay) }
        }
        var pace = pace
        // Of several pipelines, always the one whose record is the earliest.
        while let index = waiting.indices.min(by: { waiting[$0].time < waiting[$1].time }) {
            pace.wait(until: waiting[index].time)
            try waiting[index].play { lines.write($0) }
            if try !waiting[index].next() { waiting.remove(at: index).finish { lines.write($0) } }
            guard try lines.flush() else { return }
        }
    }

    /// The number of the newest snapshot of a pipeline if there are two; nil otherwise.
    func newestSequence(ofPipeline index: Int) throws(DaemonError) -> UInt64? {
        let disk = try state.disk(ofPipeline: index)
        do throws(StoreError) {
            guard let newest = try SnapshotStore.search(disk).newest,
                try SnapshotStore.search(disk, before: newest.sequence).newest != nil
            else { return nil }
            return newest.sequence
        } catch { throw DaemonError(error) }
    }
}
