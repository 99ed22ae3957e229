// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat

extension Tap.Options {
    /// Where the demonstration's values are.
    private static let defaultInput = "tcp://127.0.0.1:5556"
    /// Where the demonstration's forecasts are.
    private static let defaultOutput = "tcp://127.0.0.1:5557"

    /// Listens to the publishers that a daemon subscribes to, and reads their messages as it does.
    ///
    /// A pull input cannot be listened to: each of its messages goes to one taker.
    package init(inputsOf configuration: DaemonConfiguration?) {
        let all = configuration?.inputs ?? []
        let open = all.filter { $0.socket == .sub && !$0.connection.connect.isEmpty }
        let inputs = open.filter { $0.format == open[0].format && $0.timeUnit == open[0].timeUnit }
        self.init(
            side: .inputs(inputs.first?.decoder ?? .json(JSONDecoder())),
            endpoints: configuration == nil ? [Self.defaultInput] : inputs.flatMap(\.connection.connect))
        isSecured = inputs.contains { configuration?.isSecured($0.connection) ?? false }
        leftOut = all.map(\.name).filter { name in !inputs.contains { $0.name == name } }
    }

    /// Listens to what a daemon publishes.
    ///
    /// Every output has every forecast, at each of its endpoints: one is enough.
    package init(outputsOf configuration: DaemonConfiguration?) {
        let bound = configuration?.outputs.flatMap(\.connection.bind) ?? [Self.defaultOutput]
        self.init(
            side: .outputs,
            endpoints: bound.filter { !$0.hasSuffix(":*") }.prefix(1).map { endpoint in
                // All interfaces: this machine's own is among them.
                for everywhere in ["tcp://*:", "tcp://0.0.0.0:", "tcp://[::]:"]
                where endpoint.hasPrefix(everywhere) {
                    return "tcp://127.0.0.1:" + endpoint.dropFirst(everywhere.count)
                }
                return endpoint
            })
        isSecured =
            configuration?.outputs.contains { configuration?.isSecured($0.connection) ?? false } ?? false
    }
}
