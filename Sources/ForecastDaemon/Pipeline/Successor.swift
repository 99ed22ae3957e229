// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
package import Forecasting
import WireFormat

/// An engine that is to take over from a pipeline's, made ready while that one goes on.
///
/// Whoever has it has it alone: the reload, then the pipeline's thread, then the reload again, which gives up the engine
/// before, that is in it then.
package final class Successor: @unchecked Sendable {
    var engine: ForecastEngine
    /// One per output.
    var encoders: RigidArray<ForecastEncoder>
    let succession: Succession
    /// Plans that were in force before.
    let generation: Int
    let digest: UInt64
    /// What became of the streams, and how long the pipeline stood still for it, once it took over.
    private(set) var changes: [StreamChange: Int] = [:]
    private(set) var pause = Duration.zero

    /// Makes the engine of one pipeline of `plan`, which shares `quota` with the others.
    package init(_ plan: PipelinePlan, succession: Succession, quota: StreamQuota) {
        engine = plan.engine(quota: quota)
        encoders = plan.encoders
        self.succession = succession
        generation = plan.generation
        digest = plan.forecasts.digest
    }

    /// Takes over from the engine and the encoders of a pipeline, and keeps those instead.
    func takeOver(
        _ old: inout ForecastEngine, _ oldEncoders: inout RigidArray<ForecastEncoder>, at now: Timestamp
    ) {
        let begin = ContinuousClock.now
        swap(&old, &engine)
        swap(&oldEncoders, &encoders)
        changes = old.takeOver(&engine, by: succession, at: now)
        pause = .now - begin
    }
}

extension PipelinePlan {
    /// What writes forecasts, for each output.
    var encoders: RigidArray<ForecastEncoder> {
        var encoders = RigidArray<ForecastEncoder>(capacity: outputs.count)
        for output in outputs {
            encoders.append(
                ForecastEncoder(
                    epoch: epoch, rules: labels, format: output.format, times: output.times,
                    maximumHorizon: maximumHorizon))
        }
        return encoders
    }
}
