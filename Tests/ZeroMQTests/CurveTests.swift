// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

/// Who is let in and who is not, between sockets of one process.
@Suite struct CurveTests {
    static let server = CurveKeyPair.random()
    static let client = CurveKeyPair.random()

    static func options(
        _ pair: CurveKeyPair, server key: CurveKey? = nil, domain: String = "door"
    ) -> SocketOptions {
        var options = SocketOptions()
        options.curve = CurveSecurity(keys: pair, serverKey: key, domain: domain)
        options.linger = .zero
        return options
    }

    @Test func keysAreTextAndBytes() throws {
        // The keys of the example in the documentation of libzmq.
        let secret = try #require(CurveKey(text: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"))
        let pair = CurveKeyPair(secretKey: secret)
        #expect(pair.publicKey.text == "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID")
        #expect(CurveKey(text: pair.publicKey.text) == pair.publicKey)
        #expect(!"\(pair)".contains(secret.text) && !String(reflecting: pair).contains(secret.text))
        #expect(!"\(Self.options(pair))".contains(secret.text))
        #expect(CurveKeyPair.random() != CurveKeyPair.random())
        let bytes = [UInt8](0..<32)
        #expect(CurveKey(bytes.span.bytes)?.text == "009c61o!#m2NH?C3>iWS5d]J*6CRx17-skh9337x")
        #expect(CurveKey([UInt8](0..<31).span.bytes) == nil && CurveKey([UInt8](0..<33).span.bytes) == nil)
    }

