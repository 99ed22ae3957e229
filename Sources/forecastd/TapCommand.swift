// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Forecasting
import WireFormat

/// `forecastd tap`: what goes in and out, in the terminal.
struct TapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap",
        abstract: "Shows forecasts, or the values that they are made from, as they pass.",
        discussion: """
            Subscribes as any client would, and connects again when the publisher comes back. Examples:

              forecastd tap
              forecastd tap 'plant.*.temp' --json | jq .yhat
              forecastd tap --inputs --config /etc/forecastd/forecastd.yaml
            """)

    enum Side: String, EnumerableFlag {
        case inputs, outputs

        static func help(for value: Side) -> ArgumentHelp? {
            switch value {
            case .inputs: "The values that publishers send to the daemon."
            case .outputs: "The forecasts (default)."
            }
        }
    }

    @Argument(help: "Patterns of stream ids; * is any run of characters, ? is one.")
    var patterns: [String] = []

    @Flag(exclusivity: .exclusive)
    var side: Side = .outputs

    @Option(name: .shortAndLong, help: "Take endpoints, and the format of inputs, from this configuration.")
    var config: String?

    @Option(help: "Connect here instead (repeatable; by default the endpoints of the demonstration).")
    var connect: [String] = []

    @OptionGroup var curve: CurveOptions

    @Option(help: "Messages after which to end.")
    var limit: Int?

    @Option(help: "Time after which to end, as 500ms, 10s or 5m.")
    var duration: Interval?

    @Flag(help: "Print JSON, an object a line.")
    var json = false

    func validate() throws {
        try EndpointArgument.validate(connect, option: "--connect", for: .connecting)
        guard limit ?? 1 > 0 else {
            throw ValidationError("--limit: expected 1 or more, found \(limit ?? 0)")
        }
        for pattern in patterns {
            do { _ = try Glob(pattern) } catch { throw ValidationError("\(error)") }
        }
    }

    func run() throws {
        let configuration = try config.map { try ConfigurationOption.load(path: $0) }
        var options =
            switch side {
            case .inputs: Tap.Options(inputsOf: configuration)
            case .outputs: Tap.Options(outputsOf: configuration)
            }
        if !connect.isEmpty { (options.endpoints, options.leftOut) = (connect, []) }
        guard !options.endpoints.isEmpty else {
            throw DaemonError(
                .configuration,
                "\(config ?? ""): expected an endpoint that a tap can subscribe to, found none; use --connect"
            )
        }
        options.curve = try curve.security()
        guard options.curve != nil || !options.isSecured || !connect.isEmpty else {
            throw DaemonError(
                .configuration,
                "\(config ?? ""): its sockets ask for proof: expected --curve-key FILE and --server-key KEY, found neither"
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
