// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the daemon says of itself; counts are since its start.
package struct DaemonReport: Codable, Sendable, Equatable {
    /// One input.
    package struct Input: Codable, Sendable, Equatable {
        /// The name in the configuration.
        package var name: String
        /// Messages received, good and bad.
        package var messages: UInt64
        /// Observations that were taken.
        package var observations: UInt64
        /// Connections made anew after the peer broke the protocol.
        package var restored: UInt64
        /// What was dropped, by reason; reasons that have not occurred are left out.
        package var drops: [String: UInt64]
        /// By the senders' numbers: messages that did not come, that came again, that came a little late; times that the
        /// numbers began anew.
        package var lost, repeated, reordered, restarts: UInt64

        /// Makes an account.
        package init(
            name: String, messages: UInt64, observations: UInt64, restored: UInt64, drops: [String: UInt64],
            lost: UInt64, repeated: UInt64, reordered: UInt64, restarts: UInt64
        ) {
            (self.lost, self.repeated) = (lost, repeated)
            (self.reordered, self.restarts) = (reordered, restarts)
            self.name = name
            self.messages = messages
            self.observations = observations
            self.restored = restored
            self.drops = drops
        }
    }

    /// One output.
    package struct Output: Codable, Sendable, Equatable {
        /// The name in the configuration.
        package var name: String
        /// Forecasts handed to the socket.
        package var published: UInt64
        /// Forecasts that did not reach every subscriber.
        package var dropped: UInt64
        /// Last forecasts published again for those who subscribed.
        package var repeated: UInt64
        /// What subscribers and peers of the replay socket asked in vain, by reason; reasons that have not occurred are
        /// left out.
        package var drops: [String: UInt64]
        /// The replay socket; nil where there is none.
        package var replay: Replay?

        /// Makes an account.
        package init(
            name: String, published: UInt64, dropped: UInt64, repeated: UInt64, drops: [String: UInt64],
            replay: Replay?
        ) {
            self.name = name
            self.published = published
            self.dropped = dropped
            self.repeated = repeated
            self.drops = drops
            self.replay = replay
        }

        /// What was asked of a replay socket.
        package struct Replay: Codable, Sendable, Equatable {
            /// Requests that came, good and bad.
            package var requests: UInt64
            /// Messages sent in answers.
            package var messages: UInt64
            /// Answers that told that what was asked for is not there any more.
            package var tooOld: UInt64
            /// Requests with an epoch that is not the daemon's.
            package var otherEpoch: UInt64

            /// Makes an account.
            package init(requests: UInt64, messages: UInt64, tooOld: UInt64, otherEpoch: UInt64) {
                (self.requests, self.messages) = (requests, messages)
                (self.tooOld, self.otherEpoch) = (tooOld, otherEpoch)
            }

            private enum CodingKeys: String, CodingKey {
                case requests, messages
                case tooOld = "too_old"
                case otherEpoch = "other_epoch"
            }
        }
    }

    /// The streams as a whole.
    package struct Streams: Codable, Sendable, Equatable {
        /// Streams known.
        package var known: Int
        /// The most that are taken.
        package var limit: Int

        /// Makes an account.
        package init(known: Int, limit: Int) {
            self.known = known
            self.limit = limit
        }
    }

    /// What begins and ends with streams.
    package struct Changes: Codable, Sendable, Equatable {
        /// Streams that it is so with.
        package var now: UInt64
        /// Times that it began.
        package var total: UInt64

        /// Makes an account.
        package init(now: UInt64, total: UInt64) { (self.now, self.total) = (now, total) }
    }

    /// What happens per second, over the last seconds.
    package struct Rates: Codable, Sendable, Equatable {
        /// Observations taken.
        package var observations: Double
        /// Forecasts published, by all outputs.
        package var forecasts: Double
        /// Messages and observations dropped.
        package var drops: Double

        /// Makes rates.
        package init(observations: Double, forecasts: Double, drops: Double) {
            self.observations = observations
            self.forecasts = forecasts
            self.drops = drops
        }
    }

    /// Those who listen to events.
    package struct Viewers: Codable, Sendable, Equatable {
        /// Those who listen now.
        package var now: Int
        /// Those who were given up because they did not keep up.
        package var dropped: UInt64

        /// Makes an account.
        package init(now: Int, dropped: UInt64) { (self.now, self.dropped) = (now, dropped) }
    }

    /// The daemon's version.
    package var version: String
    /// This life of the daemon, as in its forecasts.
    package var epoch: String
    /// When it began, UTC, RFC 3339.
    package var started: String
    /// Seconds since then.
    package var uptime: Double
    /// Engines that the streams are divided among.
    package var pipelines: Int
    /// The streams as a whole.
    package var streams: Streams
    /// What happens per second; nil in the first seconds.
    package var rates: Rates?
    /// The inputs, in the order of the configuration.
    package var inputs: [Input]
    /// The outputs, in the order of the configuration.
    package var outputs: [Output]
    /// What happened on the streams' time lines, by name.
    package var time: [String: UInt64]
    /// Streams that began anew because their state was not finite.
    package var resets: UInt64
    /// Alarms of streams whose values are not what was expected.
    package var alarms: Changes
    /// Streams on which the model's own forecasts have become worse than they were.
    package var drifts: Changes
    /// How forecasts turned out, for each rule with adaptation.
    package var scores: [RuleScoreReport]
    /// Resident memory of the process, in bytes; nil where the system does not say.
    package var memory: Int?
    /// How long turns took over the last seconds; nil in the first seconds.
    package var latency: Latency?
    /// How state is kept; nil where none is.
    package var state: StateKeepingReport?
    /// Those who listen to events; nil where nobody counts them.
    package var viewers: Viewers?

    /// Makes a report.
    package init(
        version: String, epoch: String, started: String, uptime: Double, pipelines: Int, streams: Streams,
        rates: Rates?, inputs: [Input], outputs: [Output], time: [String: UInt64], resets: UInt64,
        alarms: Changes, drifts: Changes, scores: [RuleScoreReport]
    ) {
        self.version = version
        self.epoch = epoch
        self.started = started
        self.uptime = uptime
        self.pipelines = pipelines
        self.streams = streams
        self.rates = rates
        self.inputs = inputs
        self.outputs = outputs
        self.time = time
        self.resets = resets
        self.alarms = alarms
        self.drifts = drifts
        self.scores = scores
    }
}
