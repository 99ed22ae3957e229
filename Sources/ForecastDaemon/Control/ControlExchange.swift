// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A request that came over the control socket, whose thread waits for the answer.
final class ControlExchange: Sendable {
    /// The line that came.
    let request: [UInt8]
    private let text = Mutex<String?>(nil)
    private let doorbell: Doorbell

    /// - Parameter doorbell: Wakes the socket's thread.
    init(_ request: [UInt8], doorbell: Doorbell) { (self.request, self.doorbell) = (request, doorbell) }

    /// Answers with a line.
    func answer(_ line: String) {
        text.withLock { $0 = line }
        doorbell.ring()
    }

    /// Waits for the answer.
    func wait() -> String {
        while true {
            if let line = text.withLock({ $0 }) { return line }
            doorbell.sleep(atMost: 1000) { text.withLock { $0 != nil } }
        }
    }
}
