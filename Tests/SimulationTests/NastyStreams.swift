// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport

/// Senders at their worst, by seed: gaps, bursts, late values, duplicates, replays, clocks that jump.
struct NastyStreams {
    /// What happens next.
    enum Event {
        case observation(stream: Int, Observation, now: Timestamp)
        /// The turn is over and the clock says so late.
        case endOfTurn(now: Timestamp, passesTime: Bool)
    }

    private struct Sender {
        /// How wrong the sender's clock is.
        var offset: Int64 = 0
        var mutedUntil: Int64 = 0
        var sent: [Observation] = []
    }

    private var generator: SeededGenerator
    private var senders: [Sender]
    private var now: Int64 = 1_700_000_000_000_000_000
    private var pending: [Event] = []

    init(streamCount: Int, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        senders = Array(repeating: Sender(), count: streamCount)
    }

    private mutating func draw(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &generator) }

    mutating func next() -> Event {
        if let event = pending.popLast() { return event }
        if draw(0...9) == 0 {
            let passesTime = draw(0...1) == 0
            if draw(0...800) == 0 { now += draw(1...120) * 1_000_000_000 }
            if draw(0...2000) == 0 { now -= draw(1...5) * 1_000_000_000 }
            return .endOfTurn(now: Timestamp(nanoseconds: now), passesTime: passesTime)
        }
        now += draw(0...2_000_000_000) / Int64(senders.count)
        let stream = Int(draw(0...Int64(senders.count - 1)))
        guard senders[stream].mutedUntil <= now else {
            return .endOfTurn(now: Timestamp(nanoseconds: now), passesTime: true)
        }
        return send(stream)
    }

    private mutating func send(_ stream: Int) -> Event {
        let second: Int64 = 1_000_000_000
        var time = now + draw(0...50) * 1_000_000
        switch draw(0...400) {
        case 0: senders[stream].offset -= draw(1...3600) * second
        case 1: senders[stream].offset += draw(1...90) * second
        case 2...4: senders[stream].offset = 0
        case 5...7: senders[stream].mutedUntil = now + draw(1...40) * second
        case 8...10:
            for _ in 0..<draw(2...30) {
                time += draw(0...200) * 1_000_000
                pending.append(event(stream, observation(time + senders[stream].offset)))
            }
            pending.reverse()
        case 11...30: time -= draw(0...4000) * 1_000_000
        case 31...45: if let again = senders[stream].sent.last { return event(stream, again) }
        case 46...47:
            for observation in senders[stream].sent.suffix(8).reversed() {
                pending.append(event(stream, observation))
            }
        default: break
        }
        let observation = observation(time + senders[stream].offset)
        senders[stream].sent = senders[stream].sent.suffix(10) + [observation]
        return event(stream, observation)
    }

    private mutating func observation(_ time: Int64) -> Observation {
        Observation(time: Timestamp(nanoseconds: time), value: Double(draw(-500...500)) / 8)
    }

    private func event(_ stream: Int, _ observation: Observation) -> Event {
        .observation(stream: stream, observation, now: Timestamp(nanoseconds: now))
    }
}
