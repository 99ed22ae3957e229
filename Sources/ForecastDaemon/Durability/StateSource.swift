// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Saved streams on their way into another engine.
struct StateSource {
    /// A state as `ForecastEngine.copyAll` gave it.
    var chunks: [[UInt8]]
    /// Which of its streams go.
    var takes: (RawSpan) -> Bool = { _ in true }

    /// All streams of an engine.
    init(copyOf engine: inout ForecastEngine) {
        var chunks: [[UInt8]] = []
        engine.copyAll { chunks.append($0) }
        self.chunks = chunks
    }
}

extension ForecastEngine {
    /// Takes over streams of several states.
    ///
    /// - Parameter isOurs: Which of them, by their id.
    mutating func take(
        _ sources: [StateSource], isOurs: (RawSpan) -> Bool = { _ in true }
    ) throws(DaemonError) -> Restoration {
        var result = Restoration()
        for source in sources {
            var rest = source.chunks[...]
            var reader = StateReader { rest.popFirst() }
            do throws(StateError) {
                result.add(try restore(from: &reader, isOurs: { source.takes($0) && isOurs($0) }))
            } catch { throw DaemonError(.data, "the state of the streams: \(error)") }
        }
        return result
    }

    /// The ids of all streams, in the order of their slots.
    var identifiers: [String] {
        (0..<UInt32(streamCount)).map { slot in
            identifier(of: slot).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
    }
}
