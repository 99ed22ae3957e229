// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Forecasting
import Glibc
import Producer
import ZeroMQ

/// `forecastd send`: values of standard input to a loss-free input.
struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Sends lines of standard input to an input with socket: router, without loss.",
        discussion: """
            A line is a stream's id, a blank, and a payload in the input's format. Ends when all lines are acknowledged, \
            whatever becomes of the daemon meanwhile. A line without a valid id is not sent, the others are, and the end is \
            with 65. Payloads are judged by the daemon, which counts what it drops: forecastd tap --drops. Example:

              tail -F values.txt | forecastd send --connect tcp://127.0.0.1:5559 --producer plant-7
            """)

    @Option(help: "The endpoint of the input.")
    var connect: String

    @Option(help: "The id of this producer, which no other one may have: 1 to 64 of A-Z a-z 0-9 . _ : / -.")
    var producer: String

    @OptionGroup var curve: CurveOptions

    @Option(help: "Messages that may be unacknowledged; beyond, lines wait to be read.")
    var limit = 100_000

    func validate() throws {
        try EndpointArgument.validate([connect], option: "--connect", for: .connecting)
        guard limit > 0 else { throw ValidationError("--limit: expected 1 or more, found \(limit)") }
    }

    func run() throws {
        let security = try curve.security()
        var refused = RefusedLines()
        do throws(ProducerError) {
            var client = try Producer(producer, connect: connect, limit: limit, curve: security)
            var input = StandardInputLines()
            var isSilenceTold = false
            while !input.isAtEnd || client.unacknowledgedCount > 0 {
                while client.hasRoom, let line = input.takeLine() {
                    let topic = Array(line.prefix { $0 != UInt8(ascii: " ") })
                    guard StreamIdentifier.isValid(topic.span.bytes) else {
                        refused.add(topic, line: input.lineCount)
                        continue
                    }
                    client.send(topic: topic, payload: Array(line.dropFirst(topic.count + 1)))
                }
                refused.tell()
                let wantsMore = !input.isAtEnd && client.hasRoom
                if try client.advance(atMost: .seconds(1), watching: wantsMore ? STDIN_FILENO : nil) {
                    input.read()
                }
                let isSilent = (client.silence ?? .zero) >= Self.silence
                if isSilent && !isSilenceTold {
                    StandardError.writeLine(hint(client.connections, client.unacknowledgedCount))
                }
                isSilenceTold = isSilent
            }
        } catch { throw DaemonError(.unavailable, "send: \(connect), producer \(producer): \(error)") }
        guard refused.count == 0 else {
            throw DaemonError(
                .data, "send: lines not sent, for want of a valid id: \(refused.count); all others were")
        }
    }

    /// Silence of the daemon after which a hint is given.
    private static let silence = Duration.seconds(5)

    private func hint(_ connections: ConnectionCounts, _ count: Int) -> String {
        let hint = SilenceHint.text(
            connections, isSecured: curve.curveKey != nil,
            unconnected: "is the daemon running, and is an input with socket: router bound there?",
            connected: "somebody is there, but does not answer as an input with socket: router does.")
        return "send: no answer from \(connect) for 5 s, \(count) messages are unacknowledged; \(hint) "
            + "Still trying."
    }
}

/// Lines that no daemon would take: the first is told at once, others now and then.
private struct RefusedLines {
    private(set) var count = 0
    /// The first that was not told.
    private var untold: (topic: [UInt8], line: Int)?
    private var told: ContinuousClock.Instant?

    /// Time between two of what is told.
    private static let pause = Duration.seconds(5)

    mutating func add(_ topic: [UInt8], line: Int) {
        count += 1
        untold = untold ?? (topic, line)
    }

    /// Says on standard error what is new.
    mutating func tell() {
        guard let (topic, line) = untold, told.map({ .now - $0 >= Self.pause }) ?? true else { return }
        let found = ConfigurationSuggestion.quoted(String(decoding: topic, as: UTF8.self))
        StandardError.writeLine(
            "send: standard input:\(line): expected a stream's id (1 to \(StreamIdentifier.maximumLength) of A-Z a-z 0-9 "
                + ". _ : / -), a blank, and a payload, found \(found) as the id; not sent; such lines so far: \(count)"
        )
        (untold, told) = (nil, .now)
    }
}

/// The lines of standard input, read when there is something to read.
private struct StandardInputLines {
    private var bytes: [UInt8] = []
    private var begin = 0
    private var hasEnded = false
    /// Lines taken or skipped so far: the number of the newest, from 1.
    private(set) var lineCount = 0

    /// Whether all lines have been taken.
    var isAtEnd: Bool { hasEnded && begin == bytes.count }

    /// Reads what is there.
    mutating func read() {
        bytes.removeFirst(begin)
        begin = 0
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(STDIN_FILENO, &chunk, chunk.count)
        if count > 0 { bytes += chunk[..<count] } else if count == 0 || errno != EINTR { hasEnded = true }
    }

    /// The next line that is not empty; nil if none is complete, at the end without its newline.
    mutating func takeLine() -> ArraySlice<UInt8>? {
        while begin < bytes.count {
            let end = bytes[begin...].firstIndex(of: UInt8(ascii: "\n"))
            guard let end = end ?? (hasEnded ? bytes.count : nil) else { return nil }
            let line = bytes[begin..<end]
            begin = min(end + 1, bytes.count)
            lineCount += 1
            if !line.isEmpty { return line }
        }
        return nil
    }
}
