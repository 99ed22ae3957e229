// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing
import WireFormat

/// Seeded signals and their troubles.
@Suite struct SignalSourceTests {
    static func messages(_ ticks: Int, _ options: SignalSource.Options) -> [[GeneratedMessage]] {
        var source = SignalSource(options)
        return (0..<ticks).map { source.messages(at: Time.second($0)) }
    }

    static func options(
        streams: Int = 3, seed: UInt64 = 1, gaps: Double = 0, duplicates: Double = 0, late: Double = 0,
        corrupt: Double = 0
    ) -> SignalSource.Options {
        var options = SignalSource.Options()
        (options.streams, options.seed) = (streams, seed)
        (options.gaps, options.duplicates, options.late, options.corrupt) = (gaps, duplicates, late, corrupt)
        return options
    }

    @Test(arguments: [1, 2, UInt64.max])
    func theSameSeedGivesTheSameMessages(seed: UInt64) {
        let options = Self.options(seed: seed, gaps: 0.1, duplicates: 0.1, late: 0.1, corrupt: 0.1)
        #expect(Self.messages(200, options) == Self.messages(200, options), "seed \(seed)")
        let other = Self.options(seed: seed &+ 1, gaps: 0.1, duplicates: 0.1, late: 0.1, corrupt: 0.1)
        #expect(Self.messages(200, options) != Self.messages(200, other), "seed \(seed)")
    }

    @Test func withoutTroublesEachStreamHasOneFiniteValueATick() {
        for (tick, messages) in Self.messages(300, Self.options(streams: 7)).enumerated() {
            let streams = messages.compactMap { message -> String? in
                guard case .observation(let stream, let observation) = message else { return nil }
                #expect(observation.value.isFinite)
                #expect(observation.time == Time.second(tick))
                return stream
            }
            let kinds = ["sine", "noise", "steps"]
            #expect(streams == (0..<7).map { "signal.\(kinds[$0 % 3]).\($0)" })
        }
    }

    @Test(arguments: [0.02, 0.2])
    func troublesOccurAsOftenAsAskedFor(share: Double) {
        let (ticks, streams, seed) = (2000, 10, UInt64(20_261_125))
        let options = Self.options(
            streams: streams, seed: seed, gaps: share, duplicates: share, late: share, corrupt: share)
        var counts = [String: Int]()
        var newest: [String: GeneratedMessage] = [:]
        for message in Self.messages(ticks, options).joined() {
            switch message {
            case .lost: counts["gaps", default: 0] += 1
            case .corrupt: counts["corrupt", default: 0] += 1
            case .observation(let stream, let observation):
                if newest[stream] == message { counts["duplicates", default: 0] += 1 }
                if case .observation(_, let before) = newest[stream], observation.time < before.time {
                    counts["late", default: 0] += 1
                } else {
                    newest[stream] = message
                }
            }
        }
        let total = Double(ticks * streams)
        // A value is late only after the late one before it has been sent behind a successor.
        let expected = [
            "gaps": share, "corrupt": share, "duplicates": share,
            "late": share / (1 + share / (1 - 2 * share)),
        ]
        for (trouble, share) in expected {
            let measured = Double(counts[trouble] ?? 0) / total
            #expect(
                abs(measured - share) < 0.15 * share + 0.003, "seed \(seed), \(trouble): \(measured)")
        }
    }

    @Test func whenAllWouldBeLateEveryOtherOneIs() {
        let messages = Self.messages(4, Self.options(streams: 1, late: 1)).map { $0.map(\.summary) }
        let times = messages.map { $0.map { $0.split(separator: " ")[1] } }
        #expect(times == [[], ["1.0", "0.0"], [], ["3.0", "2.0"]])
    }

    /// Every kind of corruption occurs, and the daemon's own decoder refuses each.
    @Test func everyCorruptionIsRefused() {
        let seed: UInt64 = 3
        let messages = Self.messages(400, Self.options(streams: 2, seed: seed, corrupt: 1)).joined()
        var reasons: [String: Int] = [:]
        for message in messages {
            guard case .corrupt(let frames) = message else {
                Issue.record("seed \(seed): \(message) is not corrupt")
                continue
            }
            let reason = Self.refusal(of: frames)
            #expect(reason != nil, "seed \(seed): \(frames)")
            reasons[reason ?? "", default: 0] += 1
        }
        #expect(
            Set(reasons.keys) == [
                "syntax", "not_finite", "wrong_type", "encoding", "missing_value", "empty", "identifier",
                "sequence", "frame_count",
            ])
    }

    /// Why the daemon would drop a message; nil if it would not.
    private static func refusal(of frames: [[UInt8]]) -> String? {
        let message = TapMessage(frames: frames)
        if let problem = message.problem { return problem.label }
        var decoded = DecodedMessage()
        do throws(DecodeError) {
            try PayloadDecoder.json(JSONDecoder()).decode(
                identifier: message.stream.span.bytes, payload: message.payload.span.bytes, into: &decoded)
            return nil
        } catch {
            return error.label
        }
    }
}
