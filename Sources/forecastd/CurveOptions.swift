// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import ZeroMQ

/// `--curve-key FILE --server-key KEY`, the same for all commands that connect to sockets which may ask for proof.
struct CurveOptions: ParsableArguments {
    @Option(
        help: "The file of the secret key to prove oneself with, as `forecastd keygen` makes it.",
        completion: .file())
    var curveKey: String?

    // Whatever follows is the key: one in 85 begins with a dash.
    @Option(
        parsing: .unconditional, help: "The public key of whom to connect to.", transform: Self.key)
    var serverKey: CurveKey?

    /// What the socket is to prove and to ask for; nil where neither option is given.
    ///
    /// - Parameter isServerKnown: Whether the key of whom to connect to is known without the option.
    func security(isServerKnown: Bool = false) throws -> CurveSecurity? {
        guard let curveKey else {
            guard serverKey == nil else {
                throw ValidationError("--server-key: expected --curve-key FILE with it, one's own key")
            }
            return nil
        }
        guard isServerKnown || serverKey != nil else {
            throw ValidationError(
                "--curve-key: expected --server-key KEY with it, the key of whom to connect to")
        }
        return CurveSecurity(
            keys: try SocketKeys.pair(path: curveKey, key: "--curve-key"), serverKey: serverKey)
    }

    private static func key(_ text: String) throws -> CurveKey {
        guard let key = CurveKey(text: text) else {
            throw ValidationError(
                "--server-key: expected 40 characters as `forecastd keygen` prints, found \"\(text)\"")
        }
        return key
    }
}
