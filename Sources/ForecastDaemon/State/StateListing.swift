// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
import StateStore
import SwiftOverlayShims  // where the importer puts timespec
import WireFormat

/// What is in a state directory.
package struct StateListing: Encodable, Sendable {
    package struct Pipeline: Encodable, Sendable {
        package var directory: String
        package var snapshots: [Snapshot]
        package var segments: [Segment]
        /// Records behind the newest whole snapshot, the number of the last one, and that up to which all are known to be
        /// durable.
        package var records: UInt64
        package var lastRecord: UInt64
        package var durable: UInt64
        /// What is destroyed in the journal; nil if nothing is.
        package var problem: String?
    }

    package struct Snapshot: Encodable, Sendable {
        package var file: String
        /// The record up to which it contains the journal.
        package var record: UInt64
        package var time: String
        package var bytes: Int
        /// What is destroyed; nil in one that is whole.
        package var problem: String?
    }

    package struct Segment: Encodable, Sendable {
        package var file: String
        /// The number of its first record; nil if it has none.
        package var firstRecord: UInt64?
        package var bytes: Int
    }

    package struct Rule: Encodable, Sendable {
        /// From 1, in the configuration's order.
        package var number: Int
        package var match: String
        package var streams: Int
    }

    package struct Stream: Encodable, Sendable {
        package var stream: String
        package var rule: Int
        package var match: String
        /// Ticks since it began or was last reset.
        package var ticks: UInt64
        /// The latest time of its observations.
        package var time: String
    }

    package var directory: String
    package var pipelines: [Pipeline]
    /// Directories of the edition before, which `state revert` may go back to.
    package var before: [String]
    /// Streams by their rules, with the journal; nil without a configuration.
    package var rules: [Rule]?
    /// Streams that begin anew under the configuration.
    package var changed: Int?
    /// Those that were asked for, by their ids.
    package var streams: [Stream]?

    /// What the files in a directory are.
    package init(directory: String) throws(DaemonError) {
        let plan = StatePlan(
            directory: directory, durability: .none, snapshotEvery: .zero, snapshotAfter: 0, ballast: 0)
        self = try Self(files: try StoredState.open(plan, pipelineCount: 1))
    }

    fileprivate init(files state: EngineState) throws(DaemonError) {
        directory = state.directory.disk.path
        before = state.layout.before?.directories ?? []
        pipelines = []
        for index in 0..<state.layout.edition.pipelineCount {
            let name = state.layout.edition.directories[index]
            pipelines.append(try Pipeline(name, on: try state.disk(ofPipeline: index), of: state))
        }
    }
}

extension StateListing.Pipeline {
    fileprivate init(_ name: String, on disk: LocalDisk, of state: EngineState) throws(DaemonError) {
        directory = name
        snapshots = []
        do throws(StoreError) {
            for finding in try SnapshotStore.findings(on: disk) {
                let (file, record, problem) =
                    switch finding {
                    case .whole(let snapshot): (snapshot.name, snapshot.sequence, String?.none)
                    case .damaged(let damage): (damage.file, damage.sequence, damage.problem)
                    }
                let (bytes, time) = Self.measure(file, on: disk)
                snapshots.append(
                    .init(file: file, record: record, time: time, bytes: bytes, problem: problem))
            }
        } catch { throw DaemonError(error) }
        var recovery = try state.recovery(of: disk).files
        let begin = recovery.snapshot?.sequence ?? 0
        do throws(StoreError) {
            var step = try recovery.next()
            while step == .record { step = try recovery.next() }
            if case .damaged(let damage) = step { problem = "\(damage)" }
        } catch { throw DaemonError(error) }
        lastRecord = max(recovery.sequence, begin)
        records = lastRecord - begin
        durable = recovery.durable
        segments = recovery.segments.map {
            .init(
                file: $0.name, firstRecord: $0.first == .max ? nil : $0.first,
                bytes: Self.measure($0.name, on: disk).bytes)
        }
    }

    private static func measure(_ file: String, on disk: LocalDisk) -> (bytes: Int, time: String) {
        var status = stat()
        guard stat("\(disk.path)/\(file)", &status) == 0 else { return (0, "") }
        return (
            Int(status.st_size), Timestamp(nanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000).rfc3339
        )
    }
}

extension StoredState {
    /// What is in the directory, with the streams that the configuration goes on with.
    ///
    /// - Parameter pattern: Which streams to list, by their ids; nil for none.
    package func listing(streams pattern: Glob?) throws(DaemonError) -> StateListing {
        var listing = try StateListing(files: state)
        let rules = plan.forecasts.rules
        var counts = [Int](repeating: 0, count: rules.count)
        var streams: [StateListing.Stream] = []
        var changed = 0
        let count = listing.pipelines.count
        for index in 0..<count {
            var engine = EngineState.engine(plan.divided(into: count))
            let (_, recovered) = try state.load(&engine, from: try state.disk(ofPipeline: index))
            changed += recovered.streams.changed
            let identifiers = engine.identifiers
            for slot in 0..<UInt32(engine.streamCount) {
                // A stream without a rule is but an input of others.
                guard let rule = plan.forecasts.rule(of: engine.identifier(of: slot)) else { continue }
                counts[rule] += 1
                guard let pattern, pattern.matches(engine.identifier(of: slot)) else { continue }
                let summary = engine.summary(of: slot, horizons: 0)
                streams.append(
                    .init(
                        stream: identifiers[Int(slot)], rule: rule + 1, match: rules[rule].match.pattern,
                        ticks: summary.ticks, time: summary.newest.time.rfc3339))
            }
        }
        listing.rules = rules.indices.map {
            .init(number: $0 + 1, match: rules[$0].match.pattern, streams: counts[$0])
        }
        listing.changed = changed
        if pattern != nil { listing.streams = streams.sorted { $0.stream < $1.stream } }
        return listing
    }
}
