// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import ZeroMQ

/// The operating system's threads: those that build and run the pipelines, and others for what takes long.
package enum PipelineThread {
    /// Gives an open descriptor that listens at an endpoint already; nil where there is none.
    package typealias Listener = @Sendable (_ endpoint: String) -> Int32?

    /// Runs the pipelines on threads of their own until the mailbox says stop.
    ///
    /// - Parameters:
    ///   - plan: What to run.
    ///   - mailbox: The threads' link to the rest of the daemon, for `plan.threadCount` threads.
    ///   - listener: As `Context` takes it.
    ///   - onReady: Called on the sockets' thread when all of them are open.
    /// - Throws: A `DaemonError` if a socket cannot be opened or fails.
    package static func run(
        _ plan: PipelinePlan, mailbox: Mailbox, listener: @escaping Listener = { _ in nil },
        onReady: @escaping @Sendable () -> Void
    ) async throws {
        defer { mailbox.close() }
        try await run(name: "pipeline") {
            try runLoop(plan, mailbox: mailbox, listener: listener, onReady: onReady)
        }
    }

    /// Does what takes long on a thread of its own, so that all else goes on.
    static func run<Value: Sendable>(
        name: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do throws(DaemonError) {
                try start(name: name) { continuation.resume(with: Result { try body() }) }
            } catch { continuation.resume(throwing: error) }
        }
    }

    private static func runLoop(
        _ plan: PipelinePlan, mailbox: Mailbox, listener: @escaping Listener, onReady: () -> Void
    ) throws(DaemonError) {
        var state: EngineState?
        if let kept = plan.state {
            state = try EngineState(kept, pipelineCount: plan.pipelineCount)
            try state?.divide(for: plan)
        }
        if plan.pipelineCount == 1 {
            let stage = try EngineStage(
                plan, questions: mailbox.questions[0], successions: mailbox.successions[0], state: state,
                doorbell: mailbox.doorbells[0])
            try runLoop(plan, mailbox: mailbox, listener: listener, stage: stage, onReady: onReady)
        } else {
            let stage = try DistributionStage(plan, mailbox: mailbox, state: state)
            try runLoop(plan, mailbox: mailbox, listener: listener, stage: stage, onReady: onReady)
        }
    }

    private static func runLoop<Stage: ForecastStage & ~Copyable>(
        _ plan: PipelinePlan, mailbox: Mailbox, listener: @escaping Listener, stage: consuming Stage,
        onReady: () -> Void
    ) throws(DaemonError) {
        do throws(ZeroMQError) {
            let context = try Context(
                ioThreads: plan.ioThreads, ioThreadScheduling: plan.ioThreadScheduling,
                listener: listener)
            var loop = try PipelineLoop(plan, mailbox: mailbox, context: context, stage: stage)
            onReady()
            try loop.run()
        } catch {
            throw DaemonError(error)
        }
    }

    /// Starts a thread, which is not joined: `body` says when it ends.
    ///
    /// - Parameter name: At most 15 bytes, for ps and top.
    /// - Throws: A `DaemonError` if the system has no thread.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(DaemonError) {
        precondition(name.utf8.count <= 15, "the system takes 15 bytes for a thread's name")
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Body(name: name, run: body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().main()
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            argument.release()
            throw DaemonError(
                .unavailable,
                "cannot start the thread \(name): \(String(cString: strerror(status))); raise the limit of threads "
                    + "(ulimit -u, TasksMax=)" + (name == "pipeline" ? ", or set fewer pipelines" : ""))
        }
        pthread_detach(thread)
    }

    /// What a new thread is to do, on its way through pthread_create.
    private final class Body {
        private let name: String
        private let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }

        func main() {
            let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            if descriptor >= 0 {
                _ = write(descriptor, name, name.utf8.count)
                close(descriptor)
            }
            run()
        }
    }
}
