// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
import Training

/// Seeded signals with the troubles that real sensors have: the same seed gives the same values and troubles.
package struct SignalSource: MessageSource {
    /// What the signals are like.
    package struct Options: Sendable {
        /// Streams; they are by turns sines, noise and steps.
        package var streams = 10
        /// Time between two values of a stream.
        package var interval: Duration = .seconds(1)
        /// What the values follow from.
        package var seed: UInt64 = 1
        /// What the stream ids begin with.
        package var prefix = "signal."
        /// Share of values whose message is lost, 0 to 1.
        package var gaps = 0.0
        /// Share of values that are sent twice.
        package var duplicates = 0.0
        /// Share of values that are sent after their successor; a successor is not late itself.
        package var late = 0.0
        /// Share of values in whose place something else is sent that is no good message.
        package var corrupt = 0.0

        /// Makes options without troubles.
        package init() {}
    }

    private let options: Options
    private var schedule: Schedule
    private var signals: [Signal]
    private var random: SplitMix64
    private var held: [Int: GeneratedMessage] = [:]

    /// Makes a source.
    package init(_ options: Options) {
        self.options = options
        schedule = Schedule(every: options.interval)
        random = SplitMix64(seed: options.seed)
        signals = (0..<options.streams).map { index in
            Signal(
                kind: Signal.Kind.allCases[index % Signal.Kind.allCases.count], index: index,
                seed: options.seed)
        }
    }

    package var summary: String { "\(options.streams) signals, seed \(options.seed)," }

    package mutating func nextDue() -> ContinuousClock.Instant? { schedule.next() }

    package mutating func messages(at now: Timestamp) -> [GeneratedMessage] {
        signals.indices.flatMap { messages(of: $0, at: now) }
    }

    private mutating func messages(of index: Int, at now: Timestamp) -> [GeneratedMessage] {
        let stream = "\(options.prefix)\(signals[index].kind).\(index)"
        let observation = Observation(time: now, value: signals[index].next())
        let message = GeneratedMessage.observation(stream: stream, observation)
        var draw = random.uniform()
        func happens(_ share: Double) -> Bool {
            draw -= share
            return draw < 0
        }
        if happens(options.gaps) { return [.lost(stream: stream)] }
        if happens(options.corrupt) {
            return [.corrupt(Corruption.allCases.randomElement(using: &random)!.frames(of: stream))]
        }
        let isTwice = happens(options.duplicates)
        // A value behind another late one cannot be late itself: it is the successor.
        guard let late = held.removeValue(forKey: index) else {
            if !isTwice, happens(options.late) {
                held[index] = message
                return []
            }
            return isTwice ? [message, message] : [message]
        }
        return (isTwice ? [message, message] : [message]) + [late]
    }
}

/// One stream of values.
private struct Signal {
    enum Kind: String, CaseIterable { case sine, noise, steps }

    let kind: Kind
    private let offset: Double
    private let amplitude: Double
    private let period: Double
    private var level = 0.0
    private var tick = 0.0
    private var random: SplitMix64

    init(kind: Kind, index: Int, seed: UInt64) {
        self.kind = kind
        random = SplitMix64(seed: seed &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(index + 1))
        offset = 100 * (random.uniform() - 0.5)
        amplitude = exp(4 * random.uniform() - 2)
        period = 20 * exp(2 * random.uniform())
    }

    mutating func next() -> Double {
        defer { tick += 1 }
        switch kind {
        case .sine: level = sin(2 * .pi * tick / period) + 0.1 * random.normal()
        case .noise: level = 0.9 * level + 0.4 * random.normal()
        case .steps: if random.uniform() < 1 / period { level = 2 * random.normal() }
        }
        return offset + amplitude * (kind == .steps ? level + 0.02 * random.normal() : level)
    }
}

/// What can be wrong with a message.
enum Corruption: CaseIterable {
    case cutShort, notFinite, wrongType, notUTF8, noValue, empty, badIdentifier, badSequence, fourFrames

    /// A message of a stream with just this wrong.
    func frames(of stream: String) -> [[UInt8]] {
        let identifier = Array(stream.utf8)
        func message(_ payload: String) -> [[UInt8]] { [identifier, Array(payload.utf8)] }
        return switch self {
        case .cutShort: message("{\"value\":1")
        case .notFinite: message("{\"value\":1e999}")
        case .wrongType: message("{\"value\":true}")
        case .notUTF8:
            [identifier, Array("{\"value\":1,\"unit\":\"".utf8) + [0xB0, 0x43] + Array("\"}".utf8)]
        case .noValue: message("{\"temperature\":1}")
        case .empty: message("")
        case .badIdentifier: [identifier + [0x20], Array("{\"value\":1}".utf8)]
        case .badSequence: message("{\"value\":1}") + [[1, 2, 3]]
        case .fourFrames: message("{\"value\":1}") + [[0, 0, 0, 0, 0, 0, 0, 0], [0]]
        }
    }
}
