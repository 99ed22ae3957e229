// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import WireFormat
package import ZeroMQ

/// What the pipelines say of themselves, at most ten times a second.
///
/// Counts are since the start.
package struct StatusReport: Sendable, Equatable {
    /// Counts of one input.
    package struct Input: Sendable, Equatable {
        /// The input's name in the configuration.
        package let name: String
        /// Messages received, good and bad.
        package var messages: UInt64 = 0
        /// Observations that the engine took.
        package var observations: UInt64 = 0
        /// Connections made anew after they were cut because the peer broke the protocol.
        package var restored: UInt64 = 0
        /// Messages dropped, by `DecodeError.rawValue`.
        package var undecodable = [UInt64](repeating: 0, count: DecodeError.allCases.count)
        /// Observations dropped, by `Refusal.rawValue`.
        package var refused = [UInt64](repeating: 0, count: Refusal.allCases.count)
        /// What the numbers that senders gave their messages tell.
        package var sequences = SequenceCounts()
        /// What came of producers' messages; nil for an input without producers.
        package var producers: ProducerCounts?
        /// What became of the socket's connections.
        package var connections = ConnectionCounts()
        /// Clients whose keys are not admitted.
        package var refusedClients = Authenticator.Refusals()

        /// Makes an account without counts.
        package init(name: String) { self.name = name }

        fileprivate mutating func add(_ other: Input) {
            messages += other.messages
            observations += other.observations
            restored += other.restored
            sequences.add(other.sequences)
            connections.add(other.connections)
            for index in undecodable.indices { undecodable[index] += other.undecodable[index] }
            for index in refused.indices { refused[index] += other.refused[index] }
        }

        /// What was dropped so far, by reason; reasons that have not occurred are left out.
        package var dropsByReason: [(reason: String, count: UInt64)] { counts.filter { $0.count > 0 } }

        /// What was dropped so far, by all reasons that there are for the input.
        var counts: [(reason: String, count: UInt64)] {
            let messages = DecodeError.allCases.map { ($0.label, undecodable[Int($0.rawValue)]) }
            let observations = Refusal.allCases.map { ($0.label, refused[Int($0.rawValue)]) }
            guard let producers else { return messages + observations }
            return messages + observations
                + [
                    ("early", producers.early), ("stranger", producers.strangers),
                    ("hello", producers.refused),
                ]
        }
    }

    /// Counts of one output.
    package struct Output: Sendable, Equatable {
        /// The output's name in the configuration.
        package let name: String
        /// Forecasts handed to the socket.
        package var published: UInt64 = 0
        /// Forecasts that did not reach every subscriber, because one's queue was full.
        package var dropped: UInt64 = 0
        /// Last forecasts published again for those who subscribed.
        package var repeated: UInt64 = 0
        /// Forecasts that are not kept, because those of as many other topics are as there is room for.
        package var unkept: UInt64 = 0
        /// What subscribers asked for that no topic can match, or that too many wait before.
        package var refusedSubscriptions: UInt64 = 0
        /// What was asked of the replay socket; nil where there is none.
        package var replay: ReplayCounts?
        /// What became of the socket's connections.
        package var connections = ConnectionCounts()
        /// Clients whose keys are not admitted.
        package var refusedClients = Authenticator.Refusals()
        /// Connections that were cut because more topics were asked for over them than may be.
        package var cutSubscribers: UInt64 = 0

        /// Makes an account without counts.
        package init(name: String) { self.name = name }

        /// What was refused or given up so far, by reason; reasons that have not occurred are left out.
        package var dropsByReason: [(reason: String, count: UInt64)] {
            let replay = replay ?? ReplayCounts()
            return [
                ("subscription", refusedSubscriptions), ("topics", cutSubscribers),
                ("request", replay.malformed), ("busy", replay.busy),
                ("abandoned", replay.abandoned), ("unkept", unkept),
            ].filter { $0.1 > 0 }
        }
    }

    /// Streams whose state is on disk, and what became of streams between their values.
    package struct Spilled: Sendable, Equatable {
        /// Streams whose state is on disk.
        package var streams = 0
        /// Bytes of the files that it lies in.
        package var byteCount = 0
        /// How often streams went and came back.
        package var counts = LifecycleCounts()
    }

    /// The inputs, in the plan's order.
    package var inputs: [Input]
    /// The outputs, in the plan's order.
    package var outputs: [Output]
    /// Whether messages were still arriving when the time for draining was over.
    package var isCutShort = false
    /// Streams that have come, each once.
    package var streams = 0
    /// Those of them that are not in memory.
    package var spilled = Spilled()
    /// Streams whose newest forecast has a status, by `Forecast.Status.rawValue`.
    package var statuses = [Int](repeating: 0, count: Forecast.Status.allCases.count)
    /// How long turns took.
    package var latencies = TurnLatencies()
    /// Streams that began anew because their state was not finite.
    package var resets: UInt64 = 0
    /// What happened on the streams' time lines.
    package var time = TimeCounts()
    /// Alarms of streams, and drifts of their models.
    package var watch = WatchCounts()
    /// How forecasts turned out, by rule; nil for a rule without adaptation.
    package var scores: [PooledScore?] = []
    /// Plans that were in force before the one of those rules.
    package var generation = 0

    /// How the state is kept; nil where none is.
    package var state: StateStatus?

    /// Begins at zero.
    init(_ plan: PipelinePlan) {
        inputs = plan.inputs.map { Input(name: $0.name) }
        outputs = plan.outputs.map { Output(name: $0.name) }
        scores = plan.forecasts.rules.map { _ in nil }
    }

    /// Adds what another thread of the same plan counted.
    mutating func add(_ other: StatusReport) {
        for index in inputs.indices { inputs[index].add(other.inputs[index]) }
        // Only the thread of the sockets is asked for what was published before.
        for index in outputs.indices {
            outputs[index].published += other.outputs[index].published
            outputs[index].dropped += other.outputs[index].dropped
        }
        isCutShort = isCutShort || other.isCutShort
        streams += other.streams
        spilled.streams += other.spilled.streams
        spilled.byteCount += other.spilled.byteCount
        spilled.counts.add(other.spilled.counts)
        for status in statuses.indices { statuses[status] += other.statuses[status] }
        latencies.add(other.latencies)
        resets += other.resets
        time.add(other.time)
        watch.add(other.watch)
        if let other = other.state { state = (state ?? StateStatus()).adding(other) }
        if other.generation > generation {
            (generation, scores) = (other.generation, other.scores.map { _ in nil })
        }
        for (rule, score) in other.scores.enumerated() where other.generation == generation {
            guard let score else { continue }
            if scores[rule] == nil { scores[rule] = score } else { scores[rule]?.add(score) }
        }
    }

    /// Writes down whom an authenticator refused.
    mutating func countRefusedClients(of authenticator: borrowing Authenticator) {
        for index in inputs.indices {
            inputs[index].refusedClients = authenticator.refusals(of: "inputs.\(inputs[index].name)")
        }
        for index in outputs.indices {
            outputs[index].refusedClients = authenticator.refusals(of: "outputs.\(outputs[index].name)")
        }
    }

    /// Makes a report.
    package init(inputs: [Input], outputs: [Output]) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// How forecasts turned out, where `scores` are of the rules of `plan`: a reload may have come between.
    func scores(of plan: PipelinePlan) -> [PooledScore?] { generation == plan.generation ? scores : [] }

    /// Observations taken over all inputs.
    package var observations: UInt64 { inputs.reduce(0) { $0 + $1.observations } }
    /// Forecasts published over all outputs.
    package var forecasts: UInt64 { outputs.reduce(0) { $0 + $1.published } }
    /// Messages and observations dropped over all inputs.
    package var drops: UInt64 { inputs.reduce(0) { $0 + $1.counts.reduce(0) { $0 + $1.count } } }
}
