// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd record FILE`: what comes in, for later.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Writes the messages of a daemon's inputs into a file, for `replay`.",
        discussion: """
            Subscribes as the inputs of the configuration do, whether the daemon runs or not, and writes each message with the \
            time when it came, until a limit or Ctrl-C. To publishers that ask for proof it shows the daemon's key, unless \
            --curve-key names another.
            """)

    @OptionGroup var file: ConfigurationOption

    @OptionGroup var curve: CurveOptions

    @Option(help: "Messages after which to end.")
    var limit: Int?

    @Option(help: "Time after which to end, as 500ms, 10s or 5m.")
    var duration: Interval?

    @Argument(help: "The file to make.", completion: .file())
    var output: String

    func validate() throws {
        guard limit ?? 1 > 0 else {
            throw ValidationError("--limit: expected 1 or more, found \(limit ?? 0)")
        }
    }

    func run() throws {
        var leftOut: [String] = []
        var recorder = try Recorder(
            try PreparedDaemon(try file.load()), to: output,
            .init(limit: limit, duration: duration?.duration),
            curve: try curve.security(isServerKnown: true), leftOut: &leftOut)
        if !leftOut.isEmpty {
            StandardError.writeLine(
                "record: without \(leftOut.joined(separator: ", ")): only sub inputs that connect can be recorded"
            )
        }
        let end = limit == nil && duration == nil ? "Ctrl-C" : "the limit or Ctrl-C"
        StandardError.writeLine("record: subscribes, and writes what comes to \(output) until \(end)")
        try recorder.run()
        StandardError.writeLine("record: \(recorder.count) messages are in \(output)")
    }
}
