// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import ZeroMQ

/// The ways two sockets of one process can reach each other.
enum Transport: String, CaseIterable, CustomTestStringConvertible {
    case tcp, ipc, inproc

    var testDescription: String { rawValue }

    /// An endpoint to bind to that nothing else uses.
    func freshEndpoint(in directory: borrowing TemporaryDirectory) -> String {
        switch self {
        case .tcp: "tcp://127.0.0.1:*"
        case .ipc: "ipc://\(directory.path)/socket"
        case .inproc: "inproc://fresh"
        }
    }
}

/// A directory that lasts as long as its owner.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "zeromq-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A condition that did not come true in time.
struct DeadlineExceeded: Error, CustomStringConvertible {
    let description: String
}

/// Far beyond what anything here takes, so that it only bounds a failure.
let deadline: Duration = .seconds(120)

/// Evaluates a condition again and again until it holds.
func eventually(_ condition: String, _ holds: () throws -> Bool) throws {
    let end = ContinuousClock.now + deadline
    while try !holds() {
        guard ContinuousClock.now < end else {
            throw DeadlineExceeded(description: "not within \(deadline): \(condition)")
        }
        sched_yield()
    }
}

extension Socket {
    /// Sends a message of frames; false when the first was refused.
    mutating func send(_ frames: [[UInt8]]) throws -> Bool {
        for (index, frame) in frames.enumerated() {
            let isSent = try send(frame.span.bytes, more: index < frames.count - 1)
            guard isSent else {
                #expect(index == 0, "frame \(index) was refused after an earlier one was taken")
                return false
            }
        }
        return true
    }

    /// Publishes a message of frames; false when a subscriber was full.
    mutating func publish(_ frames: [[UInt8]]) throws -> Bool {
        var reachesAll = true
        for (index, frame) in frames.enumerated() {
            let isTaken = try publish(frame.span.bytes, more: index < frames.count - 1)
            #expect(isTaken || index == 0, "frame \(index) found a subscriber full")
            reachesAll = reachesAll && isTaken
        }
        return reachesAll
    }

    /// The next message, or nil where there is none yet.
    mutating func receiveIfAny() throws -> [[UInt8]]? {
        var message = Message()
        guard try receive(into: &message, wait: false) else { return nil }
        var frames = [message.array]
        while message.hasMore {
            try #require(try receive(into: &message, wait: false), "a message came in pieces")
            frames.append(message.array)
        }
        return frames
    }

    /// The next message, waited for.
    mutating func receiveWithinDeadline() throws -> [[UInt8]] {
        var received: [[UInt8]]?
        var poller = Poller()
        _ = poller.add(self)
        try eventually("a message arrives") {
            received = try receiveIfAny()
            if received == nil { _ = try poller.wait(atMost: .milliseconds(100)) }
            return received != nil
        }
        return received ?? []
    }
}

extension Message {
    /// A copy of the frame's bytes.
    var array: [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}

/// Publishes until a subscriber receives, and takes back what it received on the way.
///
/// - Returns: The last of the messages published, which other subscribers may find waiting.
@discardableResult
func join(_ subscriber: inout Socket, to publisher: inout Socket) throws -> [[UInt8]] {
    let end = [bytes("joined \(UUID().uuidString)")]
    var poller = Poller()
    _ = poller.add(subscriber)
    try eventually("the subscription reaches the publisher") {
        _ = try publisher.send([bytes("join")])
        return try poller.wait(atMost: .milliseconds(1)) > 0
    }
    _ = try publisher.send(end)
    while try subscriber.receiveWithinDeadline() != end {}
    return end
}

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
