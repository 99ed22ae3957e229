// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the daemon says of itself; counts are since its start, but for those that the state keeps.
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
        /// Streams known, in memory or on disk.
        package var known: Int
        /// The most in memory.
        package var limit: Int
        /// Those whose state is on disk, and the bytes of the files that it lies in.
        package var onDisk, diskBytes: Int
        /// Times that a stream's state went to disk, and that one came back.
        package var spilled, revived: UInt64
        /// Streams that were forgotten because no value came, and that began anew because their state on disk was destroyed
        /// or not of their rule and model any more.
        package var forgotten, lost: UInt64
        /// Times that a stream stayed in memory, or did not come in, because there was no room on disk.
        package var unplaced: UInt64

        /// Makes an account.
        package init(
            known: Int, limit: Int, onDisk: Int = 0, diskBytes: Int = 0, spilled: UInt64 = 0,
            revived: UInt64 = 0, forgotten: UInt64 = 0, lost: UInt64 = 0, unplaced: UInt64 = 0
        ) {
            (self.known, self.limit, self.onDisk, self.diskBytes) = (known, limit, onDisk, diskBytes)
            (self.spilled, self.revived, self.forgotten) = (spilled, revived, forgotten)
            (self.lost, self.unplaced) = (lost, unplaced)
        }

        private enum CodingKeys: String, CodingKey {
            case known, limit, spilled, revived, forgotten, lost, unplaced
            case onDisk = "on_disk"
            case diskBytes = "disk_bytes"
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

    /// How reloads of the configuration went.
    package struct Reloads: Codable, Sendable, Equatable {
        /// Those that put a configuration in force.
        package var done: UInt64
        /// Those that failed, and changed nothing.
        package var failed: UInt64
        /// When the last that was done ended, UTC, RFC 3339; nil before the first.
        package var time: String?

        /// Makes an account.
        package init(done: UInt64, failed: UInt64, time: String?) {
            (self.done, self.failed, self.time) = (done, failed, time)
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
    /// How reloads went; nil where there are none.
    package var reloads: Reloads?
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
