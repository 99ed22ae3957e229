// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd bench`: what this machine carries.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures how many values a second, and so how many streams, this machine carries.",
        discussion: """
            For each rule of the configuration: the step of its model by itself, and values on their way from a real \
            socket to a real socket. A period is measured as one of a minute, of which a tick costs as much, and no \
            value is refused. Uses sockets and a folder of its own, in TMPDIR; a daemon that runs meanwhile takes its \
            share of the machine. Examples:

              forecastd bench --config /etc/forecastd/forecastd.yaml
              forecastd bench --config forecastd.yaml --streams 10000 --every 100ms
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: "Streams whose values take turns.")
    var streams = 1000

    @Option(help: "Time between two values of a stream.")
    var every: Interval = .init(duration: .seconds(1))

    @Option(help: "How long each figure is measured.")
    var duration: Interval = .init(duration: .seconds(2))

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(streams) else {
            throw ValidationError("--streams: expected 1 to 1000000, found \(streams)")
        }
        guard every.duration > .zero else { throw ValidationError("--every: expected more than no time") }
        guard duration.duration >= .milliseconds(100) else {
            throw ValidationError("--duration: expected 100ms or more")
        }
    }

    func run() async throws {
        var options = Bench.Options()
        (options.streams, options.interval, options.duration) = (streams, every.duration, duration.duration)
        let report = try await Bench(PreparedDaemon(file.load()), options: options).run()
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
