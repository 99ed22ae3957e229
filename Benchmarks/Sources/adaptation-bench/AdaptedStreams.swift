// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import AllocationCounter
import Forecasting
import Glibc
import RecurrentKernels

/// An engine whose streams come in turn, a tick each, with a model of shape S that has an output for each of 24 ticks
/// ahead, a season of 24 ticks and intervals for two levels.
struct AdaptedStreams: ~Copyable {
    /// What is measured: no adaptation, and each of its depths.
    static let depths: [Adaptation.Depth?] = [nil, .light, .full]
    private static let horizon = 24
    /// Values of a round: shorter than the turns that other programs take on the core.
    private static let roundLength = 20

    private let name: String
    private let count: Int
    private let identifiers: [[UInt8]]
    private var engine: ForecastEngine
    private var sent = 0

    init(_ depth: Adaptation.Depth?, count: Int) {
        name = depth?.rawValue ?? "off"
        self.count = count
        identifiers = (0..<count).map { Array("plant.\($0)".utf8) }
        let adaptation = depth.map {
            Adaptation(depth: $0, season: 24, horizon: Self.horizon, levels: [0.8, 0.95])
        }
        let model = ForecastPlan.Model(
            name: "S", revision: "", packed: PackedModel(Self.weights()), mode: .stateful, target: .difference
        )
        let rule = ForecastPlan.Rule(
            match: .everything, model: 0, scaling: .rolling(halfLife: 48), horizon: Self.horizon, warmup: 0,
            maximumSkew: .max, adaptation: adaptation)
        let plan = ForecastPlan(models: [model], rules: [rule], streamsLimit: 100_000, batchLimit: 64)
        engine = ForecastEngine(plan: plan, seed: 1)
    }

    /// Weights as PyTorch first draws them.
    private static func weights() -> RecurrentWeights {
        var generator = SystemRandomNumberGenerator()
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in .random(in: -0.14...0.14, using: &generator) }
        }
        return RecurrentWeights(
            shape: RecurrentShape(inputSize: 1, hiddenSize: 50, layerCount: 2, outputSize: horizon),
            layers: [1, 50].map {
                RecurrentWeights.Layer(input: draw(200 * $0), recurrent: draw(10_000), bias: draw(200))
            }, readout: draw(50 * horizon), readoutBias: draw(horizon))
    }

    /// Nanoseconds and allocations of one value, past the time in which learning begins: the median of rounds.
    mutating func time(milliseconds: Double) -> String {
        take(200 * count)
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(milliseconds)
        var rounds: [Double] = []
        rounds.reserveCapacity(1 << 16)
        let allocationsBefore = allocation_count()
        repeat {
            let start = clock.now
            take(Self.roundLength)
            rounds.append((clock.now - start) / .nanoseconds(Self.roundLength))
        } while clock.now < end && rounds.count < rounds.capacity
        let allocations =
            Double(allocation_count() - allocationsBefore) / Double(rounds.count * Self.roundLength)
        rounds.sort()
        return #"{"depth": "\#(name)", "streams": \#(count), "ns": \#(rounds[rounds.count / 2]), "#
            + #""allocations": \#(allocations)}"#
    }

    /// Bytes by which the process grows with each stream, and those that a plan predicts.
    mutating func memory() -> String {
        let before = Self.residentBytes()
        take(100 * count)
        let bytes = Double(Self.residentBytes() - before) / Double(count)
        return
            #"{"depth": "\#(name)", "bytes": \#(bytes), "predicted": \#(engine.plan.bytesPerStream(rule: engine.plan.rules[0]))}"#
    }

    /// The next values, each of the stream whose turn it is.
    private mutating func take(_ values: Int) {
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<values {
            let (tick, index) = sent.quotientAndRemainder(dividingBy: count)
            now = Timestamp(nanoseconds: 1_700_000_000_000_000_000 + Int64(tick) * 1_000_000_000)
            let value = sin(Double(tick + index) * .pi / 12) + Double((tick &* 7919 + index) % 100) / 200
            let identifier = identifiers[index]
            let refusal = engine.accept(
                Observation(time: now, value: value), of: identifier.span.bytes, at: now)
            precondition(refusal == nil, "a value later than all before is taken")
            sent += 1
            if count == 1 || engine.isFull { forecast(at: now) }
        }
        forecast(at: now)
    }

    private mutating func forecast(at now: Timestamp) { while engine.advance(at: now) {} }

    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else {
            fatalError("/proc/self/statm: cannot be opened")
        }
        defer { fclose(file) }
        var (size, resident) = (0, 0)
        let found = withUnsafeMutablePointer(to: &size) { size in
            withUnsafeMutablePointer(to: &resident) { resident in
                withVaList([size, resident]) { vfscanf(file, "%ld %ld", $0) }
            }
        }
        precondition(found == 2, "/proc/self/statm begins with two numbers")
        return resident * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
