// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// The live engine on the way through columns of history, each a stream as the daemon has it and one without adaptation.
package struct ColumnReplay {
    /// What the identifiers of the two streams of a column begin with.
    private static let (adapted, frozen) = ("adapted.", "frozen.")
    private static let period: Int64 = 1_000_000_000

    private let plan: ForecastPlan

    /// Prepares a replay by one model.
    ///
    /// - Parameters:
    ///   - columnCount: The most columns at a time.
    ///   - adaptation: Nil for what the model says by itself.
    ///   - areRelated: Whether columns are looked at by each other.
    package init(
        _ model: ForecastPlan.Model, scaling: Scaling, horizon: Int, columnCount: Int = 1,
        adaptation: Adaptation?, areRelated: Bool = false
    ) {
        var time = TimePolicy()
        time.every = .period(Self.period)
        func rule(_ stream: String, _ adaptation: Adaptation?) -> ForecastPlan.Rule {
            guard let match = try? Glob(stream + "*") else { preconditionFailure("a word is a pattern") }
            return ForecastPlan.Rule(
                match: match, model: 0, scaling: scaling, horizon: horizon, warmup: 0, maximumSkew: 0,
                time: time, adaptation: adaptation)
        }
        var adaptation = adaptation
        if areRelated {
            adaptation?.related = try? IdentifierTemplate(
                Self.adapted + "*", of: .everything, isPattern: true)
        }
        plan = ForecastPlan(
            models: [model], rules: [rule(Self.adapted, adaptation), rule(Self.frozen, nil)],
            streamsLimit: 2 * columnCount, batchLimit: 64 * columnCount)
    }

    /// Hands the engine row after row, as far as there are values, and gives what it says of each column.
    ///
    /// A row is a tick of the streams' time line. What is said at a row comes when the next value closes its tick.
    package func run(_ columns: [[Double]], visit: (_ column: Int, OriginForecast) -> Void) {
        var engine = ForecastEngine(plan: plan, seed: 0)
        var origins = [OriginForecast](repeating: OriginForecast(), count: columns.count)
        let streams = columns.indices.map { column in
            [Self.adapted, Self.frozen].map { Array("\($0)\(column)".utf8) }
        }
        var columnsBySlot: [Int] = []
        for row in columns[0].indices {
            let now = Timestamp(nanoseconds: Int64(row) * Self.period)
            for (column, values) in columns.enumerated() where values[row].isFinite {
                for stream in streams[column] {
                    let refusal = engine.accept(
                        Observation(time: now, value: values[row]), of: stream.span.bytes, at: now)
                    precondition(refusal == nil, "rows come in order")
                    if engine.streamCount > columnsBySlot.count { columnsBySlot.append(column) }
                }
            }
            while engine.advance(at: now) {
                for index in stride(from: 0, to: engine.forecastCount, by: 2) {
                    let column = columnsBySlot[Int(engine.forecast(at: index).slot)]
                    origins[column].take(engine, at: index)
                    visit(column, origins[column])
                }
            }
        }
    }
}
