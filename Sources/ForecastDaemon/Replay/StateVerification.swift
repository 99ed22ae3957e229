// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// Whether a pipeline's older snapshot and its journal lead to the newer one.
package struct StateVerification: Encodable, Sendable {
    /// The pipeline's directory.
    package var directory: String
    /// The records that the snapshots contain the journal up to.
    package var from: UInt64
    package var through: UInt64
    /// Observations that the records between them say.
    package var observations: UInt64
    /// Streams of the newer snapshot.
    package var streams: Int
    /// CRC-32C, in 8 hexadecimal digits, of the newer snapshot's streams, and of those that the journal leads to.
    package var digest: String
    package var replayDigest: String
    /// The first differences, each with stream and field.
    package var differences: [String]

    /// Whether all is the same.
    package var holds: Bool { digest == replayDigest }

    /// The same for a person.
    package var text: String {
        let outcome =
            holds
            ? "the same, digest \(digest)" : "different: digest \(digest), by the journal \(replayDigest)"
        return
            ([
                "\(directory): records \(from + 1) to \(through), \(observations) observations: \(streams) streams are \(outcome)"
            ] + differences.map { "  " + $0 }).joined(separator: "\n")
    }
}

extension StoredState {
    /// Holds the newest snapshot of each pipeline against what the one before and the journal lead to.
    package func verify() throws(DaemonError) -> [StateVerification] {
        guard state.plan.durability != .none else {
            throw DaemonError(
                .configuration,
                "--verify: expected state.durability: interval or commit, found none: there is no journal")
        }
        try EngineState.refuseIdle(plan)
        var all: [StateVerification] = []
        for index in 0..<state.layout.edition.pipelineCount { all.append(try verify(pipeline: index)) }
        return all
    }

    private func verify(pipeline index: Int) throws(DaemonError) -> StateVerification {
        let disk = try state.disk(ofPipeline: index)
        guard let newest = try newestSequence(ofPipeline: index) else {
            throw DaemonError(
                .noInput,
                "\(disk.path): expected two whole snapshots, found fewer: there is nothing to compare")
        }
        let plan = plan.divided(into: state.layout.edition.pipelineCount)
        let saved = try PipelineReplay(state, pipeline: index, plan)
        let replay = try PipelineReplay(state, pipeline: index, plan, before: newest)
        let left = saved.streams.left + replay.streams.left
        guard left == 0 else { throw Self.noRoom(for: left) }
        guard saved.streams.changed + replay.streams.changed == 0 else {
            throw DaemonError(
                .configuration,
                "\(disk.path): expected streams of the configuration's rules and models, found others; give the configuration "
                    + "that the daemon ran with")
        }
        while replay.sequence < newest, try replay.next() { try replay.play { _ in } }
        if plan.forecasts.spillLimit > 0 && replay.counts.unplaced > 0 {
            throw Self.noRoom(for: replay.counts.unplaced)
        }
        let (want, got) = (StateDigest(saved.engine), StateDigest(replay.engine))
        return StateVerification(
            directory: disk.path, from: replay.firstSequence, through: newest,
            observations: replay.counts.observations, streams: saved.engine.identifiers.count,
            digest: want.text,
            replayDigest: got.text, differences: want == got ? [] : Self.differences(saved, replay))
    }

    /// What differs first in the first few streams that differ.
    private static func differences(_ saved: PipelineReplay, _ replay: PipelineReplay) -> [String] {
        var differences: [String] = []
        let names = (saved.engine.identifiers, replay.engine.identifiers)
        for name in Set(names.0).union(names.1).sorted() where differences.count < 5 {
            let (want, got) = (
                saved.engine.slot(of: name.utf8.span.bytes), replay.engine.slot(of: name.utf8.span.bytes)
            )
            guard let want, let got else {
                differences.append("\(name): only \(want == nil ? "by the journal" : "in the snapshot")")
                continue
            }
            for (want, got) in zip(saved.engine.stateParts(of: want), replay.engine.stateParts(of: got)) {
                guard let there = want.difference(from: got), let here = got.difference(from: want) else {
                    continue
                }
                differences.append("\(name): \(there) in the snapshot, \(here) by the journal")
                break
            }
        }
        return differences
    }
}

/// A number that tells the states of all streams of an engine: CRC-32C over the parts of each, in the order of their ids.
struct StateDigest: Equatable {
    private let sum: UInt32

    /// - Precondition: The turn is over.
    init(_ engine: borrowing ForecastEngine) {
        var sum: UInt32 = 0
        for name in engine.identifiers.sorted() {
            guard let slot = engine.slot(of: name.utf8.span.bytes) else { continue }
            Self.add(Array(name.utf8), to: &sum)
            for part in engine.stateParts(of: slot) { Self.add(part.bytes, to: &sum) }
        }
        self.sum = sum
    }

    private static func add(_ bytes: [UInt8], to sum: inout UInt32) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { sum = Checksum.best($0, after: sum) }
        bytes.withUnsafeBytes { sum = Checksum.best($0, after: sum) }
    }

    var text: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
