// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Forecasting
import WireFormat

/// `forecastd tap`: what goes in and out, in the terminal.
struct TapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap",
        abstract: "Shows forecasts, the values that they are made from, or what is dropped, as it passes.",
        discussion: """
            Subscribes as any client would, and connects again when the publisher comes back; --config has the endpoints, the \
            format of inputs, and where the daemon is asked. What is dropped or comes \
            late it asks the daemon for once a second, which needs http.bind: first what is remembered, then what comes. \
            Examples:

              forecastd tap
              forecastd tap 'plant.*.temp' --json | jq .yhat
              forecastd tap --inputs --config /etc/forecastd/forecastd.yaml
              forecastd tap --drops --config /etc/forecastd/forecastd.yaml
            """)

    enum Side: String, EnumerableFlag {
        case inputs, outputs, drops

        static func help(for value: Side) -> ArgumentHelp? {
            switch value {
            case .inputs: "The values that publishers send to the daemon."
            case .outputs: "The forecasts (default)."
            case .drops:
                "Values that are dropped or come late, and messages that cannot be read, with the reason."
            }
        }
    }

    @Argument(help: "Patterns of stream ids; * is any run of characters, ? is one.")
    var patterns: [String] = []

    @Flag(exclusivity: .exclusive)
    var side: Side = .outputs

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "Connect here instead (repeatable; by default the endpoints of the demonstration).")
    var connect: [String] = []

    @OptionGroup var curve: CurveOptions

    @Option(help: "Messages after which to end; with --drops, lines.")
    var limit: Int?

    @Option(help: "Time after which to end, as 500ms, 10s or 5m.")
    var duration: Interval?

    @Flag(help: "Print JSON, an object a line.")
    var json = false

    func validate() throws {
        try daemon.check()
        guard side == .drops || daemon.url == nil else {
            throw ValidationError("--url is for --drops: forecasts and values have endpoints, see --connect")
        }
        guard side != .drops || connect.isEmpty else {
            throw ValidationError("--connect is not for --drops, for which the daemon is asked at --url")
        }
        try EndpointArgument.validate(connect, option: "--connect", for: .connecting)
        guard limit ?? 1 > 0 else {
            throw ValidationError("--limit: expected 1 or more, found \(limit ?? 0)")
        }
        for pattern in patterns {
            do { _ = try Glob(pattern) } catch { throw ValidationError("\(error)") }
        }
    }

    func run() async throws {
        guard side != .drops else {
            var tap = DropTap(try daemon.query, patterns: patterns, isJSON: json)
            return try await tap.run(limit: limit, duration: duration?.duration)
        }
        let configuration = try daemon.config.map { try ConfigurationOption.load(path: $0) }
        var options =
            side == .inputs ? Tap.Options(inputsOf: configuration) : Tap.Options(outputsOf: configuration)
        if !connect.isEmpty { (options.endpoints, options.leftOut) = (connect, []) }
        guard !options.endpoints.isEmpty else {
            throw DaemonError(
                .configuration,
                "\(daemon.config ?? ""): expected an endpoint that a tap can subscribe to, found none"
                    + (side == .inputs
                        ? ": senders connect to these inputs; --drops shows what they send that cannot be used, /metrics "
                            + "how much comes; --connect subscribes elsewhere"
                        : "; use --connect")
            )
        }
        options.curve = try curve.security()
        guard options.curve != nil || !options.isSecured || !connect.isEmpty else {
            throw DaemonError(
                .configuration,
                "\(daemon.config ?? ""): its sockets ask for proof: expected --curve-key FILE and --server-key KEY, found neither"
            )
        }
        options.patterns = try patterns.map { try Glob($0) }
        options.limit = limit
        options.duration = duration?.duration
        options.isJSON = json
        var tap = Tap(options)
        try tap.run()
    }
}
