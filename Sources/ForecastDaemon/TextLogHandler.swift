// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import Logging
import WireFormat

/// Writes log lines to standard error: the time, the level, the message, then its fields as `key=value`.
package struct TextLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let write: @Sendable (String) -> Void

    /// Makes a handler whose lines go to `write`.
    package init(write: @escaping @Sendable (String) -> Void = { StandardError.writeLine($0) }) {
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        let time = WallClock.now().rfc3339.prefix(19) + "Z"
        write("\(time) \(event.level): \(event.message.description.withFields(fields))")
    }
}

extension String {
    /// The text of a message with its fields behind it, in order of their names.
    func withFields(_ fields: Logger.Metadata) -> String {
        ([self] + fields.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }).joined(separator: " ")
    }
}
