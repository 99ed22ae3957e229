// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the thread of the sockets waits for at the start: engines on threads of their own that take up their state.
final class EnginesBeginning: Sendable {
    private let doorbell: Doorbell
    private let outcome = Mutex<(ready: Int, error: DaemonError?)>((0, nil))
    private let earlier = Mutex<(producers: [[UInt8]: [EarlierProducer]], streams: [UInt8])>(([:], []))

    /// - Parameter doorbell: Wakes the thread that waits.
    init(doorbell: Doorbell) { self.doorbell = doorbell }

    /// An engine has its state, and with it knows some producers and streams.
    func isReady(_ known: EarlierLife) {
        earlier.withLock { earlier in
            for producer in known.producers { earlier.producers[producer.key, default: []].append(producer) }
            earlier.streams += known.streams
        }
        outcome.withLock { $0.ready += 1 }
        doorbell.ring()
    }

    /// An engine cannot have its state.
    func failed(_ error: DaemonError) {
        outcome.withLock { $0.error = $0.error ?? error }
        doorbell.ring()
    }

    /// Waits for so many engines; gives what they know together.
    ///
    /// - Throws: The first error of any.
    func wait(for count: Int) throws(DaemonError) -> EarlierLife {
        while true {
            let (ready, error) = outcome.withLock { $0 }
            if let error { throw error }
            if ready == count {
                return earlier.withLock {
                    var life = EarlierLife()
                    life.producers = $0.producers.values.map { EarlierProducer($0, engineCount: count) }
                    life.streams = $0.streams
                    return life
                }
            }
            doorbell.sleep(atMost: 1000) { outcome.withLock { $0.ready != ready || $0.error != nil } }
        }
    }
}
