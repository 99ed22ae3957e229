// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Runs tasks on the thread of an event loop, so that answers wait for no other work of the process.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    /// Runs on `loop`, which outlives the tasks.
    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
