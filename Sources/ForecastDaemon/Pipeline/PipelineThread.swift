// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import ZeroMQ

/// The operating system's thread that builds and runs one pipeline.
package enum PipelineThread {
    /// Runs the pipeline on a thread of its own until the mailbox says stop.
    ///
    /// - Parameters:
    ///   - plan: What to run.
    ///   - mailbox: The thread's link to the rest of the daemon.
    ///   - onReady: Called on the thread when all sockets are open.
    /// - Throws: A `DaemonError` if a socket cannot be opened or fails.
    package static func run(
        _ plan: PipelinePlan, mailbox: Mailbox, onReady: @escaping @Sendable () -> Void
    ) async throws {
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            let body = Body {
                ended.resume(
                    with: Result { () throws(DaemonError) in
                        try runLoop(plan, mailbox: mailbox, onReady: onReady)
                    }.mapError { $0 as any Error })
            }
            body.start()
        }
    }

    private static func runLoop(
        _ plan: PipelinePlan, mailbox: Mailbox, onReady: () -> Void
    ) throws(DaemonError) {
        do throws(ZeroMQError) {
            let context = try Context(
                ioThreads: plan.ioThreads, ioThreadScheduling: plan.ioThreadScheduling)
            var loop = try PipelineLoop.open(plan, mailbox: mailbox, context: context)
            onReady()
            try loop.run()
        } catch {
            throw DaemonError(error)
        }
    }

    /// What a new thread is to do, on its way through pthread_create.
    private final class Body {
        private let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }

        /// Starts a thread.
        ///
        /// It is not joined: `run` says when it ends.
        func start() {
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
            precondition(status == 0, "the system has no thread for the pipeline")
            pthread_detach(thread)
        }
    }
}
