// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import WireFormat
package import ZeroMQ

/// Everything that a pipeline needs to begin: a finished, validated value.
package struct PipelinePlan: Sendable {
    /// A socket that observations come in by.
    package struct Input: Sendable {
        /// The input's name in the configuration.
        package var name: String
        /// `sub`, `pull` or `router`.
        package var socket: SocketKind
        /// Limits and timing of the socket.
        package var options: SocketOptions
        /// Endpoints to connect to.
        package var connect: [String]
        /// Endpoints to bind.
        package var bind: [String]
        /// Prefixes of stream ids to subscribe to (`sub` only); the empty prefix is every stream.
        package var topics: [String]
        /// Reads the payloads.
        package var decoder: PayloadDecoder
        /// What producers may do (`router` only).
        package var producers: ProducerTable.Limits?
        /// The most streams that a peer may bring; nil for any number.
        package var streamsPerPeer: Int?
        /// Whether the socket asks for proof of who is at the other side; then `options` have `curve`.
        package var isSecured = false
    }

    /// A socket that forecasts go out by.
    package struct Output: Sendable {
        /// Whether alarms go out by topics of their own.
        package typealias Alarms = OutputConfiguration.Anomalies

        /// The output's name in the configuration.
        package var name: String
        /// Limits and timing of the socket.
        package var options: SocketOptions
        /// Endpoints to connect to.
        package var connect: [String]
        /// Endpoints to bind.
        package var bind: [String]
        /// What a forecast is written as.
        package var format: ForecastFormat
        /// How times are written.
        package var times: TimeFormat
        /// Whether alarms go out by topics of their own.
        package var alarms = Alarms.off
        /// What is kept of what was published; nil for nothing.
        package var keeping: OutputKeeping?
        /// The most topics that a subscriber may ask for on a connection.
        package var subscriptions = 10_000
        /// Whether the sockets ask for proof of who is at the other side; then `options` have `curve`.
        package var isSecured = false
    }

    /// Where observations come from.
    package var inputs: [Input]
    /// Where forecasts go.
    package var outputs: [Output]
    /// What the engine does.
    package var forecasts: ForecastPlan
    /// The model's name and revision for each rule of `forecasts`.
    package var labels: [RuleLabels]
    /// Pipelines that the streams are divided among.
    package var pipelineCount: Int
    /// The most messages that one turn takes in.
    package var batchLimit: Int
    /// Threads that libzmq moves messages with.
    package var ioThreads: Int
    /// How the kernel schedules those threads.
    package var ioThreadScheduling: IOThreadScheduling
    /// How state is kept; nil where none is.
    package var state: StatePlan?
    /// This life of the publisher; a later life has a higher number, as long as the clock is not set back.
    package var epoch: UInt64
    /// Plans that were in force before, in this life.
    package var generation = 0
    /// What sockets prove themselves with and whom they admit; nil where none asks for proof.
    package var keys: SocketKeys?
}

extension PipelinePlan {
    /// One pipeline without endpoints, for engines that are told what to do in another way.
    package init(_ forecasts: ForecastPlan, labels: [RuleLabels]) {
        let input = Input(
            name: "input", socket: .pull, options: SocketOptions(), connect: [], bind: [], topics: [],
            decoder: .json(JSONDecoder()))
        self.init(
            inputs: [input], outputs: [], forecasts: forecasts, labels: labels, pipelineCount: 1,
            batchLimit: forecasts.batchLimit, ioThreads: 1, ioThreadScheduling: .batch, state: nil, epoch: 0)
    }

    /// Threads that the pipelines run on: one, or one for the sockets and one for each pipeline.
    package var threadCount: Int { pipelineCount == 1 ? 1 : 1 + pipelineCount }

    /// The plan with other clients.
    func admitting(_ keys: SocketKeys?) -> PipelinePlan {
        var plan = self
        plan.keys = keys
        return plan
    }

    /// The longest horizon of all rules.
    var maximumHorizon: Int { forecasts.rules.map(\.horizon).max() ?? 1 }

    /// What the engine of one pipeline does.
    ///
    /// Streams are divided by the hash of their id, which is uneven by chance: six standard deviations of room above the
    /// even share make sure that `streamsLimit` streams find a place. A `StreamQuota` holds the engines to it together.
    /// Where streams are inputs of others they come in groups, and an engine has room for all. Where there is a place on disk for
    /// further streams, an engine has its even share in memory, whatever the others have.
    var forecastsOfOnePipeline: ForecastPlan {
        guard pipelineCount > 1, !forecasts.hasJoins else { return forecasts }
        let spillLimit = forecasts.spillLimit / pipelineCount
        let share = Double(forecasts.streamsLimit) / Double(pipelineCount)
        var plan = forecasts
        plan.spillLimit = spillLimit
        plan.streamsLimit =
            spillLimit > 0
            ? Int(share.rounded(.up)) : min(forecasts.streamsLimit, Int(share + 6 * share.squareRoot()) + 1)
        return plan
    }

    /// The engine of one pipeline; those that cannot spill share `quota`.
    func engine(quota: StreamQuota? = nil) -> ForecastEngine {
        ForecastEngine(
            plan: forecastsOfOnePipeline, seed: .random(in: 0...(.max)),
            quota: forecasts.spillLimit > 0 ? nil : quota)
    }
}
