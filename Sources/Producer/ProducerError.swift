// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import ZeroMQ

/// Why a producer cannot go on.
public enum ProducerError: Error, CustomStringConvertible {
    /// The daemon will not have it.
    case refused(String)
    /// Its socket cannot be had or fails.
    case socket(ZeroMQError)

    /// What happened.
    public var description: String {
        switch self {
        case .refused(let reason): "refused: \(reason)"
        case .socket(let error): "\(error)"
        }
    }
}
