// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import ZeroMQ

private let signalCount = Atomic(0)

@Suite(.serialized) struct PollerTests {
    @Test func readinessFollowsSocketsAndDescriptors() throws {
        let context = try Context()
        var pulls: [2 of Socket] = [try Socket(.pull, in: context), try Socket(.pull, in: context)]
        try pulls[0].bind("inproc://zero")
        try pulls[1].bind("tcp://127.0.0.1:*")
        var push = try Socket(.push, in: context)
        try push.connect(try pulls[1].lastEndpoint)
        let pipe = Pipe()

        var poller = Poller()
        let first = poller.add(pulls[0])
        let descriptor = poller.add(descriptor: pipe.fileHandleForReading.fileDescriptor)
        let second = poller.add(pulls[1])
        #expect((first, descriptor, second) == (0, 1, 2))
        func ready(_ limit: Duration?) throws -> [Bool] {
            let count = try poller.wait(atMost: limit)
            let states = [poller.isReady(0), poller.isReady(1), poller.isReady(2)]
            #expect(count == states.count { $0 })
            return states
        }

        #expect(try ready(.zero) == [false, false, false])
        #expect(try ready(.microseconds(1)) == [false, false, false])
        try pipe.fileHandleForWriting.write(contentsOf: [1])
        #expect(try ready(nil) == [false, true, false])
        try eventually("a peer is connected") { try push.send([bytes("1")]) }
        try eventually("both are ready") { try ready(.seconds(1)) == [false, true, true] }
        _ = try pipe.fileHandleForReading.read(upToCount: 1)
        #expect(try ready(nil) == [false, false, true])
        _ = try pulls[1].receiveIfAny()
        #expect(try ready(.zero) == [false, false, false])
        try pipe.fileHandleForWriting.close()
        #expect(try ready(nil) == [false, true, false], "the end of a pipe is something to read")
    }

    @Test func aSocketStaysOpenAsLongAsAPollerWaitsForIt() throws {
        let context = try Context()
        var poller = Poller()
        do {
            var pull = try Socket(.pull, in: context)
            try pull.bind("inproc://kept")
            _ = poller.add(pull)
        }
        var push = try Socket(.push, in: context)
        try push.connect("inproc://kept")
        _ = try push.send([bytes("1")])
        let count = try poller.wait(atMost: deadline)
        #expect(count == 1)
    }

    @Test func aSignalEndsAWaitButNotAReceive() throws {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in signalCount.add(1, ordering: .relaxed) }
        sigaction(SIGUSR1, &action, nil)
        let waiter = Waiter(context: try Context())
        Thread.detachNewThread { waiter.run() }

        try eventually("the wait is interrupted") {
            waiter.interrupt()
            return waiter.isPastWait.load(ordering: .acquiring)
        }
        let interruptedCount = signalCount.load(ordering: .relaxed)
        try eventually("signals meet the receive") {
            waiter.interrupt()
            return signalCount.load(ordering: .relaxed) > interruptedCount + 100
        }
        var push = try Socket(.push, in: waiter.context)
        try push.connect("inproc://interrupted")
        try eventually("a peer is connected") { try push.send([bytes("1")]) }
        try eventually("the message is received") { waiter.result.withLock { $0 } != nil }
        #expect(waiter.result.withLock { $0 } == "waited 0, received 1")
    }
}

/// Waits on a thread of its own, first for readiness, then for a message.
private final class Waiter: Sendable {
    let context: Context
    let isPastWait = Atomic(false)
    let result = Mutex<String?>(nil)
    private let thread = Mutex<pthread_t?>(nil)

    init(context: Context) { self.context = context }

    func run() {
        // Threads begun by a test block signals, as those of the pool that runs it do.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        thread.withLock { $0 = pthread_self() }
        let text: String
        do {
            var pull = try Socket(.pull, in: context)
            try pull.bind("inproc://interrupted")
            var poller = Poller()
            _ = poller.add(pull)
            let readyCount = try poller.wait(atMost: nil)
            isPastWait.store(true, ordering: .releasing)
            var message = Message()
            _ = try pull.receive(into: &message, wait: true)
            text = "waited \(readyCount), received \(String(decoding: message.array, as: UTF8.self))"
        } catch {
            text = "\(error)"
        }
        thread.withLock { $0 = nil }
        result.withLock { $0 = text }
    }

    /// Sends the waiting thread a signal, where it runs.
    func interrupt() {
        thread.withLock { thread in
            if let thread { pthread_kill(thread, SIGUSR1) }
        }
    }
}
