// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Python process that does one operation after the other: `peer.py`, with real pyzmq and PyTorch, or another.
final class Peer {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// A forecast as a subscriber gets it.
    struct Received: Decodable {
        struct Payload: Decodable {
            struct Quality: Decodable {
                var warm: Double
                var imputed: Bool
                var age: Double
                var gap: Int
                var reset: Bool
                var inputs_missing: Int?
                /// Only in revised forecasts.
                var revised: Bool?
            }
            struct Score: Decodable {
                var mae, skill: Double?
                var coverage: [String: Double?]
            }
            var stream: String
            var ts: String
            var every: String
            var model: String
            var revision: String
            var epoch: String
            var seq: Int
            var status: String
            var y: Double
            var horizon: Int
            var yhat: [Double?]
            var anomaly_score: Double?
            var yhat_lower, yhat_upper: [String: [Double?]]?
            var quality: Quality
            var score: Score?
        }
        var frames: Int
        var topic: String
        var payload: Payload
        var sequence: Int
    }

    private struct Envelope<Answer: Decodable>: Decodable {
        var ok: Answer?
        var error: String?
    }

    private let script: String
    private let process = Process()
    private let requests = Pipe()
    private let answers = Pipe()
    private var unread = Data()

    init(_ script: String = "peer.py") throws {
        self.script = script
        process.executableURL = URL(filePath: "/usr/bin/python3")
        // Nothing that it imports leaves a file beside the sources.
        process.arguments = [
            "-B", URL(filePath: #filePath).deletingLastPathComponent().appending(path: script).path,
        ]
        process.standardInput = requests
        process.standardOutput = answers
        try process.run()
    }

    deinit {
        try? requests.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    @discardableResult
    func call<Answer: Decodable>(
        _ operation: String, _ arguments: [String: Any], as: Answer.Type = Answer.self
    ) throws -> Answer {
        var request = arguments
        request["operation"] = operation
        var line = try JSONSerialization.data(withJSONObject: request)
        line.append(UInt8(ascii: "\n"))
        try requests.fileHandleForWriting.write(contentsOf: line)
        let envelope = try JSONDecoder().decode(Envelope<Answer>.self, from: readLine())
        if let error = envelope.error { throw Failure(description: "\(operation): \(error)") }
        if let answer = envelope.ok { return answer }
        guard let nothing = Nothing() as? Answer else {
            throw Failure(description: "\(operation): no answer")
        }
        return nothing
    }

    func perform(_ operation: String, _ arguments: [String: Any]) throws {
        _ = try call(operation, arguments, as: Nothing.self)
    }

    private func readLine() throws -> Data {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = Data(unread[unread.index(after: end)...]) }
                return unread[..<end]
            }
            let more = answers.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure(description: "\(script) ended") }
            unread.append(more)
        }
    }
}

/// The answer of an operation that gives none.
struct Nothing: Decodable {
    init() {}
    init(from decoder: any Decoder) throws {}
}
