// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import RecurrentKernels

/// An engine of shape S in turns of 64 values, with its streams copied meanwhile as the daemon's pipeline copies them.
struct CopiedTurns: ~Copyable {
    private static let turnLength = 64
    /// Bytes that the pipeline copies in a turn, besides the streams that change in it.
    private static let copyLimit = 256 << 10

    private let streamCount: Int
    private let identifiers: [[UInt8]]
    private var engine: ForecastEngine
    private var sent = 0

    init(isAdapted: Bool, streamCount: Int) {
        self.streamCount = streamCount
        identifiers = (0..<streamCount).map { Array("plant.\($0)".utf8) }
        let outputs = isAdapted ? 24 : 1
        let model = ForecastPlan.Model(
            name: "S", revision: "", packed: PackedModel(Self.weights(outputs)), mode: .stateful,
            target: .difference)
        let rule = ForecastPlan.Rule(
            match: .everything, model: 0, scaling: .rolling(halfLife: 48), horizon: outputs, warmup: 0,
            maximumSkew: .max,
            adaptation: isAdapted
                ? Adaptation(depth: .light, season: 24, horizon: outputs, levels: [0.8, 0.95]) : nil)
        engine = ForecastEngine(
            plan: ForecastPlan(models: [model], rules: [rule], streamsLimit: streamCount, batchLimit: 64),
            seed: 1)
    }

    private static func weights(_ outputs: Int) -> RecurrentWeights {
        var generator = SystemRandomNumberGenerator()
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in .random(in: -0.14...0.14, using: &generator) }
        }
        return RecurrentWeights(
            shape: RecurrentShape(inputSize: 1, hiddenSize: 50, layerCount: 2, outputSize: outputs),
            layers: [1, 50].map {
                RecurrentWeights.Layer(input: draw(200 * $0), recurrent: draw(10_000), bias: draw(200))
            }, readout: draw(50 * outputs), readoutBias: draw(outputs))
    }

    /// Microseconds of processor time that a turn takes without a copy and while one is taken, and bytes of the copy.
    mutating func measure(_ depth: String) -> String {
        for _ in 0..<(3 * streamCount / Self.turnLength + 1) { turn() }
        var plain: [Double] = []
        for _ in 0..<1000 { plain.append(timed { turns in turns.turn() }) }
        var (copied, bytes, chunks) = ([Double](), 0, [[UInt8]]())
        var isLast = false
        copied.append(timed { turns in turns.engine.beginCopy() })
        while !isLast {
            copied.append(
                timed { turns in
                    turns.turn()
                    isLast = !turns.engine.copyStreams(atMost: Self.copyLimit)
                    // Another thread frees them.
                    while let chunk = turns.engine.takeCopiedChunk() { chunks.append(chunk) }
                })
            bytes += chunks.reduce(0) { $0 + $1.count }
            chunks = []
        }
        plain.sort()
        copied.sort()
        let median = plain[plain.count / 2]
        return
            #"{"depth": "\#(depth)", "streams": \#(streamCount), "bytes": \#(bytes), "turn_us": \#(median), "#
            + #""copied_us": \#(copied[copied.count / 2]), "longest_us": \#(copied.last!)}"#
    }

    private mutating func timed(_ body: (inout CopiedTurns) -> Void) -> Double {
        let begin = Self.processorTime()
        body(&self)
        return Self.processorTime() - begin
    }

    /// Microseconds that this thread has run: what others on the core take does not count.
    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    private mutating func turn() {
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<Self.turnLength {
            let (tick, index) = sent.quotientAndRemainder(dividingBy: streamCount)
            now = Timestamp(nanoseconds: 1_700_000_000_000_000_000 + Int64(tick) * 1_000_000_000)
            let value = Double((tick &* 7919 + index) % 100) / 50
            let identifier = identifiers[index]
            let refusal = engine.accept(
                Observation(time: now, value: value), of: identifier.span.bytes, at: now)
            precondition(refusal == nil, "a value later than all before is taken")
            sent += 1
        }
        while engine.advance(at: now) {}
    }
}
