// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What an engine remembers of an earlier life that inputs have to know as well.
package struct EarlierLife: Sendable {
    /// How far producers had come.
    var producers: [EarlierProducer] = []
    /// The ids of its streams in memory, each behind its length; none where no input gives its peers shares of them.
    var streams: [UInt8] = []

    /// None.
    init() {}

    init(of engine: borrowing ForecastEngine, plan: PipelinePlan) {
        producers = EarlierProducer.all(of: engine)
        guard plan.inputs.contains(where: { $0.streamsPerPeer != nil }) else { return }
        for slot in 0..<UInt32(engine.streamCount) {
            engine.identifier(of: slot).withUnsafeBytes { identifier in
                guard !identifier.isEmpty else { return }
                streams.append(UInt8(identifier.count))
                streams.append(contentsOf: identifier)
            }
        }
    }
}
