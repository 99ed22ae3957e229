// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import ZeroMQ

/// Making contexts and sockets, and what is said when that fails.
@Suite struct SetUpTests {
    /// The error of an operation that must fail.
    func error(_ operation: () throws -> Void) throws -> ZeroMQError {
        try #require(#expect(throws: ZeroMQError.self, performing: operation))
    }

    @Test func theLinkedVersionIsAtLeast4Dot3() {
        #expect(Version.linked.compare("4.3", options: .numeric) != .orderedAscending)
    }

    @Test func aPortInUseIsNamed() throws {
        let context = try Context()
        var first = try Socket(.pull, in: context)
        try first.bind("tcp://127.0.0.1:*")
        let endpoint = try first.lastEndpoint
        let error = try error {
            var second = try Socket(.pull, in: context)
            try second.bind(endpoint)
        }
        #expect(error.isAddressInUse)
        #expect(
            error.description
                == "cannot bind to \(endpoint): Address already in use; "
                + "another process, or another socket of this one, is bound there "
                + "(ss -ltxnp says which): end it, or take another address")
    }

    /// A socket listens by a descriptor that listens already, which it closes at its end, and by its own beside it.
    @Test func aDescriptorThatListensIsTakenOver() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // The system chooses where.
        try #require(listen(descriptor, 1) == 0)
        var endpoints: [String] = []
        do {
            let given = "tcp://127.0.0.1:1"
            let context = try Context(listener: { $0 == given ? descriptor : nil })
            var pull = try Socket(.pull, in: context)
            for endpoint in [given, "tcp://127.0.0.1:*"] {
                try pull.bind(endpoint)
                endpoints.append(try pull.lastEndpoint.replacing("0.0.0.0", with: "127.0.0.1"))
            }
            #expect(!endpoints[0].hasSuffix(":1") && endpoints[0] != endpoints[1])
            for endpoint in endpoints {
                var push = try Socket(.push, in: context)
                try push.connect(endpoint)
                try eventually("a peer is connected") { try push.send([bytes(endpoint)]) }
                let received = try pull.receiveWithinDeadline()
                #expect(received == [bytes(endpoint)])
            }
        }
        #expect(fcntl(descriptor, F_GETFD) == -1)
    }

    @Test(arguments: [
        ("tcp//127.0.0.1:5555", "Invalid argument"), ("tcp://127.0.0.1", "Invalid argument"),
        ("udp7://127.0.0.1:5555", "Protocol not supported"), ("", "Invalid argument"),
        ("tcp://127.0.0.1:99999", "Invalid argument"), ("tcp://no-such-interface:5555", "No such device"),
        ("tcp://192.0.2.1:5555", "Cannot assign requested address"),
        ("ipc:///no/such/directory/socket", "No such file or directory"),
    ])
    func anEndpointThatCannotBeBoundIsNamedWithTheReason(endpoint: String, reason: String) throws {
        let context = try Context()
        var socket = try Socket(.pull, in: context)
        let error = try error { try socket.bind(endpoint) }
        #expect(error.description.hasPrefix("cannot bind to \(endpoint): \(reason)"), "\(error)")
    }

    @Test func anEndpointThatCannotBeConnectedToIsNamed() throws {
        let context = try Context()
        var socket = try Socket(.sub, in: context)
        let error = try error { try socket.connect("plant:5555") }
        #expect(
            error.description == "cannot connect to plant:5555: Invalid argument; "
                + "expected tcp://host:port with a port up to 65535, ipc:///path or inproc://name")
    }

    @Test func anOptionOutOfRangeIsNamed() throws {
        let context = try Context()
        var options = SocketOptions()
        options.sendHighWaterMark = -1
        var error = try error { _ = try Socket(.pub, in: context, options: options) }
        #expect(error.description.hasPrefix("cannot set the send high-water mark of a pub socket to -1"))
        options = SocketOptions()
        options.heartbeatTimeToLive = .seconds(7000)
        error = try self.error { _ = try Socket(.sub, in: context, options: options) }
        #expect(error.description.hasPrefix("cannot set the heartbeat time to live"))
        options = SocketOptions()
        options.linger = .seconds(-1)
        error = try self.error { _ = try Socket(.pub, in: context, options: options) }
        #expect(error.description.hasPrefix("cannot set the linger time"))
    }

    @Test func moreSocketsThanTheContextAllowsAreRefused() throws {
        let context = try Context(maximumSockets: 1)
        let first = try Socket(.pull, in: context)
        let error = try error { _ = try Socket(.pull, in: context) }
        #expect(error.description.hasPrefix("cannot open a pull socket: Too many open files"))
        _ = first.kind
    }

    @Test func aTerminatedContextOpensNoSocketAndMayBeTerminatedAgain() throws {
        let context = try Context()
        do {
            var socket = try Socket(.pull, in: context)
            try socket.bind("tcp://127.0.0.1:*")
        }
        context.terminate()
        context.terminate()
        let error = try error { _ = try Socket(.pull, in: context) }
        #expect(error.isTerminated)
    }

    @Test func theLastEndpointIsTheOneBoundTo() throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var socket = try Socket(.pull, in: context)
        var endpoint = try socket.lastEndpoint
        #expect(endpoint == "")
        try socket.bind("tcp://127.0.0.1:*")
        endpoint = try socket.lastEndpoint
        #expect(endpoint.hasPrefix("tcp://127.0.0.1:") && !endpoint.hasSuffix("*"), "found \(endpoint)")
        try socket.bind("ipc://\(directory.path)/socket")
        endpoint = try socket.lastEndpoint
        #expect(endpoint == "ipc://\(directory.path)/socket")
    }

    @Test func theIOThreadsRunUnderThePolicyAskedFor() throws {
        // No other test makes three I/O threads, so the third one is this test's own.
        for (scheduling, policy) in [(IOThreadScheduling.batch, 3), (.normal, 0)] {
            let context = try Context(ioThreads: 3, ioThreadScheduling: scheduling)
            let socket = try Socket(.pull, in: context)
            var found: Int?
            try eventually("the third I/O thread has its name and policy") {
                found = schedulingPolicy(ofThreadNamed: "ZMQbg/IO/2")
                return found == policy
            }
            #expect(found == policy)
            _ = socket.kind
        }
    }

    private func schedulingPolicy(ofThreadNamed name: String) -> Int? {
        let tasks = "/proc/self/task"
        for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
            // After the name in parentheses comes the third field; the policy is the 41st.
            guard let line = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8),
                line.contains("(\(name))"), let end = line.lastIndex(of: ")")
            else { continue }
            return Int(line[end...].split(separator: " ")[39])
        }
        return nil
    }
}
