// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization
package import ZeroMQ

/// What the pipelines' threads share with the rest of the daemon: questions and the wish to end in, reports out.
package final class Mailbox: Sendable {
<<<<<<< HEAD
    /// What the rest of the daemon may ask of the pipelines.
    package enum Command: Sendable {
        /// Take in what has arrived, publish its forecasts, and end.
        case stop
        /// Admit these clients from now on, by socket, and cut those that some sockets admit no longer; `isDone` tells when
        /// that is so.
        case admit([String: Set<CurveKey>], revoking: Set<String>, isDone: AsyncStream<Void>.Continuation)
    }

=======
>>>>>>> a5effa98a5b035580f4626f68357a631e7f2e334
    /// What one thread says of itself.
    private struct Thread {
        var report: StatusReport?
        var turnCount: UInt64 = 0
    }

    private let threads: Mutex<[Thread]>
    private let isStopAsked = Atomic<Bool>(false)
    private let isBehindSockets = Atomic<Bool>(false)
    /// What wakes each thread.
    let doorbells: [Doorbell]
    /// What is asked of each thread.
    let questions: [QuestionBox]
    /// What is to take over from the engine of each thread.
    let successions: [SuccessionBox]

    /// Makes an empty mailbox for threads `0..<threadCount`.
    package init(threadCount: Int) throws(DaemonError) {
        var doorbells: [Doorbell] = []
        for _ in 0..<threadCount { doorbells.append(try Doorbell()) }
        self.doorbells = doorbells
        questions = doorbells.map { QuestionBox(doorbell: $0) }
        successions = doorbells.map { SuccessionBox(doorbell: $0) }
        threads = Mutex(Array(repeating: Thread(), count: threadCount))
    }

    /// Asks the pipelines to take in what has arrived, publish its forecasts, and end.
    package func stop() {
        isStopAsked.store(true, ordering: .sequentiallyConsistent)
        doorbells[0].ring()
    }

    /// Whether the pipelines were asked to end.
    package var isStopping: Bool { isStopAsked.load(ordering: .sequentiallyConsistent) }

    /// Whether values may wait in the sockets because the thread of the sockets has more than it can take in.
    var isBehind: Bool {
        get { isBehindSockets.load(ordering: .sequentiallyConsistent) }
        set { isBehindSockets.store(newValue, ordering: .sequentiallyConsistent) }
    }

    /// Where the engines are asked about their streams, in their order.
    package var engines: ArraySlice<QuestionBox> { questions.dropFirst(questions.count > 1 ? 1 : 0) }
    /// Where the engines get those that take over from them, in their order.
    var engineSuccessions: ArraySlice<SuccessionBox> { successions.dropFirst(successions.count > 1 ? 1 : 0) }

    /// Says to all who ask that the threads have ended.
    func close() {
        for box in questions { box.close() }
        for box in successions { box.close() }
    }

    /// Lets every thread make a turn now, if it is able to.
    package func wake() {
        for doorbell in doorbells { doorbell.ring() }
    }

    /// Puts a new report in place of a thread's last.
    func publish(_ newest: StatusReport, of thread: Int) {
        threads.withLock { $0[thread].report = newest }
    }

    /// The newest reports of all threads, added up; nil before the sockets are open, when thread 0 has none.
    package var newestReport: StatusReport? {
        let reports = threads.withLock { $0.map(\.report) }
        guard var sum = reports[0] else { return nil }
        for case let report? in reports.dropFirst() { sum.add(report) }
        return sum
    }

    /// Marks the end of one turn of a thread.
    func markTurn(of thread: Int) { threads.withLock { $0[thread].turnCount += 1 } }

    /// Turns so far, by thread: each that works adds at least one a second.
    package var turnCounts: [UInt64] { threads.withLock { $0.map(\.turnCount) } }
}
