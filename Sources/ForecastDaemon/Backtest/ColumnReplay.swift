// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// The live engine on the way through a column of history, one stream as the daemon has it and one without adaptation.
package struct ColumnReplay {
    /// The identifiers of the two streams, which the plan has rules for.
    private static let (adapted, frozen) = ("adapted", "frozen")
    private static let period: Int64 = 1_000_000_000

    private let plan: ForecastPlan

    /// Prepares a replay by one model.
    ///
    /// - Parameter adaptation: Nil for what the model says by itself.
    package init(_ model: ForecastPlan.Model, scaling: Scaling, horizon: Int, adaptation: Adaptation?) {
        var time = TimePolicy()
        time.every = .period(Self.period)
        func rule(_ stream: String, _ adaptation: Adaptation?) -> ForecastPlan.Rule {
            guard let match = try? Glob(stream) else { preconditionFailure("a word is a pattern") }
            return ForecastPlan.Rule(
                match: match, model: 0, scaling: scaling, horizon: horizon, warmup: 0, maximumSkew: 0,
                time: time, adaptation: adaptation)
        }
        plan = ForecastPlan(
            models: [model], rules: [rule(Self.adapted, adaptation), rule(Self.frozen, nil)],
            streamsLimit: 2, batchLimit: 64)
    }

    /// Hands the engine row after row, as far as each has a value, and gives what it says at each.
    ///
    /// A row is a tick of the streams' time line. What is said at a row comes when the next value closes its tick.
    package func run(_ values: [Double], visit: (OriginForecast) -> Void) {
        var engine = ForecastEngine(plan: plan, seed: 0)
        var origin = OriginForecast()
        for (row, value) in values.enumerated() where value.isFinite {
            let now = Timestamp(nanoseconds: Int64(row) * Self.period)
            for stream in [Self.adapted, Self.frozen] {
                let refusal = engine.accept(
                    Observation(time: now, value: value), of: stream.utf8.span.bytes, at: now)
                precondition(refusal == nil, "rows come in order")
            }
            while engine.advance(at: now) {
                origin.take(engine)
                visit(origin)
            }
        }
    }
}
