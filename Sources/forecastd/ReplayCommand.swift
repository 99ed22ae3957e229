// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd replay`: what was, once more.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Forecasts what a daemon has journalled once more, or holds its state against its journal.",
        discussion: """
            Begins with the older snapshot of each pipeline, tells its engine the journal, and prints the forecasts as JSON, one a \
            line. The daemon must not run; its state stays as it is. With --recording it forecasts the messages of a file, from \
            nothing, and needs no state. Examples:

              forecastd replay --config /etc/forecastd/forecastd.yaml --stream 'plant.*' | jq .yhat
              forecastd replay --config /etc/forecastd/forecastd.yaml --verify
              forecastd replay --config /etc/forecastd/forecastd.yaml --recording monday.messages --speed 60
            """)

    @OptionGroup var stored: StoredStateOption

    @Option(help: "Forecast the messages of this file of `record` instead.", completion: .file())
    var recording: String?

    @Option(help: "Seconds of then per second, 1e-6 to 1e9, or max for as fast as possible.")
    var speed: Speed = .init(factor: nil)

    @Option(help: "Print only streams whose ids match; * is any run of characters, ? is one.")
    var stream: IdentifierPattern?

    @Flag(
        help:
            "Print no forecasts; say whether older snapshot and journal lead to the newer snapshot, and exit with 65 if not."
    )
    var verify = false

    @Flag(help: "With --verify: print JSON, an object a line for each pipeline.")
    var json = false

    func validate() throws {
        guard recording == nil || !verify && stored.directory == nil else {
            throw ValidationError(
                "--recording: expected neither --verify nor --directory with it: it has no state")
        }
    }

    func run() throws {
        let prepared = try PreparedDaemon(try stored.file.load())
        if let recording { return try replay(recording, prepared) }
        let state = try StoredState(prepared, directory: stored.directory)
        guard verify else {
            return try state.replay(
                ReplayPace(factor: speed.factor), to: ForecastLines(prepared, pattern: stream?.glob))
        }
        let verifications = try state.verify()
        for one in verifications {
            try StandardOutput.writeLine(json ? try one.jsonText() : one.text)
        }
        guard verifications.allSatisfy(\.holds) else {
            throw DaemonError(
                .data, "\(state.path): expected the state that the journal leads to, found another")
        }
    }
    private func replay(_ recording: String, _ prepared: PreparedDaemon) throws {
        var replay = try RecordingReplay(prepared, path: recording)
        try replay.run(ReplayPace(factor: speed.factor), to: ForecastLines(prepared, pattern: stream?.glob))
        if replay.undecodable > 0 {
            StandardError.writeLine(
                "replay: \(replay.undecodable) of \(replay.count) messages could not be decoded")
        }
        guard replay.restCount == 0 else {
            throw DaemonError(
                .data,
                "\(recording): expected a message behind number \(replay.count), found \(replay.restCount) bytes that are none: "
                    + "the recording was cut off, or is destroyed there")
        }
    }
}
