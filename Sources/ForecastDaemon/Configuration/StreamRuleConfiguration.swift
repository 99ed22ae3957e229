// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// How the streams whose id matches a pattern are forecast.
public struct StreamRuleConfiguration: Sendable, Equatable {
    /// What brings values to the magnitude that the model was trained on.
    public enum Scale: Sendable, Equatable {
        /// Values go to the model as they are.
        case unscaled
        /// The mean and deviation in the model's metadata.
        case model
        /// A mean and a deviation that the rule gives.
        case fixed(mean: Double, deviation: Double)
        /// The mean and deviation of the stream itself, in which a value's weight halves every so many ticks;
        /// nil for the half-life in the model's metadata, or else `defaultHalfLife`.
        case rolling(halfLife: Double?)
        /// The mean and deviation of the stream's rolling window.
        case window
    }

    /// Ticks in which a value's weight in the rolling scale halves, where neither rule nor model says it.
    static let defaultHalfLife = 600.0

    /// A glob over the whole id: `*` is any run of bytes, `?` one byte.
    public var match: String
    /// The name of one of the models.
    public var model: String
    /// What brings values to the magnitude that the model was trained on.
    public var scale: Scale
    /// Ticks to forecast; nil for all outputs of a model with several, and else for one.
    public var horizon: Int?
    /// Ticks before forecasts have the status `ok`.
    public var warmup = 24
    /// How far ahead of the clock an observation's time may be; one further ahead is refused.
    public var maximumSkew = Duration.seconds(60)
    /// How observations become ticks.
    public var time = TimeConfiguration()
    /// What enters the model; nil for the stream's own value alone.
    public var inputs: ModelInputsConfiguration?
    /// How forecasts are adapted to each stream; nil for those of the model as they are.
    public var adaptation: AdaptationConfiguration?
    /// What is taken for an anomaly, but for its season; nil where none is looked for.
    public var anomalies: AnomalyPolicy?
    /// Which values are taken for missing.
    public var values = ValuePolicy()
    /// After how long without a value a stream is let go; nil for never.
    public var idleLimit: Duration?
    /// What becomes of the streams when the rule or its model changes while the daemon runs.
    public var onModelChange = ModelChange.rewarm
}

extension StreamRuleConfiguration: ConfigurationSection {
    /// The words for the scales.
    private enum ScaleName: String, CaseIterable { case none, model, fixed, rolling, window }

    init(from table: inout ConfigurationTable) {
        match =
            table.require("match", "the pattern of stream ids, as \"plant.*.temp\"")?.streamPattern() ?? ""
        model = table.require("model", "the name of a model")?.text("the name of a model") ?? ""
        var scaleName = ScaleName.rolling
        let isScaleKnown = table.read("scale", into: &scaleName)
        let halfLife = table.take("half_life")?.integer(in: 1...1_000_000_000).map(Double.init)
        let mean = table.take("mean")?.number("a number") ?? 0
        let deviation = table.take("std")?.number("a number above 0") { $0 > 0 } ?? 1
        switch scaleName {
        case .none: scale = .unscaled
        case .model: scale = .model
        case .fixed: scale = .fixed(mean: mean, deviation: deviation)
        case .rolling: scale = .rolling(halfLife: halfLife)
        case .window: scale = .window
        }
        for key in ["mean", "std"] where isScaleKnown {
            if scaleName != .fixed {
                table.refuse(key, "only for scale: fixed; this rule has \(scaleName.rawValue)")
            } else if !table.has(key) {
                table.problem(
                    "missing key \"\(key)\": scale: fixed takes the mean and std of the training values")
            }
        }
        if isScaleKnown && scaleName != .rolling {
            table.refuse("half_life", "only for scale: rolling; this rule has \(scaleName.rawValue)")
        }
        horizon = table.take("horizon")?.integer(in: 1...10_000)
        table.read("warmup", in: 0...1_000_000_000, into: &warmup)
        table.read("maximum_skew", in: .zero...(.seconds(366 * 86_400)), into: &maximumSkew)
        time = TimeConfiguration(from: &table)
        adaptation = AdaptationConfiguration(from: &table, match: match, time: time, horizon: horizon)
        anomalies = table.take("anomaly")?.readSection(name: "anomaly")
        if adaptation == nil { time.refuseUselessSeason(table, hasAnomalies: anomalies != nil) }
        if anomalies != nil && time.late == .revise {
            table.problem("late", "expected drop, found revise: an alarm (anomaly) is not taken back")
        }
        let windowLength = time.policy.windowLength
        if scale == .window && windowLength < 2 {
            table.problem(
                "window_length",
                "scale: window takes mean and deviation of the window: expected at least 2 ticks, found \(windowLength)"
            )
        }
        inputs = ModelInputsConfiguration(from: &table, match: match, scale: scale, time: time)
        values = table.readSection("values")
        if let value = table.take("idle_ttl"), !value.isWord("off") {
            idleLimit = value.duration(in: .seconds(1)...(.seconds(366 * 86_400)), orWords: "off")
        }
        table.read("on_model_change", into: &onModelChange)
    }
}
