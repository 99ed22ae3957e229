// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the thread of the sockets waits for at the start: engines on threads of their own that take up their state.
final class EnginesBeginning: Sendable {
    private let doorbell: Doorbell
    private let outcome = Mutex<(ready: Int, error: DaemonError?)>((0, nil))
    private let producers = Mutex<[[UInt8]: [EarlierProducer]]>([:])

    /// - Parameter doorbell: Wakes the thread that waits.
    init(doorbell: Doorbell) { self.doorbell = doorbell }

    /// An engine has its state, and with it knows some producers.
    func isReady(_ known: [EarlierProducer]) {
        producers.withLock { producers in
            for producer in known { producers[producer.key, default: []].append(producer) }
        }
        outcome.withLock { $0.ready += 1 }
        doorbell.ring()
    }

    /// An engine cannot have its state.
    func failed(_ error: DaemonError) {
        outcome.withLock { $0.error = $0.error ?? error }
        doorbell.ring()
    }

    /// Waits for so many engines; gives the producers that they know.
    ///
    /// - Throws: The first error of any.
    func wait(for count: Int) throws(DaemonError) -> [EarlierProducer] {
        while true {
            let (ready, error) = outcome.withLock { $0 }
            if let error { throw error }
            if ready == count {
                return producers.withLock { $0.values.map { EarlierProducer($0, engineCount: count) } }
            }
            doorbell.sleep(atMost: 1000) { outcome.withLock { $0.ready != ready || $0.error != nil } }
        }
    }
}
