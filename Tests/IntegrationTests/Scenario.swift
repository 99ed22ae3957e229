// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A daemon with one random model between a publisher and a subscriber of the peer.
final class Scenario {
    enum Transport: String, CaseIterable { case tcp, ipc }

    let directory: TemporaryDirectory
    let peer: Peer
    let modelPath: String
    let input: String
    let output: String
    /// What the daemon is started with from now on.
    var configuration: String
    var arguments: [String] = []
    /// The payload of messages that only find out whether the sockets are joined.
    private let probe: String
    private(set) var daemon: DaemonProcess
    /// Forecasts that only found out whether the sockets are joined.
    private(set) var probeCount = 0

    /// Makes the model, binds the publisher `in` (subscribed to by the daemon), connects the subscriber `out`.
    ///
    /// A rule that does not say otherwise forecasts what the model says, as PyTorch does.
    init(
        transport: Transport = .tcp, model: [String: Any] = [:], modelKeys: String = "",
        rule: String = "scale: none, warmup: 0", inputKeys: String = "socket: sub, format: json",
        outputKeys: String = "socket: pub",
        match: String = "*", limit: Int = 1000, pipelines: String = "1", probe: String = #"{"value":0}"#,
        more: String = ""
    ) throws {
        self.probe = probe
        directory = try TemporaryDirectory()
        peer = try Peer()
        modelPath = directory.url.appending(path: "model.safetensors").path
        try peer.perform("model", ["path": modelPath, "seed": 7].merging(model) { $1 })
        let folder = directory.url.path
        let anywhere = transport == .tcp ? "tcp://127.0.0.1:*" : "ipc://\(folder)/in"
        let kind = inputKeys.contains("socket: pull") ? "push" : "xpub"
        input = try peer.call("open_socket", ["name": "in", "kind": kind, "bind": anywhere], as: String.self)
        output = transport == .tcp ? "tcp://127.0.0.1:\(try Self.freePort())" : "ipc://\(folder)/out"
        configuration = """
            inputs:
              plant: {connect: ["\(input)"], \(inputKeys)}
            outputs:
              forecasts: {bind: ["\(output)"], \(outputKeys)}
            models:
              pump: {weights: \(modelPath)\(modelKeys)}
            streams:
              - {match: "\(match)", model: pump, \(rule)\(rule.contains("adapt:") ? "" : ", adapt: off")}
            streams_limit: \(limit)
            pipelines: \(pipelines)
            log: {level: debug, drops_every: 1h}
            \(more)
            """
        daemon = try DaemonProcess(configuration, in: directory)
        try openSubscriber("out")
        try join(publisher: "in", subscriber: "out")
    }

    func openSubscriber(_ name: String, topics: [String] = [""]) throws {
        _ = try peer.call(
            "open_socket", ["name": name, "kind": "sub", "connect": output, "topics": topics], as: String.self
        )
    }

    /// Waits until values of `publisher` come back as forecasts to `subscriber`.
    func join(publisher: String, subscriber: String, stream: String = "probe") throws {
        probeCount += try peer.call(
            "probe",
            [
                "publisher": publisher, "subscriber": subscriber, "stream": stream, "payload": probe,
            ], as: Int.self)
    }

    /// Starts the daemon anew, after it has ended.
    func restartDaemon() throws {
        daemon = try DaemonProcess(configuration, in: directory, arguments: arguments)
    }

    func send(_ messages: [[String]], by publisher: String = "in") throws {
        try peer.perform("send", ["name": publisher, "messages": messages])
    }

    func receive(_ count: Int, from subscriber: String = "out") throws -> [Peer.Received] {
        try peer.call(
            "receive", ["name": subscriber, "count": count, "skip": "probe"], as: [Peer.Received].self)
    }

    /// As `receive`, without the values of the forecasts.
    func receiveBriefly(_ count: Int) throws -> [Peer.Received] {
        let request: [String: Any] = ["name": "out", "count": count, "skip": "probe", "is_brief": true]
        return try peer.call("receive", request, as: [Peer.Received].self)
    }

    /// As `receive`, with the forecasts of probes.
    func receiveAny(_ count: Int) throws -> [Peer.Received] {
        try peer.call("receive", ["name": "out", "count": count], as: [Peer.Received].self)
    }

    /// PyTorch's forecasts after each of `values`.
    func reference(_ values: [Double], _ arguments: [String: Any] = [:]) throws -> [[Double]] {
        let request: [String: Any] = ["path": modelPath, "values": values]
        return try peer.call("reference", request.merging(arguments) { $1 }, as: [[Double]].self)
    }

    /// A port that nobody listens on, and that is given to nobody else: neither twice by this process, nor by Linux, which takes the
    /// ports of connections from 32768 on.
    static func freePort() throws -> UInt16 {
        for _ in ports {
            let port = ports.lowerBound + nextPort.add(1, ordering: .relaxed).oldValue % UInt16(ports.count)
            if isFree(port) { return port }
        }
        throw Peer.Failure(description: "a free port expected in \(ports), none found")
    }

    private static let ports: Range<UInt16> = 20_000..<32_000
    private static let nextPort = Atomic<UInt16>(.random(in: 0..<12_000))

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// The largest difference between forecasts received and expected; infinite where shapes differ.
func largestDifference(_ received: [Peer.Received], _ expected: [[Double]]) -> Double {
    guard received.count == expected.count else { return .infinity }
    var largest = 0.0
    for (message, values) in zip(received, expected) {
        guard message.payload.yhat.count == values.count else { return .infinity }
        for (got, want) in zip(message.payload.yhat, values) {
            largest = max(largest, abs((got ?? .nan) - want))
        }
    }
    return largest.isNaN ? .infinity : largest
}
