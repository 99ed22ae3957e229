// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization
import ZeroMQ

/// What the pipelines' threads share with the rest of the daemon: questions and the wish to end in, reports out.
package final class Mailbox: Sendable {
    /// Whom sockets are to admit from now on.
    struct Admission: Sendable {
        /// The public keys, by socket.
        let clients: [String: Set<CurveKey>]
        /// The sockets that no longer admit someone, whose connections are to be cut.
        let revoking: Set<String>
        /// Told when that is so.
        let isDone: AsyncStream<Void>.Continuation
    }

    /// What one thread says of itself.
    private struct Thread {
        var report: StatusReport?
        var turnCount: UInt64 = 0
    }

    private let threads: Mutex<[Thread]>
    private let admissions = Mutex<[Admission]>([])
    private let areAdmissionsWaiting = Atomic<Bool>(false)
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

    /// Lets the sockets admit others.
    func admit(_ admission: Admission) {
        admissions.withLock { $0.append(admission) }
        areAdmissionsWaiting.store(true, ordering: .sequentiallyConsistent)
        doorbells[0].ring()
    }

    /// Whether `takeAdmissions` has any.
    var hasAdmissions: Bool { areAdmissionsWaiting.load(ordering: .sequentiallyConsistent) }

    /// The admissions that wait, for the thread of the sockets.
    func takeAdmissions() -> [Admission] {
        areAdmissionsWaiting.store(false, ordering: .sequentiallyConsistent)
        return admissions.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
    }

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
