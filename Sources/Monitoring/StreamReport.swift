// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What is known of one stream, with the names that forecasts use.
///
/// Sections that not every stream has are optional and left out where they are nil.
package struct StreamReport: Codable, Sendable, Equatable {
    /// A value and its time.
    package struct Observation: Codable, Sendable, Equatable {
        /// UTC, RFC 3339.
        package var ts: String
        /// The value.
        package var y: Double

        /// Makes an observation.
        package init(ts: String, y: Double) {
            self.ts = ts
            self.y = y
        }
    }

    /// The rule that the stream follows.
    package struct Rule: Codable, Sendable, Equatable {
        /// Its place in the configuration, from 1.
        package var number: Int
        /// Its pattern.
        package var match: String

        /// Makes a rule.
        package init(number: Int, match: String) {
            self.number = number
            self.match = match
        }
    }

    /// The map between the stream's values and its model's.
    package struct Scale: Codable, Sendable, Equatable {
        /// The value that the model sees as 0.
        package var mean: Double
        /// The difference that the model sees as 1.
        package var std: Double

        /// Makes a map.
        package init(mean: Double, std: Double) {
            self.mean = mean
            self.std = std
        }
    }

    /// What the observed values in the rolling window come to.
    package struct Window: Codable, Sendable, Equatable {
        /// Observed values in it.
        package var count: Int
        /// Their mean, standard deviation and extremes.
        package var mean, std, min, max: Double
        /// Their quantiles.
        package var p5, p50, p95: Double

        /// Makes a window.
        package init(
            count: Int, mean: Double, std: Double, min: Double, max: Double, p5: Double, p50: Double,
            p95: Double
        ) {
            (self.count, self.mean, self.std, self.min, self.max) = (count, mean, std, min, max)
            (self.p5, self.p50, self.p95) = (p5, p50, p95)
        }
    }

    /// How the forecasts of the next tick turned out of late, as forecasts say it.
    package struct Score: Codable, Sendable, Equatable {
        /// Mean absolute error.
        package var mae: Double
        /// 1 - that / that of repeating the last value.
        package var skill: Double?
        /// By level: the share of values that intervals held.
        package var coverage: [String: Double]

        /// Makes a score.
        package init(mae: Double, skill: Double?, coverage: [String: Double]) {
            self.mae = mae
            self.skill = skill
            self.coverage = coverage
        }
    }

    /// What the senders' numbers of the messages of one topic tell.
    package struct Senders: Codable, Sendable, Equatable {
        /// The input that the messages came by, and their topic.
        package var input, topic: String
        /// Messages that did not come, that came again, that came a little late; times that the numbers began anew.
        package var lost, repeated, reordered, restarts: UInt64

        /// Makes an account.
        package init(
            input: String, topic: String, lost: UInt64, repeated: UInt64, reordered: UInt64, restarts: UInt64
        ) {
            (self.input, self.topic) = (input, topic)
            (self.lost, self.repeated) = (lost, repeated)
            (self.reordered, self.restarts) = (reordered, restarts)
        }
    }

    /// How unusual the stream's values are.
    package struct Anomaly: Codable, Sendable, Equatable {
        /// Of the newest tick, above 1 for an anomaly; nil where none is known.
        package var score: Double?
        /// Alarms so far, the one that is on included.
        package var alarms: UInt64

        /// Makes an account.
        package init(score: Double?, alarms: UInt64) { (self.score, self.alarms) = (score, alarms) }
    }

    /// How the model's own forecasts of the next tick turn out.
    package struct Drift: Codable, Sendable, Equatable {
        /// Their mean absolute error over that of repeating the last value, in the newest block of ticks.
        package var ratio: Double
        /// What that is usually; nil before it is known.
        package var limit: Double?
        /// Whether it is more, lastingly.
        package var now: Bool

        /// Makes an account.
        package init(ratio: Double, limit: Double?, now: Bool) {
            (self.ratio, self.limit, self.now) = (ratio, limit, now)
        }
    }

    /// The stream's id.
    package var stream: String
    /// `warming`, `ok`, `stale` or `anomalous`.
    package var status: String
    /// `event`, or the stream's period, as `1s`.
    package var every: String
    /// The newest tick that had values; nil before the first.
    package var tick: Observation?
    /// The newest value.
    package var newest: Observation
    /// Seconds that its time lies back by the daemon's clock.
    package var age: Double
    /// What the newest forecast says of the next tick.
    package var yhat: Double?
    /// Ticks since the stream began or was last reset.
    package var ticks: UInt64
    /// The number of the newest forecast.
    package var seq: UInt64
    /// Ticks over those that warming takes, 0 to 1.
    package var warm: Double
    /// Ticks that were filled since the last that had values.
    package var gap: Int64
    /// The rule in force.
    package var rule: Rule
    /// The model's name.
    package var model: String
    /// The first digits of the digest of the model's file.
    package var revision: String
    /// The scale in force; nil where values are not scaled.
    package var scale: Scale?
    /// The rolling window; nil where the rule keeps none, or nothing in it was observed.
    package var window: Window?
    /// How unusual its values are; nil where its rule looks for no anomalies.
    package var anomaly: Anomaly?
    /// How the model's own forecasts turn out; nil before enough of them are known.
    package var drift: Drift?
    /// Ticks in the season that forecasts go by, given or learned; nil where none is known, and without adaptation.
    package var season: Int?
    /// Observations that were not taken, by reason; reasons that have not occurred are left out.
    package var drops: [String: UInt64] = [:]
    /// How the forecasts of the next tick turned out of late; nil without adaptation, and until it is known.
    package var score: Score?
    /// How all forecasts turned out, by ticks ahead; nil in lists, and without adaptation.
    package var scores: [ScoreReport]?
    /// What the numbers of the messages tell; nil in lists, and where senders do not number them.
    package var senders: [Senders]?

    /// Makes a report.
    package init(
        stream: String, status: String, every: String, tick: Observation?, newest: Observation, age: Double,
        yhat: Double?, ticks: UInt64, seq: UInt64, warm: Double, gap: Int64, rule: Rule, model: String,
        revision: String, scale: Scale?
    ) {
        self.stream = stream
        self.status = status
        self.every = every
        self.tick = tick
        self.newest = newest
        self.age = age
        self.yhat = yhat
        self.ticks = ticks
        self.seq = seq
        self.warm = warm
        self.gap = gap
        self.rule = rule
        self.model = model
        self.revision = revision
        self.scale = scale
    }
}

/// One page of the list of streams.
package struct StreamPage: Codable, Sendable, Equatable {
    /// The streams, in the order in which they came, engine by engine.
    package var streams: [StreamReport]
    /// What `after` is to be for the next page; nil on the last.
    package var next: String?

    /// Makes a page.
    package init(streams: [StreamReport], next: String?) {
        self.streams = streams
        self.next = next
    }
}
