// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport

/// Senders at their worst, by seed: gaps, bursts, late values, duplicates, replays, restarts, clocks that jump,
/// times and values at the ends of their ranges.
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
    private var clock: Int64 = 1_700_000_000_000_000_000
    private var pending: [Event] = []

    /// The largest value, which a sender sends now and then.
    private let largest: Double

    /// - Parameter largest: By default one whose square is finite; more resets states, which the references know not.
    init(streamCount: Int, seed: UInt64, largest: Double = 1e150) {
        self.largest = largest
        generator = SeededGenerator(seed: seed)
        senders = Array(repeating: Sender(), count: streamCount)
    }

    private mutating func draw(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &generator) }

    /// The clock's time.
    var now: Timestamp { Timestamp(nanoseconds: clock) }

    mutating func next() -> Event {
        if let event = pending.popLast() { return event }
        if draw(0...9) == 0 {
            let passesTime = draw(0...1) == 0
            if draw(0...800) == 0 { clock += draw(1...120) * 1_000_000_000 }
            if draw(0...2000) == 0 { clock -= draw(1...5) * 1_000_000_000 }
            return .endOfTurn(now: Timestamp(nanoseconds: clock), passesTime: passesTime)
        }
        clock += draw(0...2_000_000_000) / Int64(senders.count)
        let stream = Int(draw(0...Int64(senders.count - 1)))
        guard senders[stream].mutedUntil <= clock else {
            return .endOfTurn(now: Timestamp(nanoseconds: clock), passesTime: true)
        }
        return send(stream)
    }

    private mutating func send(_ stream: Int) -> Event {
        let second: Int64 = 1_000_000_000
        var time = clock + draw(0...50) * 1_000_000
        switch draw(0...400) {
        case 0: senders[stream].offset -= draw(1...3600) * second
        case 1: senders[stream].offset += draw(1...90) * second
        case 2...4: senders[stream].offset = 0
        case 5...7: senders[stream].mutedUntil = clock + draw(1...40) * second
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
        if !senders[stream].sent.isEmpty, let event = sendOdd(stream, time) { return event }
        let observation = observation(time + senders[stream].offset)
        senders[stream].sent = senders[stream].sent.suffix(10) + [observation]
        return event(stream, observation)
    }

    /// What happens once in a device's life, if it happens now.
    private mutating func sendOdd(_ stream: Int, _ time: Int64) -> Event? {
        let second: Int64 = 1_000_000_000
        var observation = observation(time + senders[stream].offset)
        switch draw(0...2500) {
        case 0:
            // It starts again after a pause, and its clock at 1970 or at a time that it kept in memory.
            let pause = draw(1...90) * second
            senders[stream].sent = []
            senders[stream].offset = draw(0...1) == 0 ? -clock - pause : -pause
            senders[stream].mutedUntil = clock + pause
        case 1: senders[stream].offset += 3600 * second  // summer time begins, sent as if it were UTC
        case 2: senders[stream].offset -= 3600 * second  // and ends
        case 3:
            // The leap second 23:59:60 is 00:00:00 as well: that second is lived through twice.
            let begin = observation.time.nanoseconds / second * second
            for step in (0...7 as ClosedRange<Int64>).reversed() {
                observation = self.observation(begin + step % 4 * second / 4)
                pending.append(event(stream, observation))
            }
            senders[stream].offset -= second
        case 4:
            let ends: [Int64] = [.min, .min + 1, -(1 << 62) - 1, -(1 << 62), 0, 1 << 62, 1 << 62 + 1, .max]
            observation.time.nanoseconds = ends[Int(draw(0...7))]
            return event(stream, observation)
        case 5:
            let ends = [largest, -largest, 5e-300, -0.0]
            observation.value = ends[Int(draw(0...3))]
            return event(stream, observation)
        default: return nil
        }
        return pending.popLast()
    }

    private mutating func observation(_ time: Int64) -> Observation {
        Observation(time: Timestamp(nanoseconds: time), value: Double(draw(-500...500)) / 8)
    }

    private func event(_ stream: Int, _ observation: Observation) -> Event {
        .observation(stream: stream, observation, now: Timestamp(nanoseconds: clock))
    }
}
