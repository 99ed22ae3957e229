// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Forecasting

/// `forecastd generate`: values to try the daemon with.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Publishes values: this machine's own figures, seeded signals, or the rows of a CSV file.",
        discussion: """
            Sends [stream id][JSON][sequence] until a limit, the end of the file, or Ctrl-C. Examples:

              forecastd generate --host
              forecastd generate --signal --streams 100 --every 100ms --gaps 0.01 --corrupt 0.01
              forecastd generate --csv history.csv --speed 60

            A published message reaches those who subscribe at that moment; with --push it waits for a taker.
            """)

    enum Source: String, EnumerableFlag {
        case host, signal

        static func help(for value: Source) -> ArgumentHelp? {
            switch value {
            case .host: "This machine's CPU, memory, load, disk and network figures."
            case .signal: "Sines, noise and steps, by turns, that follow from --seed."
            }
        }
    }

    @Flag(exclusivity: .exclusive)
    var source: Source?

    @Option(
        help: "The rows of a CSV file: a header, then a time and values.",
        completion: .file(extensions: ["csv"]))
    var csv: String?

    @Option(
        help: "With --csv: seconds of the file per second, 1e-6 to 1e9, or max for as fast as it goes."
    )
    var speed: Speed = .init(factor: 1)

    @Option(help: "Time between two values of a stream, as 500ms, 10s or 5m.")
    var every: Interval = .init(duration: .seconds(1))

    @Option(help: "What the stream ids begin with: signal. for signals, nothing for a CSV file.")
    var prefix: String?

    @Option(help: "With --signal: streams.")
    var streams = 10

    @Option(help: "With --signal: what all values and troubles follow from.")
    var seed: UInt64 = 1

    @Option(help: "With --signal: the share of messages that get lost, 0 to 1.")
    var gaps = 0.0

    @Option(help: "With --signal: the share that is sent twice.")
    var duplicates = 0.0

    @Option(help: "With --signal: the share that is sent after its successor (at most every other one is).")
    var late = 0.0

    @Option(help: "With --signal: the share in whose place something malformed is sent.")
    var corrupt = 0.0

    @Option(help: "Listen here (repeatable; tcp://127.0.0.1:5556 unless --connect is given).")
    var bind: [String] = []

    @Option(help: "Connect here (repeatable).")
    var connect: [String] = []

    @Flag(help: "Push each message to one peer (for a pull input), instead of publishing it to all.")
    var push = false

    @Option(help: "Messages after which to end.")
    var limit: Int?

    @Option(help: "Time after which to end, as 500ms, 10s or 5m.")
    var duration: Interval?

    func validate() throws {
        guard (source != nil) != (csv != nil) else {
            throw ValidationError("expected one of --host, --signal and --csv FILE")
        }
        for (name, share) in [
            ("gaps", gaps), ("duplicates", duplicates), ("late", late), ("corrupt", corrupt),
        ] {
            guard (0...1).contains(share) else {
                throw ValidationError("--\(name): expected a share from 0 to 1, found \(share)")
            }
        }
        guard gaps + duplicates + late + corrupt <= 1 else {
            throw ValidationError(
                "expected --gaps, --duplicates, --late and --corrupt to be at most 1 together")
        }
        guard (1...1_000_000).contains(streams) else {
            throw ValidationError("--streams: expected 1 to 1000000, found \(streams)")
        }
        try EndpointArgument.validate(bind, option: "--bind", for: .binding)
        try EndpointArgument.validate(connect, option: "--connect", for: .connecting)
        guard limit ?? 1 > 0 else {
            throw ValidationError("--limit: expected 1 or more, found \(limit ?? 0)")
        }
        if let prefix {
            guard source != .host else { throw ValidationError("--prefix: expected none with --host") }
            guard prefix.utf8.allSatisfy(StreamIdentifier.isAllowed), prefix.utf8.count <= 100 else {
                throw ValidationError(
                    "--prefix: expected at most 100 of A-Z a-z 0-9 . _ : / -, found \"\(prefix)\"")
            }
        }
        guard every.duration > .zero else { throw ValidationError("--every: expected more than no time") }
    }

    func run() throws {
        var options = Generator.Options()
        options.pushes = push
        options.connect = connect
        options.bind = bind.isEmpty && connect.isEmpty ? ["tcp://127.0.0.1:5556"] : bind
        options.limit = limit
        options.duration = duration?.duration
        var generator = Generator(source: try makeSource(), options: options)
        try generator.run()
    }

    private func makeSource() throws -> any MessageSource {
        if let csv { return try CSVSource(path: csv, speed: speed.factor, prefix: prefix ?? "") }
        if source == .host { return try HostSource(every: every.duration) }
        var options = SignalSource.Options()
        options.streams = streams
        options.interval = every.duration
        options.seed = seed
        options.prefix = prefix ?? options.prefix
        (options.gaps, options.duplicates, options.late, options.corrupt) = (gaps, duplicates, late, corrupt)
        return SignalSource(options)
    }
}

/// `--speed`: a factor, or `max`.
struct Speed: ExpressibleByArgument {
    /// Seconds of the file per second; nil for as fast as possible.
    var factor: Double?

    init(factor: Double?) { self.factor = factor }

    init?(argument: String) {
        if argument == "max" {
            factor = nil
        } else {
            guard let factor = Double(argument), (1e-6...1e9).contains(factor) else { return nil }
            self.factor = factor
        }
    }

    var defaultValueDescription: String { factor.map { "\($0)" } ?? "max" }
}