    @Test(arguments: [
        "", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hIDD",
        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI ", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{h\u{e9}",
        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{h_D", "#####@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI",
    ])
    func otherTextsAreNoKeys(text: String) { #expect(CurveKey(text: text) == nil) }

    /// A door: a pull socket and who decides on its peers.
    struct Door: ~Copyable {
        let context: Context
        var authenticator: Authenticator?
        var socket: Socket
        var peers: Reconnection
        let endpoint: String

        init(
            admitting clients: Set<CurveKey>?, transport: Transport,
            in directory: borrowing TemporaryDirectory
        ) throws {
            let context = try Context()
            let authenticator: Authenticator?
            if let clients {
                authenticator = try Authenticator(["door": clients, "other": []], in: context)
            } else {
                authenticator = nil
            }
            var socket = try Socket(.pull, in: context, options: CurveTests.options(CurveTests.server))
            let peers = try Reconnection(of: socket, to: [])
            try socket.bind(transport.freshEndpoint(in: directory))
            endpoint = try socket.lastEndpoint
            self.context = context
            self.authenticator = authenticator
            self.socket = socket
            self.peers = peers
        }

        /// Who was not admitted.
        var refusals: Authenticator.Refusals {
            switch authenticator {
            case .some(let authenticator): authenticator.refusals(of: "door")
            case nil: Authenticator.Refusals()
            }
        }

        /// Lets peers in until a condition holds; gives the messages that came.
        mutating func work(until condition: String, _ holds: (borrowing Door, [[[UInt8]]]) throws -> Bool)
            throws
            -> [[[UInt8]]]
        {
            var messages: [[[UInt8]]] = []
            let end = ContinuousClock.now + deadline
            while true {
                _ = try authenticator?.serve()
                _ = try peers.restore(&socket)
                while let message = try socket.receiveIfAny() { messages.append(message) }
                if try holds(self, messages) { return messages }
                guard ContinuousClock.now < end else { throw DeadlineExceeded(description: condition) }
            }
        }
    }

    static func pusher(_ options: SocketOptions, to endpoint: String) throws -> Socket {
        var options = options
        // Messages wait for the connection.
        options.immediate = false
        var socket = try Socket(.push, in: try Context(), options: options)
        try socket.connect(endpoint)
        return socket
    }

    @Test(arguments: [Transport.tcp, .ipc]) func whoIsAdmittedIsHeard(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        var door = try Door(admitting: [Self.client.publicKey], transport: transport, in: directory)
        var pusher = try Self.pusher(
            Self.options(Self.client, server: Self.server.publicKey), to: door.endpoint)
        _ = try pusher.send([bytes("hello")])
        let messages = try door.work(until: "the message comes") { _, messages in !messages.isEmpty }
        #expect(messages == [[bytes("hello")]])
        #expect(door.peers.counts.failedHandshakes == 0)
    }

    /// How someone tries who is not admitted, and how many refusals of keys that makes.
    enum Attempt: CaseIterable {
        case withoutCurve, wrongServerKey, unknownKey, keyOfAnotherDomain, noAuthenticator
    }

    @Test(arguments: Attempt.allCases) func othersAreNot(attempt: Attempt) throws {
        let directory = try TemporaryDirectory()
        let stranger = CurveKeyPair.random()
        var door = try Door(
            admitting: attempt == .noAuthenticator ? nil : [Self.client.publicKey], transport: .tcp,
            in: directory)
        if attempt == .keyOfAnotherDomain { door.authenticator?.clients["other"] = [stranger.publicKey] }
        let options =
            switch attempt {
            case .withoutCurve: SocketOptions()
            case .wrongServerKey: Self.options(Self.client, server: stranger.publicKey)
            case .unknownKey, .keyOfAnotherDomain: Self.options(stranger, server: Self.server.publicKey)
            case .noAuthenticator: Self.options(Self.client, server: Self.server.publicKey)
            }
        var pusher = try Self.pusher(options, to: door.endpoint)
        _ = try pusher.send([bytes("evil")])
        let messages = try door.work(until: "the peer is turned away") { door, _ in
            door.peers.counts.failedHandshakes > 0
        }
        #expect(messages == [])
        if attempt == .unknownKey || attempt == .keyOfAnotherDomain {
            let refusals = door.refusals
            #expect(
                refusals.count > 0 && refusals.key == stranger.publicKey
                    && refusals.address.hasSuffix("127.0.0.1"))
        }
    }

    /// All are cut, and only who is admitted comes back.
    @Test(arguments: [Transport.tcp, .ipc]) func whoIsAdmittedNoLongerStaysOut(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let bad = CurveKeyPair.random()
        var door = try Door(
            admitting: [Self.client.publicKey, bad.publicKey], transport: transport, in: directory)
        var good = try Self.pusher(
            Self.options(Self.client, server: Self.server.publicKey), to: door.endpoint)
        var evil = try Self.pusher(Self.options(bad, server: Self.server.publicKey), to: door.endpoint)
        for index in 0..<2 {
            _ = index == 0 ? try good.send([bytes("good")]) : try evil.send([bytes("bad")])
            _ = try door.work(until: "both are heard") { _, messages in !messages.isEmpty }
        }
        #expect(door.peers.counts == ConnectionCounts(open: 2, made: 2))
        door.authenticator?.clients["door"] = [Self.client.publicKey]
        try door.peers.cutPeers()
        _ = try door.work(until: "the other one comes back, the bad one in vain") { door, _ in
            door.peers.counts.made > 3 && door.peers.counts.failedHandshakes > 0 && door.peers.counts.open > 0
        }
        _ = try evil.send([bytes("bad")])
        let messages = try door.work(until: "the good one is heard") { _, messages in
            _ = try good.send([bytes("good again")])
            return !messages.isEmpty
        }
        #expect(messages.allSatisfy { $0 == [bytes("good again")] })
    }

    /// One socket that proves itself to those it connects to, and asks those for proof who connect to it.
    @Test func oneSocketDoesBoth() throws {
        let directory = try TemporaryDirectory()
        let publisherKeys = CurveKeyPair.random()
        var door = try Door(admitting: [Self.server.publicKey], transport: .tcp, in: directory)
        let far = try Context()
        var both = try Socket(
            .push, in: far,
            options: Self.options(Self.server, server: Self.server.publicKey, domain: "door"))
        var authenticator = try Authenticator(["door": [publisherKeys.publicKey]], in: far)
        try both.bind("tcp://127.0.0.1:*")
        let second = try both.lastEndpoint
        try both.connect(door.endpoint)
        var puller = try Socket(
            .pull, in: try Context(), options: Self.options(publisherKeys, server: Self.server.publicKey))
        try puller.connect(second)
        var isPulled = false
        _ = try door.work(until: "both peers get messages") { _, messages in
            _ = try authenticator.serve()
            _ = try both.send([bytes("to somebody")])
            isPulled = try puller.receiveIfAny() != nil || isPulled
            return isPulled && !messages.isEmpty
        }
    }
}
