// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import WireFormat

/// Forecasts on standard output, as they are published: a JSON object a line.
package final class ForecastLines {
    private var encoder: ForecastEncoder
    private var output = TapOutput()
    private let pattern: Glob?
    /// Lines since the last flush, and all.
    private var waiting = 0
    package private(set) var count = 0

    /// - Parameter pattern: Which streams are printed, by their ids; nil for all.
    package init(_ prepared: PreparedDaemon, pattern: Glob?) {
        let plan = prepared.pipelinePlan()
        encoder = ForecastEncoder(
            epoch: plan.epoch, rules: plan.labels, times: .rfc3339, maximumHorizon: plan.maximumHorizon)
        self.pattern = pattern
    }

    /// Writes what an engine has just forecast.
    package func write(_ engine: borrowing ForecastEngine) {
        for index in 0..<engine.forecastCount {
            let forecast = engine.forecast(at: index)
            if let pattern, !pattern.matches(engine.identifier(of: forecast.slot)) { continue }
            encoder.encode(
                forecast, stream: engine.identifier(of: forecast.slot), yhat: engine.yhat(at: index),
                margins: engine.margins(at: index), score: engine.recentScore(at: index))
            output.write(line: encoder.bytes)
            waiting += 1
            count += 1
        }
    }

    /// Gives the lines to whoever reads them; false if nobody does any more.
    func flush() throws(DaemonError) -> Bool {
        guard waiting > 0 else { return true }
        waiting = 0
        let isRead = output.flush()
        if let problem = output.problem { throw problem }
        return isRead
    }
}
