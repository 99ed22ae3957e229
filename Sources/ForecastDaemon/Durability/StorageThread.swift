// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore

/// The thread that waits for the disk on behalf of one engine.
enum StorageThread {
    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - number: The pipeline's, from 1.
    ///   - makeStorage: Called once, on the new thread.
    /// - Throws: A `DaemonError` if the system has no thread.
    static func start<D: Disk>(
        number: Int, link: StateLink, _ makeStorage: @escaping @Sendable () -> StateStorage<D>
    ) throws(DaemonError) {
        try PipelineThread.start(name: "storage \(number)") {
            var storage = makeStorage()
            repeat {
                let milliseconds = Int32(max(1, min(1000, storage.rest / .milliseconds(1))))
                link.doorbell.sleep(atMost: milliseconds) {
                    link.hasPieces || link.engineHasEnded || link.isGroupFull
                }
            } while storage.turn()
        }
    }
}
