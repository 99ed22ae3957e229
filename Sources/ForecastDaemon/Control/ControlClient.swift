// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What commands tell a running daemon over its control socket.
package struct ControlClient {
    private let address: ControlAddress
    /// What to do where no daemon answers.
    private let advice: String

    /// How long the daemon may take for a request: a reload waits for a snapshot that is under way.
    private static let patience = Duration.seconds(180)
    /// The longest answer, in bytes: a line for each of millions of streams.
    private static let maximumAnswer = 1 << 30

    /// Talks to the daemon at `path`; without one, where that of a configuration listens.
    ///
    /// - Parameter environment: Gives `RUNTIME_DIRECTORY`.
    package init(
        path: String?, configuration: DaemonConfiguration?, environment: (String) -> String?
    ) throws(DaemonError) {
        address = try ControlAddress(
            path: path ?? configuration?.control?.path ?? ControlAddress.standardPath(
                environment: environment)
                ?? Self.servicePath)
        advice =
            if let configuration, configuration.control == nil {
                "the configuration has no control: {path: …}, so the service was looked for: is it running, and may you talk "
                    + "to it? A daemon that is none needs that key, or --control says where it listens"
            } else {
                "is one running, with control: {path: …} in its configuration? --control or --config says where"
            }
    }

    /// Where the service of the package listens.
    private static let servicePath = "/run/forecastd/control"

    /// Asks the daemon to put its configuration in force, or what that would change.
    package func reload(isPlan: Bool) throws -> ReloadReport { try ask(ControlRequest(plan: isPlan)) }

    private func ask(_ request: ControlRequest) throws -> ReloadReport {
        let descriptor = address.makeSocket()
        guard descriptor >= 0, address.with({ connect(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw DaemonError(
                .unavailable,
                "no daemon answers at \(address.path): \(reason); \(advice)")
        }
        let stream = ControlStream(descriptor: descriptor)
        guard stream.write(line: try request.jsonText(), within: .seconds(5)),
            let line = stream.readLine(atMost: Self.maximumAnswer, within: Self.patience)
        else {
            throw DaemonError(.unavailable, "the daemon at \(address.path) gave no answer; its log says more")
        }
        let answer = try? Foundation.JSONDecoder().decode(ControlAnswer.self, from: Data(line))
        guard let answer else {
            throw DaemonError(.unavailable, "what answers at \(address.path) is no forecastd of this version")
        }
        return try answer.get()
    }
}
