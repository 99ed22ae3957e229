// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting

/// Times for tests.
enum Time {
    /// So many seconds after 2023-11-14T22:13:20Z, whose number is round.
    static func second(_ second: Int) -> Timestamp {
        Timestamp(nanoseconds: Int64(1_700_000_000 + second) * 1_000_000_000)
    }
}

extension GeneratedMessage {
    /// The message as a short text: `stream time value`, with the time in seconds as above.
    var summary: String {
        switch self {
        case .observation(let stream, let observation):
            "\(stream) \(observation.time.seconds(since: Time.second(0))) \(observation.value)"
        case .lost(let stream): "\(stream) lost"
        case .corrupt(let frames): "corrupt \(frames.count)"
        }
    }
}
